"""What an apply and a wave cost: calls to AWS, appends to the event table, and seconds of a clock of our own.

Nothing here looks at the machine's clock. A call to AWS takes 300 ms of the desk's; the eight workers of the door
are eight lanes, each with its own time, so that what is measured is the longest lane and never the sum.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from commands.drs import WORKERS, Door
from commands.outcomes import Ask, Outcome
from commands.pump import BATCH
from local.simulator.simulator import Simulator
from tests.commands.bench import MortalStore, calls, due_at, fresh, jobs, pumped, versions, written
from tests.kit import SETTINGS, Desk

A_CALL = timedelta(milliseconds=300)
WAVES = 5


@pytest.fixture(scope="module")
def small() -> Iterator[Simulator]:
    with Simulator.serve(servers=15) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def large() -> Iterator[Simulator]:
    with Simulator.serve(servers=120) as simulator:
        yield simulator


@dataclass
class Lanes(Door):
    """The door with its eight workers one after another, each in its own time: the same calls, a clock that adds up."""

    desk: Desk | None = None

    def _call(self, method: Any, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  a boto3 method
        self._clock.time += A_CALL
        return super()._call(method, **arguments)

    def apply(self, asks: Sequence[Ask], deadline: datetime) -> Iterator[Outcome]:
        free = [self._clock.time] * WORKERS
        done: list[tuple[datetime, Outcome]] = []
        for ask in asks:
            lane = free.index(min(free))
            self._clock.time = free[lane]
            outcome = self._one(ask, deadline)
            free[lane] = self._clock.time
            if outcome:
                done.append((free[lane], outcome))
        for at, outcome in sorted(done, key=lambda pair: pair[0]):
            self._clock.time = at
            yield outcome
        self._clock.time = max(free)

    @property
    def _clock(self) -> Any:  # noqa: ANN401  the desk's
        assert self.desk
        return self.desk.clock


class SlowDrs:
    """A DRS client whose StartRecovery takes its 300 ms too."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._drs = desk, desk.drs

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a boto3 method
        if name == "start_recovery":
            self._desk.clock.time += A_CALL
        return getattr(self._drs, name)


def timed(simulator: Simulator) -> Desk:
    """A desk on which every call to AWS takes its time."""
    desk = fresh(simulator)
    lanes = Lanes(desk.drs, simulator.client("ec2"), desk.clock.now, desk.clock.sleep, desk=desk)
    desk.door = lanes
    desk.drs = SlowDrs(desk)
    return desk


def seconds(desk: Desk, since: datetime) -> float:
    return (desk.clock.now() - since).total_seconds()


# --- calls ---


@pytest.mark.parametrize(
    ("settings", "first", "forced"),
    [
        (SETTINGS, 6, 5),
        ({"copyTags": True, "launchDisposition": "STOPPED"}, 3, 2),
        ({"keyName": "break-glass"}, 5, 5),
    ],
    ids=["both places", "DRS alone", "the template alone"],
)
def test_calls_for_each_server(small: Simulator, settings: dict[str, Any], first: int, forced: int) -> None:
    desk = fresh(small)
    group_id = desk.create(launchConfig=settings)
    assert len(calls(small)) == first * 15
    since = len(calls(small))
    desk.ask("apply_launch_configs", groupId=group_id)
    assert calls(small, since) == [], "applied again: none"
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert len(calls(small, since)) == forced * 15
    assert written(small, since) == {5: 2, 2: 0}[forced] * 15, "a version made, and made default"
    since = len(calls(small))
    desk.clock.sleep(24 * 3600)
    pumped(desk, group_id)
    assert len(calls(small, since)) == 2 * 15, "looked at again after a day: two reads"
    assert written(small, since) == 0


def test_a_wave_on_what_was_applied_before_is_one_call_where_applying_it_then_is_six_a_server(small: Simulator) -> None:
    desk = fresh(small)
    ids = small.server_ids()
    before = desk.create("Applied before", sourceServerIds=ids[:5])
    then = desk.create("Applied then", sourceServerIds=ids[5:10], respondAsync=True)
    since = len(calls(small))
    desk.start_wave(before, executionId="before")
    assert calls(small, since) == ["StartRecovery"]
    since = len(calls(small))
    desk.start_wave(then, executionId="then", key="sfn-2")
    assert len(calls(small, since)) == 6 * 5 + 1


# --- the target: 80 % less from the call to StartRecovery accepted ---


def five_waves(simulator: Simulator, *, applied_before: bool) -> list[float]:
    """Seconds of each of five waves of three servers, one after another, from the call to the job accepted."""
    desk = timed(simulator)
    ids = simulator.server_ids()
    groups = [
        desk.create(f"Wave {n}", sourceServerIds=ids[n * 3 : n * 3 + 3], respondAsync=not applied_before)
        for n in range(WAVES)
    ]
    answers = [desk.start_wave(id_, waveNumber=n, key=f"sfn-{n}") for n, id_ in enumerate(groups)]
    assert {answer["path"] for answer in answers} == {"fast" if applied_before else "repaired"}
    assert len(jobs(desk)) == WAVES
    return [answer["startMilliseconds"] / 1000 for answer in answers]


def test_five_waves_one_after_another_start_in_a_fifth_of_the_time_or_less(small: Simulator) -> None:
    at_run_time = five_waves(small, applied_before=False)
    before = five_waves(small, applied_before=True)
    assert all(fast <= 0.2 * slow for fast, slow in zip(before, at_run_time, strict=True))
    assert sum(before) <= 0.2 * sum(at_run_time)
    assert before == [A_CALL.total_seconds()] * WAVES, "the call that starts it, and nothing else"


@pytest.mark.parametrize("servers", [3, 15])
def test_the_start_of_a_wave_takes_no_longer_for_more_servers(small: Simulator, servers: int) -> None:
    desk = timed(small)
    group_id = desk.create(sourceServerIds=small.server_ids()[:servers])
    assert desk.start_wave(group_id)["startMilliseconds"] == A_CALL.total_seconds() * 1000


# --- the apply itself ---


def test_ten_servers_are_applied_in_less_than_5_seconds(small: Simulator) -> None:
    desk = timed(small)
    began = desk.clock.now()
    group_id = desk.create(sourceServerIds=small.server_ids()[:10])
    assert desk.status(group_id)["status"] == "ready"
    assert seconds(desk, began) < 5


def test_a_hundred_servers_are_applied_in_less_than_30_seconds_and_known_in_few_appends(large: Simulator) -> None:
    """A batch of outcomes goes out after two seconds, full or not: what is known is never kept for long."""
    desk = timed(large)
    began = desk.clock.now()
    group_id = desk.create(sourceServerIds=large.server_ids()[:100])
    assert desk.status(group_id)["counts"]["ready"] == 100
    assert seconds(desk, began) < 30
    batches = [one for one in desk.store.history(f"group#{group_id}") if one.command == "RecordOutcomes"]
    assert 100 // BATCH <= len(batches) <= 16


def test_a_group_of_120_servers_is_applied_once_each_and_its_wave_is_two_calls(large: Simulator) -> None:
    store = MortalStore()
    desk = fresh(large, store)
    group_id = desk.create()
    assert desk.status(group_id)["counts"]["ready"] == 120
    assert store.appends == 3 + 5, "the definition, the lease, five batches of 25 at most, the lease given back"
    assert len(calls(large)) == 6 * 120
    assert {len(versions(large, id_)) for id_ in large.server_ids()} == {2}
    since, reads = len(calls(large)), desk.store.reads
    answer = desk.start_wave(group_id)
    assert calls(large, since) == ["StartRecovery"] * 2
    assert (desk.store.reads - reads, answer["servers"]) == (1, 120)


def test_defining_a_group_is_not_slowed_by_applying_it_if_its_creator_will_not_wait(large: Simulator) -> None:
    desk = timed(large)
    began = desk.clock.now()
    answer = desk.ask(
        "create_protection_group",
        groupName="Payments",
        sourceServerIds=large.server_ids(),
        launchConfig=SETTINGS,
        respondAsync=True,
    )
    assert (answer["status"], answer["pendingServers"], seconds(desk, began)) == ("pending", 120, 0)
    assert calls(large) == []
    assert due_at(desk, answer["groupId"]) == desk.clock.now(), "a worker is woken at once"


def test_an_apply_that_its_deadline_ends_is_finished_by_workers_with_nothing_done_twice(large: Simulator) -> None:
    desk = timed(large)
    group_id = desk.create(sourceServerIds=large.server_ids()[:100], respondAsync=True)
    turns = 0
    while desk.status(group_id)["status"] != "ready":
        pumped(desk, group_id, seconds=10)
        turns += 1
    assert turns > 1, "one turn of ten seconds is not enough"
    assert {len(versions(large, id_)) for id_ in large.server_ids()[:100]} == {2}
    assert written(large) <= 3 * 100 + WORKERS * turns, "at most what each lane had begun is begun again"
