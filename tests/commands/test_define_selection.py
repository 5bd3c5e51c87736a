"""Servers selected by tags: resolved when the group is defined, never at a wave; and the question what would change."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commands import requests as ask
from commands.definition.resolve import resolve
from commands.outcomes import SourceServer
from events.doors import parse
from tests.commands.bench import calls, launched_from, refused
from tests.events import given as g
from tests.kit import Desk

PLAN = {"Plan": "gold", "Stage": "prod"}
OWN = {"keyName": "own-key"}


def server(number: int, **tags: str) -> SourceServer:
    return SourceServer(g.sid(number), tags, f"host-{number}")


GOLD = [server(n, **PLAN, Team="erp") for n in (1, 2, 3)]
IRON = [server(4, Plan="gold", Stage="test"), server(5, Plan="Gold", Stage="prod"), server(6)]


class Estate:
    """The commands, in front of servers whose tags may be changed."""

    def __init__(self, *known: SourceServer) -> None:
        self.drs = g.Known([*known])
        self.desk = g.service(door=self.drs)

    def asked(self, model: Any, **fields: object) -> Any:  # noqa: ANN401  a request, a stream
        return g.ask(self.desk, "pg-gold", parse(model, fields))

    def create(self, **fields: object) -> Any:  # noqa: ANN401  a stream
        said: dict[str, object] = {"groupName": "Gold", "launchConfig": {"keyName": "group-key"}}
        return self.asked(ask.CreateProtectionGroup, **(said | {"serverSelectionTags": PLAN} | fields))

    def update(self, **fields: object) -> Any:  # noqa: ANN401  a stream
        return self.asked(ask.UpdateProtectionGroup, groupId="pg-gold", **fields)

    def resolved(self) -> dict[str, Any]:
        return resolve(self.desk, ask.ResolveProtectionGroup(group_id="pg-gold"))

    def written(self) -> list[str]:
        return [*self.desk.store.born("group"), *self.desk.store.born("roster")]


def members(stream: Any) -> list[str]:  # noqa: ANN401  a stream
    return sorted(stream.state.servers)


def ids(*numbers: int) -> list[str]:
    return [g.sid(n) for n in numbers]


def test_a_group_is_the_servers_that_carry_every_one_of_its_tags() -> None:
    assert members(Estate(*GOLD, *IRON).create()) == ids(1, 2, 3)


def test_servers_give_settings_of_their_own_to_selected_servers_only() -> None:
    estate = Estate(*GOLD, *IRON)
    no = refused(lambda: estate.create(servers=[{"sourceServerId": g.sid(4), "launchTemplate": OWN}]))
    assert (no.code, no.details["sourceServerIds"]) == ("SERVER_NOT_SELECTED", ids(4))
    assert estate.written() == []
    stream = estate.create(servers=[{"sourceServerId": g.sid(2), "launchTemplate": OWN}])
    assert [stream.state.wanted(id_)["keyName"] for id_ in ids(1, 2, 3)] == ["group-key", "own-key", "group-key"]


@pytest.mark.parametrize(
    ("known", "fields", "code"),
    [
        (IRON, {}, "NO_SERVERS_MATCH"),
        ([server(n, **PLAN) for n in range(501)], {}, "QUOTA_EXCEEDED"),
        (GOLD, {"sourceServerIds": ids(1)}, "INVALID_PARAMETER"),
        (GOLD, {"sourceServerIds": []}, "INVALID_PARAMETER"),
    ],
    ids=["nobody", "too many", "by id too", "by no id"],
)
def test_a_selection_that_cannot_be_is_refused_and_nothing_is_written(
    known: list[SourceServer], fields: dict[str, Any], code: str
) -> None:
    estate = Estate(*known)
    assert refused(lambda: estate.create(**fields)).code == code
    assert estate.written() == []


@pytest.mark.parametrize("tags", [{}, {str(n): "x" for n in range(11)}, {"": "x"}, {"Plan": 7}])
def test_one_to_ten_tags_select(tags: dict[str, Any]) -> None:
    no = refused(lambda: parse(ask.CreateProtectionGroup, {"groupName": "Gold", "serverSelectionTags": tags}))
    assert no.details["field"].startswith("serverSelectionTags")


def test_an_update_selects_again_and_who_stays_keeps_its_own_settings() -> None:
    estate = Estate(*GOLD, *IRON)
    estate.create(servers=[{"sourceServerId": id_, "launchTemplate": OWN} for id_ in ids(1, 2)])
    estate.drs.known = [server(1), GOLD[1], GOLD[2], server(6, **PLAN)]
    assert members(estate.desk.group("pg-gold")) == ids(1, 2, 3), "nothing changes by itself"
    stream = estate.update(description="after the move")
    assert members(stream) == ids(2, 3, 6)
    assert [stream.state.wanted(id_)["keyName"] for id_ in ids(2, 3, 6)] == ["own-key", "group-key", "group-key"]
    assert members(estate.update(serverSelectionTags={"Team": "erp"})) == ids(2, 3)


def test_a_group_may_change_from_names_to_tags_and_back() -> None:
    estate = Estate(*GOLD, *IRON)
    own = [{"sourceServerId": g.sid(3), "launchTemplate": OWN}]
    estate.create(serverSelectionTags=None, sourceServerIds=ids(4), servers=own)
    stream = estate.update(serverSelectionTags=PLAN)
    assert members(stream) == ids(1, 2, 3)
    assert stream.state.wanted(g.sid(3))["keyName"] == "own-key"
    assert refused(lambda: estate.update(sourceServerIds=ids(4))).code == "SELECTED_BY_TAGS"
    assert members(estate.update(serverSelectionTags=None, sourceServerIds=ids(4, 5))) == ids(4, 5)
    estate.update(serverSelectionTags=PLAN)
    assert members(estate.update(serverSelectionTags=None)) == ids(1, 2, 3), "as they are, by name from now on"
    looks = estate.drs.looks
    estate.update(description="by name")
    assert estate.drs.looks == looks


def test_servers_of_a_group_selected_by_tags_are_not_added_or_removed_by_name() -> None:
    estate = Estate(*GOLD, *IRON)
    estate.create()
    for model in (ask.AddServers, ask.RemoveServers):
        no = refused(lambda model=model: estate.asked(model, groupId="pg-gold", sourceServerIds=ids(4)))
        assert (no.code, no.status, no.details["field"]) == ("SELECTED_BY_TAGS", 409, "serverSelectionTags")
        assert "Plan=gold and Stage=prod" in no.message


def test_the_question_says_what_an_update_would_change_and_writes_nothing() -> None:
    estate = Estate(*GOLD, *IRON)
    override = {"key": "Team", "value": "erp", "launchConfig": {"monitoring": True}}
    exclusions = [{"hostname": "host-3", "excludeNetworkConfiguration": True}]
    version = estate.create(tagOverrides=[override], exclusions=exclusions).version
    same = {"groupId": "pg-gold", "version": version, "joining": [], "leaving": [], "changed": [], "unchanged": 3}
    assert estate.resolved() == same
    estate.drs.known = [server(2, **PLAN), GOLD[2], server(6, **PLAN)]
    assert estate.resolved() == same | {
        "joining": ids(6),
        "leaving": ids(1),
        "changed": [
            {
                "sourceServerId": g.sid(2),
                "tagOverrides": {"from": ("Team=erp",), "to": ()},
                "excluded": {"from": None, "to": None},
            }
        ],
        "unchanged": 1,
    }
    assert estate.desk.group("pg-gold").version == version
    estate.update()
    assert (estate.resolved()["joining"], estate.resolved()["unchanged"]) == ([], 3)


def test_the_question_is_refused_as_the_update_would_be() -> None:
    estate = Estate(*GOLD)
    estate.create()
    estate.drs.known = IRON
    assert refused(estate.resolved).code == "NO_SERVERS_MATCH"
    assert refused(lambda: estate.update(description="x")).code == "NO_SERVERS_MATCH"
    assert members(estate.desk.group("pg-gold")) == ids(1, 2, 3)


def test_a_wave_launches_the_servers_that_were_selected_when_the_group_was_defined(desk: Desk) -> None:
    first, second, third = desk.simulator.server_ids()
    for id_ in (first, second):
        desk.simulator.server(id_).description["tags"].update(PLAN)
    group_id = desk.create(sourceServerIds=None, serverSelectionTags=PLAN)
    assert desk.status(group_id)["status"] == "ready"
    del desk.simulator.server(first).description["tags"]["Plan"]
    desk.simulator.server(third).description["tags"].update(PLAN)
    since = len(desk.simulator.calls())
    assert desk.start_wave(group_id)["path"] == "fast"
    assert calls(desk.simulator, since) == ["StartRecovery"]
    assert sorted(desk.simulator.calls(since)[0].server_ids) == sorted([first, second])


def test_the_question_asks_drs_through_its_operation(desk: Desk) -> None:
    first, second, _ = desk.simulator.server_ids()
    for id_ in (first, second):
        desk.simulator.server(id_).description["tags"].update(PLAN)
    group_id = desk.create(sourceServerIds=None, serverSelectionTags=PLAN)
    before = launched_from(desk.simulator, first)
    desk.simulator.server(first).description["tags"].pop("Plan")
    answer = desk.ask("resolve_protection_group", groupId=group_id)
    assert (answer["joining"], answer["leaving"], answer["unchanged"]) == ([], [first], 1)
    assert launched_from(desk.simulator, first) == before


# --- whatever happens to tags and definitions ---

TAGS = st.dictionaries(st.sampled_from(["Plan", "Stage"]), st.sampled_from(["gold", "prod"]))


class Selecting(RuleBasedStateMachine):
    """Somebody tags servers, somebody defines a group: who is in it follows from what was true at each update."""

    @initialize(tags=st.lists(TAGS, min_size=4, max_size=4))
    def born(self, tags: list[dict[str, str]]) -> None:
        self.estate = Estate(server(0, **PLAN), *(server(n, **one) for n, one in enumerate(tags, 1)))
        self.estate.create(tagOverrides=[{"key": "Stage", "value": "prod", "launchConfig": {"monitoring": True}}])
        self.own: set[str] = set()
        self.defined()

    def defined(self) -> None:
        self.members = self.selected()
        self.staged = {one.server_id for one in self.estate.drs.known if one.tags.get("Stage") == "prod"} & self.members
        self.own &= self.members

    def selected(self) -> set[str]:
        return {one.server_id for one in self.estate.drs.known if PLAN.items() <= one.tags.items()}

    @rule(number=st.integers(0, 4), tags=TAGS)
    def retagged(self, number: int, tags: dict[str, str]) -> None:
        self.estate.drs.known[number] = server(number, **tags)

    @rule(description=st.sampled_from(["by day", "by night"]))
    def updated(self, description: str) -> None:
        if not self.selected():
            assert refused(lambda: self.estate.update(description=description)).code == "NO_SERVERS_MATCH"
            return
        told = self.estate.resolved()
        before = self.estate.desk.group("pg-gold").state.servers
        self.estate.update(description=description)
        after = self.estate.desk.group("pg-gold").state.servers
        assert (told["joining"], told["leaving"]) == (sorted(after.keys() - before), sorted(before.keys() - after))
        assert {one["sourceServerId"] for one in told["changed"]} == {
            id_ for id_ in after.keys() & before if after[id_].definition != before[id_].definition
        }
        assert self.estate.resolved()["unchanged"] == len(after)
        self.defined()

    @rule(number=st.integers(0, 4))
    def given_its_own(self, number: int) -> None:
        one = {"sourceServerId": g.sid(number), "launchTemplate": OWN}
        if g.sid(number) not in self.selected():
            code = "SERVER_NOT_SELECTED" if self.selected() else "NO_SERVERS_MATCH"
            assert refused(lambda: self.estate.update(servers=[one])).code == code
            return
        self.estate.update(servers=[one])
        self.own = {g.sid(number)}
        self.defined()

    @invariant()
    def the_group_is_as_it_was_last_defined(self) -> None:
        if not hasattr(self, "members"):
            return
        state = self.estate.desk.group("pg-gold").state
        assert {*state.servers} == self.members
        for id_ in state.servers:
            wanted = state.wanted(id_)
            assert wanted["keyName"] == ("own-key" if id_ in self.own else "group-key")
            assert wanted.get("monitoring") == (True if id_ in self.staged else None)


TestSelecting = Selecting.TestCase
