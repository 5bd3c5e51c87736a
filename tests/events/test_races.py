"""Many writers at once, on a real endpoint: one wins each version, nothing is lost, nothing is given away twice.

moto proves nothing here (it lets two transactions win); ministack, DynamoDB Local and AWS do.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest

from commands import requests as ask
from commands.service import Service
from events.commits import Commit
from events.doors import parse
from events.dynamodb import DynamoStore
from events.errors import LostRace, Refused
from events.streams import GROUP, ROSTER, load, refold
from tests.events import endpoint
from tests.events import given as g

WRITERS = 16
ROUNDS = 10
ROSTER_ID = f"roster#{g.ACCOUNT}#{g.REGION}"


class Counted(DynamoStore):
    """The store, counting what was tried and what was lost."""

    def __init__(self) -> None:
        super().__init__(endpoint.client(), endpoint.event_table())
        self.tried: list[bool] = []

    def append(self, *commits: Commit) -> None:
        try:
            super().append(*commits)
        except LostRace:
            self.tried.append(False)
            raise
        self.tried.append(True)


@pytest.fixture
def store() -> Counted:
    return Counted()


def desk(store: Counted) -> Service:
    return Service(store, g.untouched, lambda: datetime.now(UTC), time.sleep, g.REGION, g.ACCOUNT)


@dataclass(frozen=True)
class Answer:
    """What one writer was told: the version, or the code of its refusal."""

    key: str
    version: int = 0
    refused: str = ""


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Every writer does its work at the same moment; none may take longer than a minute."""
    start = Barrier(WRITERS, timeout=60)

    def begun(number: int) -> Any:  # noqa: ANN401  whatever it brings
        start.wait()
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return [done.result(timeout=60) for done in [pool.submit(begun, number) for number in range(WRITERS)]]


def asked(service: Service, group_id: str, request: Any, key: str) -> Answer:  # noqa: ANN401  a request
    try:
        return Answer(key, version=g.ask(service, group_id, request, key).version)
    except Refused as refused:
        return Answer(key, refused=refused.code)


def contiguous(store: Counted, stream_id: str) -> list[Commit]:
    """The history; its versions have no hole, and each commit follows the one before it."""
    chain = list(store.history(stream_id))
    assert [commit.version for commit in chain] == list(range(1, len(chain) + 1))
    for before, after in pairwise(chain):
        assert after.prev_hash == before.hash == before.expected_hash()
        assert after.recorded_at >= before.recorded_at
    return chain


def test_of_sixteen_writers_one_wins_each_version_and_the_others_are_handed_its_commit(store: Counted) -> None:
    stream = g.blank()
    for round_ in range(ROUNDS):
        follows = stream

        def offer(number: int, follows: Any = follows, round_: int = round_) -> tuple[Commit, Commit | None]:  # noqa: ANN401
            ours = follows.next(g.by_ada(f"{round_}-{number}"), [g.created()], g.NOON)
            try:
                store.append(ours)
            except LostRace as lost:
                return ours, lost.winner
            return ours, ours

        seen = at_once(offer)
        winner = store.head("group#pg-erp")
        assert winner in [ours for ours, _ in seen]
        assert {handed for _, handed in seen} == {winner}
        assert winner
        stream = stream.follow(winner)
    assert len(contiguous(store, "group#pg-erp")) == ROUNDS
    assert Counter(store.tried) == {True: ROUNDS, False: ROUNDS * (WRITERS - 1)}


def test_sixteen_writers_on_one_group_lose_nothing_that_was_accepted(store: Counted) -> None:
    service = desk(store)
    g.ask(service, "pg-erp", parse(ask.CreateProtectionGroup, {"groupName": "ERP"}))
    answers: list[Answer] = []
    for round_ in range(3):

        def add(number: int, round_: int = round_) -> Answer:
            server = g.sid(WRITERS * round_ + number)
            request = parse(ask.AddServers, {"groupId": "pg-erp", "sourceServerIds": [server]})
            return asked(service, "pg-erp", request, f"{round_}-{number}")

        answers += at_once(add)
    chain = contiguous(store, "group#pg-erp")
    accepted = {answer.key: answer.version for answer in answers if not answer.refused}
    assert {answer.refused for answer in answers} <= {"", "BUSY"}
    assert {commit.command_id: commit.version for commit in chain[1:]} == accepted
    servers = [g.sid(WRITERS * int(key.split("-")[0]) + int(key.split("-")[1])) for key in accepted]
    assert sorted(service.group("pg-erp").state.servers) == sorted(servers)
    assert load(store, GROUP, "pg-erp") == refold(store, GROUP, "group#pg-erp")
    assert_roster_agrees(store, service, ["pg-erp"])
    print(f"one group: {len(store.tried)} appends tried, {sum(store.tried)} written")  # noqa: T201  -s shows it


def test_sixteen_groups_that_want_the_same_servers_and_names_share_none_of_them(store: Counted) -> None:
    service = desk(store)
    groups = [f"pg-{number}" for number in range(WRITERS)]

    def create(number: int) -> Answer:
        """Eight names, each wanted by two; in another case, which makes no other name."""
        wanted = {"groupName": f"{'Pp'[number % 2]}lan {number // 2}", "sourceServerIds": [g.sid(number)]}
        return asked(service, groups[number], parse(ask.CreateProtectionGroup, wanted), f"create-{number}")

    def grow(number: int) -> Answer:
        """Each wants a server of its own, and one of its neighbour's."""
        servers = [g.sid(100 + number), g.sid(100 + (number + 2) % WRITERS)]
        request = parse(ask.AddServers, {"groupId": groups[number], "sourceServerIds": servers})
        return asked(service, groups[number], request, f"grow-{number}")

    answers = [*at_once(create), *at_once(grow)]
    assert {answer.refused for answer in answers} <= {"", "BUSY", "PG_NAME_EXISTS", "SERVER_CONFLICT", "NOT_FOUND"}
    there = [group_id for group_id in groups if load(store, GROUP, group_id).state.exists]
    assert len(there) == WRITERS // 2
    assert_roster_agrees(store, service, there)
    accepted = sorted(answer.key for answer in answers if not answer.refused)
    assert sorted(commit.command_id for commit in contiguous(store, ROSTER_ID)) == accepted
    written = [commit.command_id for group_id in there for commit in contiguous(store, f"group#{group_id}")]
    assert sorted(written) == accepted
    print(f"one roster: {len(store.tried)} appends tried, {sum(store.tried)} written, {len(there)} groups")  # noqa: T201


def assert_roster_agrees(store: Counted, service: Service, groups: list[str]) -> None:
    """The roster says of each group what the group says of itself, and gives nothing to two."""
    roster = load(store, ROSTER, g.ACCOUNT, g.REGION).state
    states = {group_id: service.group(group_id).state for group_id in groups}
    assert {group_id: set(held.servers) for group_id, held in roster.groups.items()} == {
        group_id: set(state.servers) for group_id, state in states.items()
    }
    servers = [id_ for held in roster.groups.values() for id_ in held.servers]
    names = [held.name.casefold() for held in roster.groups.values()]
    assert len(servers) == len(set(servers))
    assert len(names) == len(set(names))


def test_one_request_sent_by_sixteen_at_once_is_done_once_and_answered_to_all(store: Counted) -> None:
    service = desk(store)
    g.ask(service, "pg-erp", parse(ask.CreateProtectionGroup, {"groupName": "ERP"}))
    request = parse(ask.AddServers, {"groupId": "pg-erp", "sourceServerIds": [g.sid(1)]})
    answers = at_once(lambda _: asked(service, "pg-erp", request, "run-42"))
    assert {(answer.version, answer.refused) for answer in answers} == {(2, "")}
    assert len(contiguous(store, "group#pg-erp")) == 2
