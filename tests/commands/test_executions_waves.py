"""A wave that is begun is seen through, whatever became of its start; unless it was cancelled before it was claimed."""

from collections.abc import Iterator

import pytest

from commands.executions.one_wave import LONGEST
from events.shown_executions import shown
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, asked, for_ever, jobs, mended
from tests.commands.plans import NAME, Office, Run, office

NEVER = Death(10**9)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.in_process(servers=3) as running:
        yield running


@pytest.fixture
def there(simulator: Simulator) -> Office:
    return office(simulator, groups=2)


def begun(there: Office) -> Run:
    """Whoever starts the first wave dies between saying so and its claim."""
    run = there.start().until("start")
    there.store.before = Death(2)
    with pytest.raises(Died):
        run.turn()
    there.store.before = NEVER
    assert (list(there.execution.begun), jobs(there.desk)) == (["0"], {})
    return run


def test_a_wave_that_was_begun_and_never_claimed_is_claimed_by_whoever_comes_next(there: Office) -> None:
    assert begun(there).play().end == "Completed"
    assert len(jobs(there.desk)) == 2


def test_cancelled_before_it_was_claimed_it_is_not_started_and_given_up_once_nobody_can_be_at_it(there: Office) -> None:
    run = begun(there)
    since = there.desk.clock.now()
    assert there.cancel()["status"] == "cancelling"
    while not there.execution.done:
        run.turn()
    done = there.execution.done["0"]
    assert (done.outcome, done.code) == ("skipped", "CANCELLED")
    assert done.at >= since + LONGEST
    assert run.play().end == "Cancelled"
    assert (jobs(there.desk), asked(there.desk.simulator).count("StartRecovery")) == ({}, 0)


@pytest.mark.parametrize("error", ["lost-answer", "drop", "zombie", "InternalServerException", "ThrottlingException"])
def test_while_it_is_not_known_whether_it_has_started_a_wave_has_not_failed(there: Office, error: str) -> None:
    there.desk.simulator.fault(Fault(error, "StartRecovery", seconds=9 * (error == "zombie")))
    assert there.start().play().end == "Completed"
    assert [wave["status"] for wave in shown(there.execution)["waves"]] == ["recovered"] * 2
    assert len(jobs(there.desk)) == 2


def test_while_drs_cannot_be_asked_a_wave_that_launches_is_neither_over_nor_failed(there: Office) -> None:
    run = there.start().until("watch")
    there.desk.simulator.fault(for_ever("InternalServerException", "DescribeJobs"))
    for _ in range(20):
        run.turn()
    assert (there.execution.done, run.told and run.told["next"]) == ({}, "watch")
    mended(there.desk)
    assert run.play().end == "Completed"


def test_a_wave_that_is_refused_for_good_has_failed_and_says_why(there: Office) -> None:
    there.desk.simulator.fault(for_ever("AccessDeniedException", "StartRecovery"))
    assert there.start().play().end == "Failed"
    assert [wave["status"] for wave in shown(there.execution)["waves"]] == ["failed", "waiting"]
    done = there.execution.done["0"]
    assert (done.code, done.launched, done.total) == ("AccessDeniedException", 0, 1)


@pytest.mark.parametrize("group", [0, 1], ids=["of the same group, a month ago", "of another group"])
def test_a_wave_that_was_started_before_under_the_same_name_is_not_taken_for_the_plans(
    there: Office, group: int
) -> None:
    there.desk.start_wave(there.groups[group], executionId=NAME, waveNumber=0)
    there.desk.clock.sleep(600)
    there.desk.watch(NAME, 0)
    there.desk.clock.sleep(3600)
    run = there.start().play()
    assert run.end == "Failed"
    done = there.execution.done["0"]
    assert (done.outcome, done.code, done.launched) == ("failed", "IDEMPOTENCY_CONFLICT", 0)
    assert len(jobs(there.desk)) == 1
