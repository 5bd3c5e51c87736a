"""The largest legal group, all of it failing, in one item each: DynamoDB takes 400 KB and no more.

500 servers with every setting of their own, 50 tag overrides and as many exclusions, the definition grown to just
under its limit, every server refused six times with six different codes at their longest and texts that nothing
compresses. `-s` prints the figures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, get_type_hints

import pytest

from commands import requests as ask
from commands.asked import Asked
from commands.decide import RecordOutcomes, StartApply, decide
from commands.definition.define import MAX_DEFINITION
from commands.outcomes import Fault, Proved
from commands.service import GroupStream, Service
from events.commits import Commit, pack
from events.configuration import LaunchConfiguration, fingerprint
from events.doors import parse
from events.dynamodb import encode
from events.errors import Refused
from events.groups import MAX_ATTEMPTS, MAX_SERVERS, Group
from events.memory import MemoryStore
from events.model import canonical
from events.rosters import Enrolment, GroupEnrolled
from events.streams import KEYS_KEPT, ROSTER, Key, Stream
from projections.row import render
from tests.events import given as g
from tests.events.sizes import LIMIT, Dice, in_drs, item_size, largest, row_size

BATCH = 25
LONGEST_KEY = 200
WRITES = ("UpdateLaunchConfiguration", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate")


def packed(group: Group) -> int:
    """What the limit on definitions measures."""
    return len(pack(canonical(group.whole().model_dump(mode="json", exclude_defaults=True))))


def seeing(store: MemoryStore | None = None, clock: g.Clock | None = None) -> Service:
    """The commands, with the group's servers behind the door."""
    return g.service(store, clock, g.Known(in_drs(MAX_SERVERS)))


def defined(desk: Service, padding: int, seed: int = 500) -> GroupStream:
    return g.ask(desk, f"pg-{seed}", largest(MAX_SERVERS, padding, seed=seed))


@cache
def grown() -> int:
    """The padding with which a definition is just accepted: found by asking."""
    low, high = 0, 256
    while high - low > 1:
        middle = (low + high) // 2
        try:
            defined(seeing(), middle)
        except Refused:
            high = middle
        else:
            low = middle
    return low


@dataclass
class Worst:
    """The group at its largest: as it was defined, while its last outcomes come in, and redefined after that."""

    desk: Service
    defined: Commit
    roster: Commit
    failing: GroupStream
    failed: Commit
    updated: Commit
    final: GroupStream


@cache
def worst() -> Worst:
    store, clock = MemoryStore(), g.Clock()
    desk = seeing(store, clock)
    stream = with_keys(defined(desk, grown()))
    before = failing(stream, desk)
    last = RecordOutcomes(tuple(outages(before.state, sorted(before.state.servers)[-BATCH:], Dice(9), clock)))
    failed = before.next(g.by_worker(), decide(before.state, last, asked(before, clock)), clock.now())
    after = before.follow(failed)
    update = parse(ask.UpdateProtectionGroup, {"groupId": "pg-500", "description": Dice(3).text(512)})
    updated = after.next(
        g.by_ada(key=Dice(4).word(LONGEST_KEY)), decide(after.state, update, asked(after, clock)), clock.now()
    )
    heads = [store.head("group#pg-500"), store.head(f"roster#{g.ACCOUNT}#{g.REGION}")]
    assert heads[0]
    assert heads[1]
    return Worst(desk, heads[0], heads[1], before, failed, updated, after.follow(updated))


def with_keys(stream: GroupStream) -> GroupStream:
    """A memo that remembers as many keys as it may, each as long as it may be."""
    dice = Dice(1)
    keys = tuple(
        Key(command_id=dice.word(LONGEST_KEY), payload_hash=f"sha256:{dice.hex(64)}", version=number)
        for number in range(KEYS_KEPT)
    )
    return Stream(stream.kind, stream.stream_id, stream.state, stream.version, keys, stream.head, stream.recorded_at)


def failing(stream: GroupStream, desk: Service) -> GroupStream:
    """Proved once, then refused again and again, under a lease; folded, for its commits are not looked at."""
    state, clock, dice = stream.state, desk, Dice(2)
    for command in proofs(state, clock), StartApply(dice.hex(32), clock.after(600)):
        state = fold(state, command, stream, clock)
    force = parse(ask.ApplyLaunchConfigs, {"groupId": "pg-500", "force": True})
    state = fold(state, force, stream, clock)
    for _ in range(MAX_ATTEMPTS):
        state = fold(state, RecordOutcomes(tuple(outages(state, sorted(state.servers), dice, clock))), stream, clock)
    return Stream(stream.kind, stream.stream_id, state, 999_999, stream.keys, stream.head, stream.recorded_at)


def fold(state: Group, command: Any, stream: GroupStream, clock: Any) -> Group:  # noqa: ANN401  whatever has a now
    for fact in decide(state, command, asked(stream, clock)):
        state = stream.kind.evolve(state, fact)
    return state


def asked(stream: GroupStream, clock: Any) -> Asked:  # noqa: ANN401  whatever has a now
    actor = "arn:aws:sts::123456789012:assumed-role/" + "x" * 160
    seen = {one.server_id: one for one in in_drs(MAX_SERVERS)}
    return Asked(clock.now(), actor, stream.version + 1, "pg-500", g.REGION, g.ACCOUNT, seen)


def proofs(group: Group, clock: Any) -> RecordOutcomes:  # noqa: ANN401  whatever has a now
    return RecordOutcomes(
        tuple(
            Proved(id_, server.epoch, fingerprint(group.wanted(id_)), clock.now(), f"lt-{number:017x}", 3, WRITES)
            for number, (id_, server) in enumerate(group.servers.items())
        )
    )


def outages(group: Group, ids: list[str], dice: Dice, clock: Any) -> Iterator[Fault]:  # noqa: ANN401  has a now
    """Each with a code of its own at its longest, and a text at its longest."""
    for id_ in ids:
        at = clock.now() + timedelta(milliseconds=dice.whole(1, 999))
        yield Fault(id_, group.servers[id_].epoch, "transient", dice.word(64), dice.text(512), at, WRITES)


def fits(name: str, size: int) -> None:
    print(f"{name}: {size:,} of {LIMIT:,} bytes, {size / LIMIT:.0%}")  # noqa: T201  -s shows the figures
    assert size < LIMIT, f"{name} takes {size:,} bytes of {LIMIT:,}"


def test_the_definition_is_as_large_as_it_may_be() -> None:
    size = packed(worst().failing.state)
    assert len(worst().failing.state.servers) == MAX_SERVERS
    assert MAX_DEFINITION * 0.97 < size <= MAX_DEFINITION


def test_it_says_all_that_may_be_said_and_two_overrides_reach_each_server() -> None:
    definition = worst().failing.state.whole()
    fields = type(definition).model_fields
    unsaid = {name for name, field in fields.items() if field.default == getattr(definition, name)}
    assert unsaid == {"server_selection_tags"}, "which would say less than the servers do"
    assert {len(server.tag_overrides) for server in definition.servers} == {2}
    assert {server.excluded for server in definition.servers} == {None, "network"}
    assert {*get_type_hints(LaunchConfiguration)} - {*definition.servers[0].launch_template} == {"instanceProfileArn"}


def test_every_server_fails_with_as_many_codes_as_it_has_attempts() -> None:
    for server in worst().failing.state.servers.values():
        assert server.failed
        assert len({error.code for error in server.errors}) == MAX_ATTEMPTS
        assert len(server.errors[0].message) == 160


def test_the_commit_that_defines_it_fits() -> None:
    fits("defining commit", item_size(encode(worst().defined)))


def test_the_commit_of_a_batch_of_outcomes_fits() -> None:
    assert len(worst().failed.event_types) == BATCH
    fits("outcome commit", item_size(encode(worst().failed)))


def test_the_commit_that_redefines_it_while_all_of_it_fails_fits() -> None:
    assert "ProtectionGroupUpdated" in worst().updated.event_types
    fits("redefining commit", item_size(encode(worst().updated)))


def test_its_row_fits() -> None:
    fits("row", row_size(render(worst().final, worst().desk.now())))


def test_the_roster_of_four_thousand_servers_fits() -> None:
    dice = Dice(11)
    roster = Stream(ROSTER, ROSTER.stream_id(g.ACCOUNT, g.REGION), ROSTER.initial())
    for number in range(9):
        addresses = {f"subnet-{dice.hex(17)}": tuple(f"10.{number}.{n // 250}.{n % 250}" for n in range(222))}
        holds = Enrolment(
            name=dice.word(64),
            servers=tuple(sorted(dice.server_id() for _ in range(445))),
            addresses=addresses,
            instances=tuple(sorted(f"i-{dice.hex(17)}" for _ in range(445))),
        )
        fact = GroupEnrolled(group_id=f"pg-{dice.hex(17)}", enrolment=holds)
        commit = roster.next(g.by_ada(key=dice.word(LONGEST_KEY)), [fact], g.NOON)
        roster = roster.follow(commit)
    assert sum(len(one.servers) for one in roster.state.groups.values()) > 4000
    fits("roster commit, 4,005 servers", item_size(encode(commit)))


def test_a_definition_over_the_limit_is_refused_with_its_reason_and_nothing_is_written() -> None:
    desk = seeing()
    with pytest.raises(Refused) as refused:
        defined(desk, grown() + 1)
    assert (refused.value.code, refused.value.status) == ("QUOTA_EXCEEDED", 413)
    assert str(MAX_DEFINITION) in refused.value.message
    assert list(desk.store.born("group")) == list(desk.store.born("roster")) == []


def test_a_group_that_would_grow_over_500_servers_is_refused_and_stays_as_it_was() -> None:
    desk = g.service()
    ids = [g.sid(number) for number in range(MAX_SERVERS)]
    request = parse(ask.CreateProtectionGroup, {"groupName": "ERP", "sourceServerIds": ids})
    before = g.ask(desk, "pg-erp", request)
    with pytest.raises(Refused) as refused:
        g.ask(desk, "pg-erp", parse(ask.AddServers, {"groupId": "pg-erp", "sourceServerIds": [g.sid(9999)]}))
    assert refused.value.code == "QUOTA_EXCEEDED"
    assert desk.group("pg-erp") == before


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": {"S": "é"}}, 1 + 2),
        ({"ab": {"N": "12"}}, 2 + 2),
        ({"a": {"N": "-12345"}}, 1 + 3 + 1 + 1),
        ({"a": {"N": "1000000"}}, 1 + 1 + 1),
        ({"a": {"B": b"123"}}, 1 + 3),
        ({"a": {"NULL": True}, "b": {"BOOL": False}}, 2 + 2),
        ({"a": {"L": [{"S": "xy"}, {"S": "z"}]}}, 1 + 3 + 2 + 3),
        ({"a": {"M": {"key": {"S": "value"}}}}, 1 + 3 + 1 + 3 + 5),
    ],
)
def test_an_item_weighs_what_the_developer_guide_says(item: dict[str, Any], size: int) -> None:
    assert item_size(item) == size
