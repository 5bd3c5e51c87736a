"""A plan of waves runs by itself, and people may stop it or let it go on at any moment."""

from collections.abc import Callable, Iterator

import orjson
import pytest

from commands.executions.control import LARGEST
from commands.executions.requests import StartExecution
from commands.waves.requests import MAX_WAVES
from events.errors import Refused
from events.shown_executions import shown
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, asked, fresh, gaps, jobs, refused
from tests.commands.plans import NOWHERE, BusyStore, Json, Office, Run, office

PAUSE = {"pauseBeforeWave": True}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.in_process(servers=3) as running:
        yield running


@pytest.fixture
def there(simulator: Simulator) -> Office:
    """Three groups, applied and proved."""
    return office(simulator)


def outcomes(there: Office) -> list[str]:
    return [wave["status"] for wave in shown(there.execution)["waves"]]


def launched(there: Office) -> int:
    """Recovery jobs; each wave is one."""
    assert len(jobs(there.desk)) == asked(there.desk.simulator).count("StartRecovery")
    return len(jobs(there.desk))


def fail(there: Office, wave: int) -> None:
    """Somebody in the console sees to it, after the proof, that the wave's server is not launched."""
    there.desk.simulator.edit(there.desk.simulator.server_ids()[wave], template=NOWHERE)


# --- to its end ---


def test_three_waves_and_a_pause_run_to_their_end_one_after_the_other(there: Office) -> None:
    run = there.start([{}, PAUSE]).play()
    paused = shown(there.execution)
    assert (paused["status"], paused["pausedBeforeWave"], launched(there)) == ("paused", 1, 1)
    assert there.resume()["status"] == "running"
    assert run.play().end == "Completed"
    assert (outcomes(there), launched(there)) == (["recovered"] * 3, 3)
    assert there.facts() == [
        "ExecutionOpened", "ExecutionChecked", "WaveBegun", "WaveDone", "ExecutionPaused", "ExecutionResumed",
        "WaveBegun", "WaveDone", "WaveBegun", "WaveDone", "ExecutionEnded",
    ]  # fmt: skip


def test_a_wave_begins_only_when_the_job_before_it_has_ended(there: Office) -> None:
    there.start().play()
    done, begun = there.execution.done, there.execution.begun
    assert [begun[str(n)] >= done[str(n - 1)].at for n in (1, 2)] == [True, True]
    estate = there.desk.simulator.world.estate(there.desk.simulator.world.home)
    created = [job.created for job in estate.jobs.by_id.values()]
    assert min(gaps(created)) > 533


@pytest.mark.parametrize(
    ("on_failure", "found"),
    [("continue", ["recovered", "failed", "recovered"]), ("stop", ["recovered", "failed", "waiting"])],
)
def test_after_a_server_that_fails_a_plan_goes_on_or_stops_as_it_says(
    there: Office, on_failure: str, found: list[str]
) -> None:
    fail(there, 1)
    assert there.start(onFailure=on_failure).play().end == "Failed"
    assert (outcomes(there), launched(there)) == (found, len([one for one in found if one != "waiting"]))
    assert shown(there.execution)["status"] == "failed"


@pytest.mark.parametrize(
    ("waits_for", "found"),
    [([[0], []], ["failed", "skipped", "recovered"]), ([[0], [1]], ["failed", "skipped", "skipped"])],
)
def test_a_wave_that_depends_on_one_that_failed_or_was_passed_over_is_passed_over(
    there: Office, waits_for: list[list[int]], found: list[str]
) -> None:
    fail(there, 0)
    waves = [{}, *({"dependsOnWaves": earlier, "pauseBeforeWave": bool(earlier)} for earlier in waits_for)]
    assert there.start(waves, onFailure="continue").play().end == "Failed"
    assert (outcomes(there), launched(there)) == (found, 3 - found.count("skipped"))
    assert there.execution.done["1"].code == "DEPENDENCY_FAILED"


# --- the gate ---


@pytest.mark.parametrize(
    ("is_drill", "own", "runs"),
    [(True, None, False), (False, None, True), (True, "proceed", True), (False, "block", False)],
)
def test_the_gate_is_shut_to_a_drill_with_a_server_that_cannot_be_launched_and_open_to_a_recovery(
    there: Office, own: str | None, *, is_drill: bool, runs: bool
) -> None:
    there.desk.simulator.replication(there.desk.simulator.server_ids()[2], "DISCONNECTED")
    waves = [{"onNotReady": own}] * 3 if own else []
    assert there.start(waves, isDrill=is_drill, onFailure="continue").play().end == "Failed"
    gate = shown(there.execution)["readiness"]
    assert (gate["verdicts"], gate["reasons"], gate["shut"]) == (["go", "go", "no-go"], ["DISCONNECTED"], not runs)
    assert outcomes(there) == (["recovered", "recovered", "failed"] if runs else ["waiting"] * 3)
    assert len(jobs(there.desk)) == 2 * runs


# --- people ---


def test_before_there_is_an_execution_nothing_can_be_asked_of_it(there: Office) -> None:
    assert refused(there.resume).status == refused(there.cancel).status == 404
    assert there.facts() == []


MOMENTS: dict[str, Callable[[Run], object]] = {
    "opened": lambda run: run.until("gate"),
    "checked": lambda run: run.until("start"),
    "launching": lambda run: run.until("watch"),
    "before its pause": lambda run: run.until("pause"),
    "paused": lambda run: run.play(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_cancelled_at_any_moment_no_further_wave_is_started_and_what_launches_is_seen_to_its_end(
    there: Office, moment: str
) -> None:
    run = there.start([{}, PAUSE])
    MOMENTS[moment](run)
    before = launched(there)
    first = there.cancel()
    assert first["status"] == ("cancelling" if moment == "launching" else "cancelled")
    assert there.cancel() == first
    assert run.play().end == "Cancelled"
    assert launched(there) == before
    assert outcomes(there) == ["recovered" if before else "waiting", "waiting", "waiting"]
    assert there.cancel()["reason"] == "cancelled by ada@example.com"
    assert there.facts().count("ExecutionCancelled") == there.facts().count("ExecutionEnded") == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_only_what_is_paused_can_be_let_go_on(there: Office, moment: str) -> None:
    run = there.start([{}, PAUSE])
    MOMENTS[moment](run)
    if moment != "paused":
        assert refused(there.resume).code == "NOT_PAUSED"
        run.play()
    assert there.resume() == there.resume()
    assert there.facts().count("ExecutionResumed") == 1
    assert run.play().end == "Completed"
    assert refused(there.resume).code == "NOT_PAUSED"


def test_resumed_twice_before_two_pauses_each_is_let_go_on_once(there: Office) -> None:
    run = there.start([PAUSE, {}, PAUSE]).play()
    for _ in range(2):
        there.resume()
        there.resume()
        run.play()
    assert (run.end, launched(there)) == ("Completed", 3)
    assert there.facts().count("ExecutionResumed") == 2


def test_a_pause_that_nobody_ends_in_a_day_cancels_it(there: Office) -> None:
    run = there.start([PAUSE]).play()
    run.expire()
    assert run.play().end == "Cancelled"
    assert (shown(there.execution)["reason"], launched(there)) == ("nobody resumed it in time", 0)


def test_a_pause_that_ends_just_when_somebody_resumes_it_is_resumed(there: Office) -> None:
    run = there.start([PAUSE]).play()
    there.resume()
    run.expire()
    assert run.play().end == "Completed"


def test_a_cancel_that_dies_before_it_is_settled_ends_a_pause_as_cancelled_all_the_same(there: Office) -> None:
    run = there.start([{}, PAUSE]).until("pause")
    there.store.after = Death(1)
    with pytest.raises(Died):
        there.cancel()
    there.store.after = Death(10**9)
    run.play()
    assert shown(there.execution)["status"] == "cancelled"
    assert run.end == "Cancelled"


# --- started ---


def test_started_again_under_its_name_it_is_joined_and_runs_once(there: Office) -> None:
    run, plan = there.start(), there.plan()
    assert there.ask(StartExecution, **plan)["joined"]
    run.play()
    after = there.ask(StartExecution, **plan)
    assert (after["joined"], after["status"], launched(there)) == (True, "completed", 3)
    assert there.facts().count("ExecutionOpened") == 1


@pytest.mark.parametrize("other", [{"isDrill": False}, {"onFailure": "continue"}, {"pollSeconds": 31}])
def test_another_plan_under_its_name_is_refused_and_changes_nothing(there: Office, other: Json) -> None:
    there.start()
    assert refused(lambda: there.ask(StartExecution, **there.plan() | other)).code == "IDEMPOTENCY_CONFLICT"
    assert there.facts() == ["ExecutionOpened"]


def test_a_plan_too_large_for_step_functions_is_refused_before_anything_is_recorded(there: Office) -> None:
    groups = [f"pg-{n:060d}" for n in range(LARGEST // MAX_WAVES // 64)]
    plan = {"isDrill": True, "waves": [{"protectionGroupIds": groups}] * MAX_WAVES}
    with pytest.raises(Refused) as no:
        there.ask(StartExecution, **plan)
    assert (no.value.code, no.value.details["field"]) == ("QUOTA_EXCEEDED", "waves")
    assert (there.facts(), there.machine.plans) == ([], {})


# --- what goes where ---


def test_what_goes_through_step_functions_is_under_a_kilobyte_with_500_servers() -> None:
    with Simulator.in_process(servers=500) as simulator:
        store = BusyStore()
        desk = fresh(simulator, store)
        there = Office(desk, store, (desk.create(launchConfig={}),))
        run, sizes = there.start(), []
        while run.turn():
            sizes.append(len(orjson.dumps(run.told)))
    assert (run.end, there.execution.done["0"].launched) == ("Completed", 500)
    assert max(sizes) < 1000


def test_a_token_is_shown_to_nobody(there: Office) -> None:
    there.start([PAUSE]).play()
    token = there.execution.paused and there.execution.paused.token
    assert token == "token-1"  # noqa: S105  a test's
    assert token not in repr(shown(there.execution)) + repr(there.execution) + repr(there.resume())
    assert token not in repr(there.step("watch"))
