"""An execution as it is shown, from its facts alone."""

from typing import Any

from events.executions import Execution, PlannedWave, WaveDone
from events.moments import iso, iso_seconds

Shown = dict[str, Any]


def shown(execution: Execution) -> Shown:
    """What runs, which wave it is at, and how each wave ended. What a wave's servers do is the wave's to show."""
    plan, ended, paused = execution.plan, execution.ended, execution.paused
    waves = plan.waves if plan else ()
    return {
        "executionId": execution.execution_id,
        "planId": plan.plan_id if plan else "",
        "planName": plan.plan_name if plan else "",
        "isDrill": plan.is_drill if plan else None,
        "status": status(execution),
        "currentWave": None if ended else execution.current,
        "pausedBeforeWave": paused.wave if paused and execution.waits else None,
        "pausedAt": iso_seconds(paused.at) if paused and execution.waits else None,
        "readiness": _readiness(execution),
        "waves": [_wave(execution, number, wave) for number, wave in enumerate(waves)],
        "openedAt": iso(execution.opened_at) if execution.opened_at else None,
        "cancelledAt": iso_seconds(execution.cancelled.at) if execution.cancelled else None,
        "endedAt": iso(ended.at) if ended else None,
        "reason": ended.reason if ended else "",
    }


def status(execution: Execution) -> str:
    """One word: `running`, `paused`, `cancelling` (a wave still launches), or how it ended."""
    if execution.ended:
        return execution.ended.ending
    if execution.waits:
        return "paused"
    return "cancelling" if execution.cancelled else "running"


def _readiness(execution: Execution) -> Shown | None:
    gate = execution.checked
    if gate is None:
        return None
    return {
        "checkedAt": iso_seconds(gate.at),
        "shut": gate.shut,
        "verdicts": list(gate.verdicts),
        "reasons": list(gate.reasons),
    }


def _wave(execution: Execution, number: int, wave: PlannedWave) -> Shown:
    done = execution.done.get(str(number))
    begun = execution.begun.get(str(number))
    return {
        "waveNumber": number,
        "waveName": wave.name,
        "protectionGroupIds": list(wave.group_ids),
        "pauseBeforeWave": wave.pause_before,
        "status": done.outcome if done else "running" if begun else "waiting",
        "begunAt": iso(begun) if begun else None,
        **_done(done),
    }


def _done(done: WaveDone | None) -> Shown:
    if done is None:
        return {}
    shown: Shown = {"endedAt": iso(done.at), "launched": done.launched, "total": done.total}
    return {**shown, "refusal": {"code": done.code, "message": done.message} if done.code else None}
