"""The configuration of one group, whatever is asked of it and whatever AWS answers, in any order.

A state machine asks at random: definitions, applies, leases, outcomes that come late, waves, and time that passes.
Beside it stands what AWS is known to hold, kept without epochs; the service may never say ready against it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commands import requests as ask
from commands.decide import ClaimGroup, Command, EndApply, RecordOutcomes, ReleaseGroup, StartApply
from commands.outcomes import Fault, Kind, Outcome, Proved
from commands.pump import pump
from commands.record import retry_at
from commands.service import GroupStream
from events import shown, status
from events.commits import GENESIS
from events.configuration import effective, fingerprint
from events.doors import parse
from events.errors import LostRace, Refused
from events.groups import MAX_ATTEMPTS, Group
from events.memory import MemoryStore
from events.streams import GROUP, ROSTER, load, refold
from tests.events import given as g

GROUP_ID = "pg-erp"
SERVERS = [g.sid(number) for number in range(1, 5)]
DEFAULTS: list[dict[str, Any]] = [
    {},
    {"instanceType": "m5.large", "copyTags": True},
    {"instanceType": "m5.large", "copyTags": False},
    {"instanceType": "r6i.large"},
]
OVERRIDES: list[dict[str, Any]] = [{}, {"instanceType": "m5.metal"}, {"instanceType": None, "copyTags": None}]
CODES = ["ResourceNotFoundException", "ConflictException", "ThrottlingException", "NOT_AS_WRITTEN"]
PASSING = [1, 5, 45, 90, 700, 8 * 3600, 24 * 3600]
REQUESTS = (ask.UpdateProtectionGroup, ask.AddServers, ask.RemoveServers, ask.ApplyLaunchConfigs)


@dataclass(frozen=True)
class Sent:
    """What a worker was told to make true, and when it asked AWS."""

    server_id: str
    epoch: int
    config_hash: str
    at: datetime


def members() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Servers as a request names them, each with settings of its own or none."""
    return st.dictionaries(st.sampled_from(SERVERS), st.sampled_from(OVERRIDES), min_size=1).map(
        lambda chosen: [{"sourceServerId": id_, "launchTemplate": own} for id_, own in chosen.items()]
    )


def read(model: type[ask.Request], **fields: object) -> Any:  # noqa: ANN401  a request of that model
    return parse(model, fields)


class Applying(RuleBasedStateMachine):
    """One protection group between everyone who may ask something of it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.store = g.Clock(), MemoryStore()
        self.desk = g.service(self.store, self.clock)
        self.numbers = count(1)
        self.sent: list[Sent] = []
        self.open: list[Sent] = []
        self.meaning: dict[tuple[str, int], str] = {}
        self.known: dict[str, tuple[int, str | None, datetime]] = {}

    # --- asking ---

    def stream(self) -> GroupStream:
        return load(self.store, GROUP, GROUP_ID)

    def do(self, command: Command, *, key: str = "") -> GroupStream:
        """One command; a refusal is an answer. Every step is held against the rules of what may change."""
        before = self.stream()
        key = key or f"key-{next(self.numbers)}"
        try:
            if isinstance(command, (ask.CreateProtectionGroup, *REQUESTS)):
                after = g.ask(self.desk, GROUP_ID, command, key)
            else:
                after = self.desk.execute(GROUP_ID, command, g.by_worker(type(command).__name__))
        except Refused:
            after = self.stream()
            assert after == before
        assert after == self.stream()
        self.compare(before.state, after.state, command)
        return after

    def compare(self, before: Group, after: Group, command: Command | None, then: datetime | None = None) -> None:
        now = self.clock.now()
        proved = {one.server_id for one in getattr(command, "outcomes", ()) if isinstance(one, Proved)}
        for id_ in before.servers.keys() & after.servers.keys():
            old, new = before.servers[id_], after.servers[id_]
            was, now_is = status.server_status(old, then or now), status.server_status(new, now)
            assert valid(was, now_is, command), f"{id_}: {was} -> {now_is} by {command}"
            assert new.epoch >= old.epoch
            kept = {error.code for error in old.errors} <= {error.code for error in new.errors}
            asked_anew = new.epoch > old.epoch and new.reason not in {"stale", "superseded"}
            assert kept or id_ in proved or asked_anew, f"{id_}: an error disappeared by {command}"
        if before.servers.keys() - after.servers.keys():
            assert not held(before, now), "servers left while somebody may write to them"

    @initialize(default=st.sampled_from(DEFAULTS), servers=members())
    def create(self, default: dict[str, Any], servers: list[dict[str, Any]]) -> None:
        request = read(ask.CreateProtectionGroup, groupName="ERP", launchConfig=default, servers=servers)
        self.do(request, key="creation")
        assert self.do(request, key="creation").version == 1

    @rule(default=st.sampled_from(DEFAULTS))
    def redefine(self, default: dict[str, Any]) -> None:
        self.twice(read(ask.UpdateProtectionGroup, groupId=GROUP_ID, launchConfig=default))

    @rule(servers=members())
    def replace_servers(self, servers: list[dict[str, Any]]) -> None:
        self.twice(read(ask.UpdateProtectionGroup, groupId=GROUP_ID, servers=servers))

    @rule(servers=members())
    def add(self, servers: list[dict[str, Any]]) -> None:
        self.twice(read(ask.AddServers, groupId=GROUP_ID, servers=servers))

    @rule(server=st.sampled_from(SERVERS))
    def remove(self, server: str) -> None:
        self.do(read(ask.RemoveServers, groupId=GROUP_ID, sourceServerIds=[server]))

    @rule(server=st.sampled_from(SERVERS), own=st.sampled_from(OVERRIDES))
    def come_back(self, server: str, own: dict[str, Any]) -> None:
        """Out, and in again with other settings: outcomes of its first stay may still be on their way."""
        self.do(read(ask.RemoveServers, groupId=GROUP_ID, sourceServerIds=[server]))
        member = {"sourceServerId": server, "launchTemplate": own}
        self.do(read(ask.AddServers, groupId=GROUP_ID, servers=[member]))

    @rule()
    def apply(self) -> None:
        self.twice(read(ask.ApplyLaunchConfigs, groupId=GROUP_ID))

    @rule()
    def force(self) -> None:
        request = read(ask.ApplyLaunchConfigs, groupId=GROUP_ID, force=True)
        key = f"force-{next(self.numbers)}"
        assert self.do(request, key=key) == self.do(request, key=key)

    def twice(self, request: Command) -> None:
        """Asked again, under its own key or under another, it changes nothing."""
        key = f"twice-{next(self.numbers)}"
        once = self.do(request, key=key)
        assert self.do(request, key=key) == once
        assert self.do(request) == once

    # --- working ---

    @rule(seconds=st.sampled_from([30, 900]), wave=st.booleans())
    def take_lease(self, seconds: int, wave: bool) -> None:  # noqa: FBT001  drawn
        before, now = self.stream().state, self.clock.now()
        lease = f"lease-{next(self.numbers)}"
        after = self.do(StartApply(lease, self.desk.after(seconds), failed_too=wave)).state
        if after.lease and after.lease.by == lease:
            assert not held(before, now), "two may write at once"
            self.send()
        else:
            assert held(before, now) or not status.due(before, now, failed_too=wave)

    @precondition(lambda self: (lease := self.stream().state.lease) and lease.holds(self.clock.now()))
    @rule()
    def send(self) -> None:
        """The worker asks AWS for what is due, as the pump does."""
        group, now = self.stream().state, self.clock.now()
        for id_ in status.due(group, now):
            one = Sent(id_, group.servers[id_].epoch, fingerprint(group.wanted(id_)), now)
            assert self.meaning.setdefault((id_, one.epoch), one.config_hash) == one.config_hash, (
                "one epoch stands for two configurations"
            )
            self.sent.append(one)
            self.open.append(one)

    @precondition(lambda self: self.open)
    @rule(choice=st.data(), kind=st.sampled_from(["proved", "proved", *get_args(Kind)]), wrote=st.booleans())
    def record(self, choice: st.DataObject, kind: Any, wrote: bool) -> None:  # noqa: ANN401, FBT001  drawn
        """An outcome comes in: of now, or of an epoch, a lease or a definition long gone."""
        one = choice.draw(st.sampled_from(self.open))
        self.open.remove(one)
        writes = ("CreateLaunchTemplateVersion",) if wrote else ()
        outcome: Outcome
        if kind == "proved":
            outcome = Proved(one.server_id, one.epoch, one.config_hash, one.at, wrote=writes)
        else:
            code = choice.draw(st.sampled_from(CODES))
            outcome = Fault(one.server_id, one.epoch, kind, code, "AWS said no", one.at, wrote=writes)
        self.learn(one, outcome)
        before = self.stream()
        after = self.do(RecordOutcomes((outcome,)))
        if after.version == before.version:
            return
        counted = (server := before.state.servers.get(one.server_id)) is not None and server.epoch == one.epoch
        if not counted:
            self.superseded(one, outcome, before.state, after.state)
        if counted and kind == "proved" and server.wanted:
            fresh = status.is_fresh(one.at, self.clock.now())
            found = status.server_status(after.state.servers[one.server_id], self.clock.now())
            assert found == ("ready" if fresh else "pending")
        if counted and kind in {"permanent", "transient"}:
            found_server = after.state.servers[one.server_id]
            assert found_server.failed == (kind == "permanent" or found_server.attempts >= MAX_ATTEMPTS)

    def superseded(self, one: Sent, outcome: Outcome, before: Group, after: Group) -> None:
        """What comes too late counts for nothing; but if it wrote to AWS, its server is due again."""
        head = self.store.head(GROUP.stream_id(GROUP_ID))
        assert head
        assert head.event_types[0] == "ServerConfigSuperseded"
        if one.server_id in before.servers:
            was, now_is = before.servers[one.server_id], after.servers[one.server_id]
            renewed = outcome.wrote != ()
            assert now_is.epoch == was.epoch + renewed
            assert (now_is == was) != renewed

    def learn(self, one: Sent, outcome: Outcome) -> None:
        """What AWS holds, by the order in which it was asked: what was read back, or nobody knows."""
        number = self.sent.index(one)
        told = isinstance(outcome, Proved) or outcome.wrote
        if told and number >= self.known.get(one.server_id, (-1, None, one.at))[0]:
            holds = one.config_hash if isinstance(outcome, Proved) else None
            self.known[one.server_id] = (number, holds, one.at)

    @precondition(lambda self: self.stream().state.lease)
    @rule(away=st.booleans())
    def give_back(self, away: bool) -> None:  # noqa: FBT001  drawn
        lease = self.stream().state.lease
        assert lease is not None
        not_before = self.desk.after(60) if away else None
        assert (
            self.do(EndApply(lease.by, not_before=not_before, code="ThrottlingException" if away else "")).state.lease
            is None
        )

    # --- waves and time ---

    @rule(minutes=st.sampled_from([1, 30]))
    def claim(self, minutes: int) -> None:
        before, now = self.stream().state, self.clock.now()
        wave = f"exec-{next(self.numbers)}#0"
        after = self.do(ClaimGroup(wave, self.desk.after(60 * minutes))).state
        won = after.claim is not None and after.claim.by == wave
        assert won != held(before, now)

    @precondition(lambda self: self.stream().state.claim)
    @rule()
    def release(self) -> None:
        claim = self.stream().state.claim
        assert claim is not None
        assert self.do(ReleaseGroup(claim.by)).state.claim is None

    @rule(seconds=st.sampled_from(PASSING))
    def pass_time(self, seconds: int) -> None:
        group, then = self.stream().state, self.clock.now()
        self.clock.sleep(seconds)
        self.compare(group, group, None, then)

    # --- what always holds ---

    @invariant()
    def ready_is_never_said_against_what_is_known(self) -> None:
        group, now = self.stream().state, self.clock.now()
        for id_, server in group.servers.items():
            if status.server_status(server, now) == "ready":
                _, holds, at = self.known[id_]
                assert holds == fingerprint(group.wanted(id_)) == server.config_hash
                assert now < at + timedelta(hours=24)
                assert server.epoch == server.proved_epoch

    @invariant()
    def the_memo_is_what_the_facts_fold_to(self) -> None:
        assert self.stream() == refold(self.store, GROUP, GROUP.stream_id(GROUP_ID))

    def teardown(self) -> None:
        """The chain has no holes, and each commit seals the one before it."""
        before = GENESIS
        for version, commit in enumerate(self.store.history(GROUP.stream_id(GROUP_ID)), start=1):
            assert (commit.version, commit.prev_hash, commit.expected_hash()) == (version, before, commit.hash)
            before = commit.hash

    @invariant()
    def whoever_waits_is_looked_at_again(self) -> None:
        group, now = self.stream().state, self.clock.now()
        if any(status.server_status(server, now) in {"pending", "ready"} for server in group.servers.values()):
            due = status.next_due_at(group, now)
            assert due is not None
            self_is_next = due <= now and not held(group, now)
            assert bool(status.due(group, now)) or not self_is_next

    @invariant()
    def the_roster_holds_what_the_group_holds(self) -> None:
        group = self.stream().state
        if group.exists:
            held_there = load(self.store, ROSTER, g.ACCOUNT, g.REGION).state.groups[GROUP_ID]
            assert set(held_there.servers) == set(group.servers)

    @invariant()
    def the_counts_add_up(self) -> None:
        found = shown.launch_config_status(self.stream().state, self.clock.now())
        counts = found["counts"]
        assert counts["total"] == sum(number for name, number in counts.items() if name != "total")
        assert found["status"] == status.status(self.stream().state, self.clock.now())


def held(group: Group, now: datetime) -> bool:
    return any(hold.holds(now) for hold in (group.lease, group.claim) if hold)


def valid(was: str, now_is: str, command: Command | None) -> bool:
    """Whether a server's status may change so because of this: None is time alone."""
    if was == now_is:
        return True
    defining = isinstance(command, ask.UpdateProtectionGroup)
    allowed: dict[tuple[str, str], bool] = {
        ("ready", "pending"): True,
        ("pending", "ready"): isinstance(command, RecordOutcomes),
        ("pending", "failed"): isinstance(command, RecordOutcomes),
        ("ready", "failed"): isinstance(command, RecordOutcomes),
        ("failed", "ready"): isinstance(command, RecordOutcomes),
        ("failed", "pending"): isinstance(command, (*REQUESTS, StartApply, RecordOutcomes)),
        ("not_configured", "pending"): defining,
    }
    return allowed.get((was, now_is), defining and now_is == "not_configured")


class TestApplying(Applying.TestCase):  # type: ignore[name-defined, misc]  # hypothesis makes it
    settings = settings(max_examples=60, stateful_step_count=40)


@pytest.mark.long
class TestApplyingForLong(Applying.TestCase):  # type: ignore[name-defined, misc]  # hypothesis makes it
    settings = settings(max_examples=500, stateful_step_count=60)


# --- the hash -------------------------------------------------------------------------------------------------------


@given(g.configurations(nulls=True, without=g.CONTRARY), g.configurations(nulls=True, without=g.CONTRARY))
def test_the_hash_that_is_recorded_is_the_fingerprint_of_what_is_wanted_on_every_later_look(
    default: dict[str, Any], own: dict[str, Any]
) -> None:
    """Written by one invocation, read by another, folded by a third: the configuration asks for the same."""
    desk = g.service()
    member = {"sourceServerId": SERVERS[0], "launchTemplate": own}
    g.ask(desk, GROUP_ID, read(ask.CreateProtectionGroup, groupName="ERP", launchConfig=default, servers=[member]))
    request = read(ask.AddServers, groupId=GROUP_ID, servers=[{**member, "sourceServerId": SERVERS[1]}])
    seen = [g.ask(desk, GROUP_ID, request), desk.group(GROUP_ID), refold(desk.store, GROUP, GROUP.stream_id(GROUP_ID))]
    asked = read(ask.CreateProtectionGroup, groupName="ERP", launchConfig=default, servers=[member])
    wanted = fingerprint(effective(asked.launch_config, asked.servers[0].launch_template))
    assert {fingerprint(stream.state.wanted(id_)) for stream in seen for id_ in SERVERS[:2]} == {wanted}


# --- what the machine taught, told as stories ------------------------------------------------------------------------


def erp(desk: Any, *servers: str, **fields: object) -> GroupStream:  # noqa: ANN401  a service
    """A group of these servers, with something wanted of them."""
    fields = {"launchConfig": {"instanceType": "m5.large"}, "sourceServerIds": servers or SERVERS[:2], **fields}
    return g.ask(desk, GROUP_ID, read(ask.CreateProtectionGroup, groupName="ERP", **fields), "creation")


def leased(desk: Any, seconds: int = 60) -> tuple[GroupStream, list[Sent]]:  # noqa: ANN401  a service
    """A worker takes the lease and asks AWS for all that is due."""
    stream = desk.execute(GROUP_ID, StartApply("lease-1", desk.after(seconds)), g.by_worker("StartApply"))
    due = status.due(stream.state, desk.now())
    group = stream.state
    return stream, [Sent(id_, group.servers[id_].epoch, fingerprint(group.wanted(id_)), desk.now()) for id_ in due]


def proved(desk: Any, sent: Iterable[Sent]) -> GroupStream:  # noqa: ANN401  a service
    outcomes = tuple(Proved(one.server_id, one.epoch, one.config_hash, one.at) for one in sent)
    return desk.execute(GROUP_ID, RecordOutcomes(outcomes), g.by_worker())


def test_an_outcome_of_a_servers_first_stay_counts_for_nothing_in_its_second() -> None:
    clock = g.Clock()
    desk = g.service(clock=clock)
    erp(desk, *SERVERS[:2])
    _, sent = leased(desk, seconds=60)
    clock.sleep(61)
    g.ask(desk, GROUP_ID, read(ask.RemoveServers, groupId=GROUP_ID, sourceServerIds=SERVERS[:1]))
    again = {"sourceServerId": SERVERS[0], "launchTemplate": {"instanceType": "r6i.metal"}}
    g.ask(desk, GROUP_ID, read(ask.AddServers, groupId=GROUP_ID, servers=[again]))
    found = proved(desk, sent).state
    assert status.server_status(found.servers[SERVERS[0]], clock.now()) == "pending"
    assert status.server_status(found.servers[SERVERS[1]], clock.now()) == "ready"


def test_a_server_that_an_update_drops_and_another_brings_back_starts_a_new_epoch() -> None:
    desk = g.service()
    first = erp(desk, *SERVERS[:2]).state.servers[SERVERS[0]].epoch
    for servers in (SERVERS[1:2], SERVERS[:2]):
        stream = g.ask(desk, GROUP_ID, read(ask.UpdateProtectionGroup, groupId=GROUP_ID, sourceServerIds=servers))
    assert stream.state.servers[SERVERS[0]].epoch > first


def test_the_order_in_which_servers_are_named_is_no_change() -> None:
    desk = g.service()
    once = erp(desk, *SERVERS)
    backwards = SERVERS[::-1]
    request = read(ask.UpdateProtectionGroup, groupId=GROUP_ID, sourceServerIds=backwards)
    assert g.ask(desk, GROUP_ID, request) == once


def test_a_create_retried_when_its_key_is_long_forgotten_does_not_begin_the_group_anew() -> None:
    desk = g.service()
    erp(desk)
    proved(desk, leased(desk)[1])
    for number in range(70):
        renamed = read(ask.UpdateProtectionGroup, groupId=GROUP_ID, description=f"{number}")
        before = g.ask(desk, GROUP_ID, renamed)
    assert before.key("creation") is None
    assert erp(desk) == before == desk.group(GROUP_ID)
    with pytest.raises(Refused) as refused:
        erp(desk, SERVERS[3])
    assert refused.value.code == "IDEMPOTENCY_CONFLICT"
    assert desk.group(GROUP_ID) == before


def test_a_create_retried_after_its_group_was_deleted_does_not_bring_it_back() -> None:
    desk = g.service()
    erp(desk)
    g.ask(desk, GROUP_ID, read(ask.DeleteProtectionGroup, groupId=GROUP_ID))
    assert erp(desk).state.deleted


class Interrupted(MemoryStore):
    """A store in which somebody else is first, once."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Callable[[], object] | None = None

    def append(self, *commits: Any) -> None:  # noqa: ANN401  commits
        first, self.first = self.first, None
        if first:
            first()
        super().append(*commits)


def test_two_groups_asked_under_the_same_key_at_once_are_both_done() -> None:
    """A key belongs to its group: an automation gives one to every step of its run."""
    store = Interrupted()
    desk = g.service(store)
    erp(desk, SERVERS[0])
    g.ask(desk, "pg-crm", read(ask.CreateProtectionGroup, groupName="CRM", sourceServerIds=SERVERS[1:2]))
    to_erp = read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=SERVERS[2:3])
    to_crm = read(ask.AddServers, groupId="pg-crm", sourceServerIds=SERVERS[3:4])
    store.first = lambda: g.ask(desk, "pg-crm", to_crm, "run-42")
    assert SERVERS[2] in g.ask(desk, GROUP_ID, to_erp, "run-42").state.servers
    assert SERVERS[3] in desk.group("pg-crm").state.servers


def test_a_key_that_wins_a_race_with_another_request_is_a_conflict() -> None:
    store = Interrupted()
    desk = g.service(store)
    erp(desk, SERVERS[0])
    store.first = lambda: g.ask(
        desk, GROUP_ID, read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=SERVERS[1:2]), "run-42"
    )
    with pytest.raises(Refused) as refused:
        g.ask(desk, GROUP_ID, read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=SERVERS[2:3]), "run-42")
    assert refused.value.code == "IDEMPOTENCY_CONFLICT"


def test_the_same_request_sent_twice_at_once_is_done_once() -> None:
    store = Interrupted()
    desk = g.service(store)
    once = erp(desk, SERVERS[0])
    request = read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=SERVERS[1:2])
    store.first = lambda: g.ask(desk, GROUP_ID, request, "run-42")
    assert g.ask(desk, GROUP_ID, request, "run-42").version == once.version + 1


def test_a_race_lost_to_nobody_known_is_run_again() -> None:
    store = Interrupted()
    desk = g.service(store)
    erp(desk, SERVERS[0])

    def conflict() -> None:
        raise LostRace("group#pg-erp", None)

    store.first = conflict
    request = read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=SERVERS[1:2])
    assert SERVERS[1] in g.ask(desk, GROUP_ID, request).state.servers


@pytest.mark.parametrize("attempt", [0, 1, 6, 50, 2000])
def test_the_wait_before_another_try_is_never_longer_than_ten_minutes_however_long_aws_is_away(attempt: int) -> None:
    wait = retry_at(GROUP_ID, attempt, g.NOON) - g.NOON
    assert timedelta(seconds=1) <= wait <= timedelta(minutes=10, seconds=1)


def test_a_wave_asks_aws_again_without_waiting_for_the_backoff_of_an_outage() -> None:
    clock = g.Clock()
    asked: list[str] = []

    def away(asks: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401  the door's answers
        for one in asks:
            yield Fault(one.server_id, one.epoch, "outage", "ThrottlingException", "Rate exceeded", clock.now())

    def back(asks: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401  the door's answers
        for one in asks:
            asked.append(one.server_id)
            yield Proved(one.server_id, one.epoch, one.config_hash, clock.now())

    desk = g.service(clock=clock)
    erp(desk, *SERVERS)
    stopped = pump(replace(desk, door=lambda _target: SimpleNamespace(apply=away)), GROUP_ID, desk.after(60)).state
    assert stopped.not_before is not None
    assert stopped.not_before > clock.now()
    found = pump(
        replace(desk, door=lambda _target: SimpleNamespace(apply=back)), GROUP_ID, desk.after(60), wave="first"
    )
    assert sorted(asked) == SERVERS
    assert status.status(found.state, clock.now()) == "ready"
