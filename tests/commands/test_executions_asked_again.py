"""A request about an execution that is asked again, however late, does nothing that it did not do the first time."""

from collections.abc import Iterator

import pytest

from commands.executions.control import carry_out
from commands.executions.requests import CancelExecution, OfExecution, ResumeExecution
from commands.operations import context_of
from events.callers import Caller
from events.doors import parse
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, refused
from tests.commands.plans import NAME, Json, Office, office

PAUSE = {"pauseBeforeWave": True}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.in_process(servers=3) as running:
        yield running


@pytest.fixture
def there(simulator: Simulator) -> Office:
    """Three groups, applied and proved."""
    return office(simulator)


def ask(there: Office, request: type[OfExecution], key: str, **fields: object) -> Json:
    asked = parse(request, {"executionId": NAME, **fields})
    return carry_out(there.room, asked, context_of(asked, Caller("ada@example.com", "frontend", key)))


def test_a_resume_that_is_asked_again_late_opens_no_other_gate_and_starts_no_wave(there: Office) -> None:
    run = there.start([PAUSE, PAUSE]).play()
    ask(there, ResumeExecution, "K")
    run.play()
    assert (ask(there, ResumeExecution, "K")["pausedBeforeWave"], list(there.execution.begun)) == (1, ["0"])
    run.play()
    assert (run.end, list(there.execution.begun), run.token in there.machine.answers) == ("", ["0"], False)
    ask(there, ResumeExecution, "L")
    assert run.play().end == "Completed"


def test_a_resume_whose_answer_was_lost_tells_the_task_of_its_own_wave_and_of_no_other(there: Office) -> None:
    run = there.start([PAUSE, PAUSE]).play()
    there.store.after = Death(1)
    with pytest.raises(Died):
        ask(there, ResumeExecution, "K")
    there.store.after = Death(10**9)
    assert not run.turn()
    ask(there, ResumeExecution, "K")
    run.play()
    there.store.after = Death(1)
    with pytest.raises(Died):
        ask(there, ResumeExecution, "L")
    there.store.after = Death(10**9)
    ask(there, ResumeExecution, "K")
    assert not run.turn()
    ask(there, ResumeExecution, "L")
    assert run.play().end == "Completed"


@pytest.mark.parametrize("again", [(ResumeExecution, {"waveNumber": 0}), (CancelExecution, {})])
def test_a_key_that_was_used_for_another_request_is_refused_and_changes_nothing(
    there: Office, again: tuple[type[OfExecution], Json]
) -> None:
    there.start([PAUSE]).play()
    ask(there, ResumeExecution, "K")
    before = there.facts()
    no = refused(lambda: ask(there, again[0], "K", **again[1]))
    assert (no.code, no.status, there.facts()) == ("IDEMPOTENCY_CONFLICT", 409, before)


def test_a_cancel_that_is_asked_again_is_answered_and_its_key_is_no_resumes(there: Office) -> None:
    run = there.start([PAUSE]).play()
    first = ask(there, CancelExecution, "K")
    assert ask(there, CancelExecution, "K") == first
    assert refused(lambda: ask(there, ResumeExecution, "K")).code == "IDEMPOTENCY_CONFLICT"
    assert run.play().end == "Cancelled"


def test_the_state_machines_own_steps_have_no_key_that_counts(there: Office) -> None:
    run = there.start([PAUSE, PAUSE, PAUSE]).play()
    for wave in range(3):
        ask(there, ResumeExecution, f"key-{wave}")
        run.play()
    assert (run.end, there.facts().count("ExecutionPaused")) == ("Completed", 3)


def test_who_names_the_wave_opens_the_gate_before_that_wave_only(there: Office) -> None:
    run = there.start([PAUSE, PAUSE]).play()
    ask(there, ResumeExecution, "resume-1", waveNumber=0)
    ask(there, ResumeExecution, "resume-2", waveNumber=0)
    run.play()
    no = refused(lambda: ask(there, ResumeExecution, "resume-3", waveNumber=0))
    assert (no.code, no.status, no.details["field"]) == ("NOT_PAUSED", 409, "waveNumber")
    assert "is at wave 1" in no.message
    assert list(there.execution.begun) == ["0"]
    ask(there, ResumeExecution, "resume-4", waveNumber=1)
    assert run.play().end == "Completed"
