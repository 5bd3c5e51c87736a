"""What an execution does next, and how it ends: from its facts alone. Pure."""

from typing import Any, Literal

from events.executions import Ending, Execution

Step = Literal["open", "gate", "pause", "start", "watch", "skip", "end", "done"]


def next_step(execution: Execution) -> Step:  # noqa: PLR0911  one return a step
    """What is to be done now, by whoever comes."""
    current, plan = execution.current, execution.plan
    if plan is None:
        return "open"
    if execution.ended:
        return "done"
    if str(current) in execution.begun:
        return "watch"
    if current is None or execution.cancelled or _stopped(execution):
        return "end"
    if execution.checked is None:
        return "gate"
    if {*plan.waves[current].depends_on} & {*execution.failing}:
        return "skip"
    if plan.waves[current].pause_before and current not in execution.resumed:
        return "pause"
    return "start"


def ending(execution: Execution) -> Ending:
    """How it ends, now that nothing is to be done any more."""
    if execution.cancelled:
        return "cancelled"
    return "completed" if execution.current is None and not execution.failing else "failed"


def outline(execution: Execution, wait_seconds: int = 0) -> dict[str, Any]:
    """What the state machine is told: the next step, how long to wait before it, and how it ended if it did.

    A few hundred bytes, however many servers there are: all else is in the streams.
    """
    return {
        "executionId": execution.execution_id,
        "next": next_step(execution),
        "waveNumber": execution.current,
        "waitSeconds": wait_seconds,
        "ending": execution.ended.ending if execution.ended else None,
    }


def _stopped(execution: Execution) -> bool:
    shut = execution.checked is not None and execution.checked.shut
    failing = bool(execution.failing) and execution.plan is not None and execution.plan.on_failure == "stop"
    return shut or failing
