"""A question about readiness is answered for every wave that can be read, and takes nothing from waves that start."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from commands.aws.calls import Calls
from commands.waves.readiness import check_readiness
from commands.waves.requests import MOST_GROUPS, CheckReadiness
from commands.waves.start import Waves
from events.commits import Commit
from events.doors import parse
from events.errors import UnknownFact
from events.memory import MemoryStore
from events.streams import GROUP, ROSTER
from local.simulator.simulator import Simulator
from tests.commands.bench import fresh, jobs
from tests.commands.plans import BusyStore, Office
from tests.kit import Desk


class Damaged(MemoryStore):
    """A store in which somebody changed what is stored of one stream, or a newer deployment wrote it."""

    stream, newer = "", False

    def head(self, stream_id: str, until: int | None = None) -> Commit | None:
        commit = super().head(stream_id, until)
        if commit is None or stream_id != self.stream:
            return commit
        if self.newer:
            raise UnknownFact("a group fact that this code does not know")
        return replace(commit, actor="mallory@example.com")


class DamagedOffice(Damaged, BusyStore):
    """The same, in which somebody else may be quick."""


@dataclass
class Overheard(Calls):
    """Calls that tell who was let go before others."""

    heard: list[tuple[str, bool]] = field(default_factory=list)

    def __call__(
        self, service: str, operation: str, arguments: Mapping[str, Any], deadline: datetime, *, urgent: bool = False
    ) -> dict[str, Any]:
        self.heard.append((operation, urgent))
        return super().__call__(service, operation, arguments, deadline, urgent=urgent)


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    return fresh(simulator, Damaged())


def check(desk: Desk, *waves: dict[str, Any]) -> list[dict[str, Any]]:
    return list(check_readiness(desk.waves, parse(CheckReadiness, {"waves": list(waves)}))["waves"])


def test_a_damaged_group_blocks_its_own_waves_and_every_other_is_answered(desk: Desk) -> None:
    one, *others = desk.simulator.server_ids()
    bad, good = desk.create("Bad", sourceServerIds=[one]), desk.create("Good", sourceServerIds=others)
    desk.store.stream = GROUP.stream_id(bad)  # type: ignore[attr-defined]  # the fixture's
    named = [{"protectionGroupId": good}, {"protectionGroupIds": [good, bad]}, {"sourceServerIds": [one]}]
    answers = check(desk, *named)
    assert [wave["verdict"] for wave in answers] == ["go", "no-go", "no-go"]
    assert [wave["blocks"][0]["code"] for wave in answers[1:]] == ["CORRUPT_STREAM"] * 2
    assert (answers[1]["blocks"][0]["groupId"], bad in answers[1]["blocks"][0]["message"]) == (bad, True)


def test_a_damaged_roster_blocks_who_asks_by_server_and_nobody_else(desk: Desk) -> None:
    group_id = desk.create()
    desk.store.stream = ROSTER.stream_id("123456789012", "us-east-1")  # type: ignore[attr-defined]  # the fixture's
    answers = check(desk, {"protectionGroupId": group_id}, {"sourceServerIds": desk.simulator.server_ids()})
    assert [wave["verdict"] for wave in answers] == ["go", "no-go"]
    assert answers[1]["blocks"][0]["code"] == "CORRUPT_STREAM"


def test_what_a_newer_deployment_wrote_is_no_damage_and_is_asked_for_again(desk: Desk) -> None:
    group_id = desk.create()
    desk.store.stream, desk.store.newer = GROUP.stream_id(group_id), True  # type: ignore[attr-defined]  # the fixture's
    with pytest.raises(UnknownFact):
        check(desk, {"protectionGroupId": group_id})


def test_a_question_waits_for_its_turn_with_aws_and_a_wave_does_not(desk: Desk) -> None:
    group_id, calls = desk.create(), desk.a_door(Overheard).calls
    assert isinstance(calls, Overheard)
    desk.waves = Waves(desk.service, lambda _target: calls)
    check(desk, {"protectionGroupId": group_id})
    assert calls.heard == [("DescribeSourceServers", False), ("DescribeJobs", False)]
    desk.start_wave(group_id)
    desk.watch()
    assert ("DescribeJobs", True) in calls.heard[2:]
    assert all(urgent for _, urgent in calls.heard[2:])


@pytest.mark.parametrize("is_drill", [True, False])
def test_the_gate_is_shut_to_a_plan_with_a_damaged_group_whatever_the_policy(
    simulator: Simulator, *, is_drill: bool
) -> None:
    store = DamagedOffice()
    desk = fresh(simulator, store)
    there = Office(desk, store, (desk.create(),))
    store.stream = GROUP.stream_id(there.groups[0])
    assert there.start([{"onNotReady": "proceed"}], isDrill=is_drill).play().end == "Failed"
    checked = there.execution.checked
    assert checked is not None
    assert (checked.shut, "CORRUPT_STREAM" in checked.reasons, jobs(desk)) == (True, True, {})


def test_the_gate_of_a_plan_has_no_limit_but_the_plans_own(simulator: Simulator) -> None:
    store = BusyStore()
    desk = fresh(simulator, store)
    there = Office(desk, store, (desk.create(), *(f"pg-{n}" for n in range(MOST_GROUPS))))
    waves = [{"protectionGroupIds": list(there.groups[n : n + 90])} for n in range(0, len(there.groups), 90)]
    there.groups = there.groups[: len(waves)]
    assert there.start(waves).play().end == "Failed"
    assert there.execution.checked is not None
    assert there.execution.checked.reasons == ("EMPTY_WAVE", "NOT_FOUND")
