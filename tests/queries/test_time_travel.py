"""What was true then: status and group as of a moment or a version, from the same fold, judged at that moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.doors import parse
from events.errors import Refused
from events.lookback import at_time, at_version
from events.memory import MemoryStore
from events.streams import GROUP, load
from queries.answers import Answers
from queries.questions import GetLaunchConfigStatus, GetProtectionGroup
from tests.commands.bench import for_ever, mended, woken
from tests.events.given import NOON, commits
from tests.kit import SETTINGS, Desk
from tests.projections.rows import MemoryRows

Json = dict[str, Any]
OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}


def no_log() -> Any:  # noqa: ANN401  the audit log, if anybody asked for it
    raise AssertionError("nobody asks for the log")


def answers(desk: Desk) -> Answers:
    rows: Any = MemoryRows()
    return Answers(lambda: desk.store, rows, desk.clock.now, "123456789012", "us-east-1", no_log)


def status(desk: Desk, group_id: str, **when: object) -> Json:
    """The status, without what only says how it was found."""
    question = parse(GetLaunchConfigStatus, {"groupId": group_id, **(when or {"consistency": "strong"})})
    found = answers(desk).status(question)
    return {key: value for key, value in found.items() if key not in {"projectedAt", "asOf"}}


def failed(desk: Desk, group_id: str) -> None:
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration"))
    desk.ask("apply_launch_configs", groupId=group_id, force=True)


def cured(desk: Desk, group_id: str) -> None:
    mended(desk)
    desk.ask("apply_launch_configs", groupId=group_id)


def redefined(desk: Desk, group_id: str) -> None:
    desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER, respondAsync=True)


def a_day_later(desk: Desk, _group_id: str) -> None:
    desk.clock.sleep(24 * 3600)


def swept(desk: Desk, group_id: str) -> None:
    woken(desk, group_id)


STEPS: list[Callable[[Desk, str], None]] = [failed, cured, redefined, a_day_later, swept, a_day_later, failed]


def test_every_moment_of_a_groups_life_is_told_as_it_was_told_then(desk: Desk) -> None:
    group_id = desk.create()
    then: list[tuple[str, Json]] = []
    for step in STEPS:
        desk.clock.sleep(60)
        step(desk, group_id)
        desk.clock.sleep(60)
        then.append((desk.clock.now().isoformat(), status(desk, group_id)))
    assert {word["status"] for _, word in then} == {"failed", "ready", "pending"}
    for moment, told in then:
        assert status(desk, group_id, asOf=moment) == told, moment


def test_a_version_is_told_as_it_was_when_it_was_recorded(desk: Desk) -> None:
    group_id = desk.create(launchConfig=OTHER)
    before = desk.stream(group_id).version
    desk.ask("update_protection_group", groupId=group_id, launchConfig=SETTINGS)
    desk.clock.sleep(48 * 3600)

    def wanted(version: int) -> str:
        question = parse(GetProtectionGroup, {"groupId": group_id, "version": version})
        return str(answers(desk).group(question)["launchConfig"]["instanceType"])

    assert (wanted(before), wanted(before + 1)) == (OTHER["instanceType"], SETTINGS["instanceType"])
    assert status(desk, group_id, version=before)["status"] == "ready", "it was fresh then"
    assert status(desk, group_id)["status"] == "pending", "it is stale now"


def test_nothing_is_told_of_before_it_was_or_of_what_never_came(desk: Desk) -> None:
    desk.clock.sleep(3600)
    group_id = desk.create()
    for when in (
        {"asOf": (desk.clock.now() - timedelta(seconds=1)).isoformat()},
        {"version": desk.stream(group_id).version + 1},
    ):
        with pytest.raises(Refused) as no:
            status(desk, group_id, **when)
        assert (no.value.code, no.value.status) == ("NOT_FOUND", 404)


def test_a_deleted_group_is_still_told_as_it_was(desk: Desk) -> None:
    group_id = desk.create()
    moment = desk.clock.now().isoformat()
    desk.clock.sleep(60)
    desk.ask("delete_protection_group", groupId=group_id)
    assert status(desk, group_id, asOf=moment)["status"] == "ready"
    with pytest.raises(Refused):
        status(desk, group_id)


@pytest.mark.parametrize(
    "when",
    [{"asOf": "2026-11-23T12:00:00Z", "version": 1}, {"version": 1, "minVersion": 1}, {"asOf": "2026-11-23T12:00:00"}],
)
def test_two_moments_at_once_or_one_without_its_zone_are_refused(when: Json) -> None:
    with pytest.raises(Refused) as no:
        parse(GetLaunchConfigStatus, {"groupId": "pg-1", **when})
    assert no.value.code == "INVALID_PARAMETER"


@given(number=st.integers(1, 40), asked=st.integers(-2, 45))
def test_the_commit_of_a_moment_is_found_by_few_reads_wherever_it_is(number: int, asked: int) -> None:
    store, chain = MemoryStore(), commits(number=number)
    for commit in chain:
        store.append(commit)
    moment = NOON + timedelta(seconds=asked, milliseconds=500)
    before = store.reads
    found = at_time(store, GROUP, moment, "pg-erp")
    assert store.reads - before <= 8
    assert found.version == max(0, min(asked, number))
    assert found == at_version(store, GROUP, found.version, "pg-erp")
    assert at_time(store, GROUP, NOON + timedelta(days=1), "pg-erp") == load(store, GROUP, "pg-erp")


@pytest.mark.parametrize("said", ["0.5", "1700000000", "20261124", " 5", "2026-11-24T12:00:00", "now", ""])
def test_a_time_that_is_a_number_or_has_no_zone_is_none(said: str) -> None:
    with pytest.raises(Refused, match="asOf: "):
        parse(GetLaunchConfigStatus, {"groupId": "pg-1", "asOf": said})


def test_a_time_to_come_is_refused_and_a_clock_that_is_a_little_ahead_is_not(desk: Desk) -> None:
    group_id = desk.create()
    now = desk.clock.now()
    assert status(desk, group_id, asOf=(now + timedelta(seconds=4)).isoformat())["status"] == "ready"
    with pytest.raises(Refused, match="still to come") as no:
        status(desk, group_id, asOf=(now + timedelta(seconds=6)).isoformat())
    assert (no.value.code, no.value.status, no.value.details) == ("INVALID_PARAMETER", 400, {"field": "asOf"})
