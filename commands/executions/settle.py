"""What an execution does without anybody: waves that are passed over, and its end."""

from commands.executions.room import Executions, current_of, plan_of, system, when
from commands.executions.steps import ending, next_step
from events import executions as x


def settled(room: Executions, execution: x.Execution) -> x.Execution:
    """The execution after all that needs nobody: waves passed over, and its end."""
    while (step := next_step(execution)) in {"skip", "end"}:
        fact = _skipped(room, execution) if step == "skip" else _ended(room, execution)
        context = system("SettleExecution", execution.execution_id)
        execution = room.record(execution.execution_id, when(step, fact), context)
    return execution


def _skipped(room: Executions, execution: x.Execution) -> x.WaveDone:
    number = current_of(execution)
    missing = sorted({*plan_of(execution).waves[number].depends_on} & {*execution.failing})
    message = f"it depends on {', '.join(f'wave {n}' for n in missing)}"
    at = room.waves.service.now()
    return x.WaveDone(wave=number, outcome="skipped", at=at, code="DEPENDENCY_FAILED", message=message)


def _ended(room: Executions, execution: x.Execution) -> x.ExecutionEnded:
    shut = execution.checked is not None and execution.checked.shut
    reason = "the readiness gate was shut" if shut else execution.cancelled.reason if execution.cancelled else ""
    return x.ExecutionEnded(ending=ending(execution), at=room.waves.service.now(), reason=reason)
