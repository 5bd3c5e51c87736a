"""The readiness gate: before anything is launched, whether every wave of the plan could start."""

from typing import Any

from commands.executions.room import Executions, plan_of, system, when
from commands.waves.readiness import readiness
from commands.waves.requests import WaveToCheck
from events import executions as x

IMPOSSIBLE = {"NOT_FOUND", "EMPTY_WAVE", "INVALID_PARAMETER", "QUOTA_EXCEEDED", "CORRUPT_STREAM"}
"""What no policy passes over."""


def checked(room: Executions, execution: x.Execution) -> x.Execution:
    """The readiness gate. What could not start, and would not be passed over, ends it before anything is launched."""
    plan = plan_of(execution)
    waves = tuple(WaveToCheck(protection_group_ids=wave.group_ids, wave_name=wave.name) for wave in plan.waves)
    found = readiness(room.waves, waves, urgent=True)["waves"]
    shut = any(_impossible(answer) or _blocked(plan, n, answer) for n, answer in enumerate(found))
    codes = sorted({block["code"] for answer in found for block in answer["blocks"]})
    verdicts = tuple(answer["verdict"] for answer in found)
    at = room.waves.service.now()
    fact = x.ExecutionChecked(at=at, shut=shut, verdicts=verdicts, reasons=tuple(codes))
    return room.record(execution.execution_id, when("gate", fact), system("CheckExecution", execution.execution_id))


def _impossible(answer: dict[str, Any]) -> bool:
    return bool({block["code"] for block in answer["blocks"]} & IMPOSSIBLE)


def _blocked(plan: x.Plan, number: int, answer: dict[str, Any]) -> bool:
    """Whether a wave that could not start now would rather not than go on without what is not ready."""
    default = "block" if plan.is_drill else "proceed"
    own = plan.waves[number].on_not_ready
    return answer["verdict"] == "no-go" and "block" in {
        own or group["onNotReady"] or default for group in answer["groups"]
    }
