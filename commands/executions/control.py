"""What people ask of executions: start, resume, cancel. Each is recorded first, and may be asked again."""

from typing import Any

import orjson

from commands.executions.advance import opened
from commands.executions.requests import CancelExecution, OfExecution, RecoveryPlan, ResumeExecution, StartExecution
from commands.executions.room import Executions
from commands.executions.settle import settled
from commands.executions.steps import outline
from events import executions as x
from events.commits import Context
from events.errors import Refused
from events.model import canonical
from events.shown_executions import shown

LARGEST = 200_000
"""Bytes of a plan: Step Functions takes 256 KiB."""


def carry_out(room: Executions, request: OfExecution, context: Context) -> dict[str, Any]:
    """The execution as it is after."""
    if isinstance(request, StartExecution):
        return _start(room, request, context)
    if isinstance(request, ResumeExecution):
        return _resume(room, request, context)
    if isinstance(request, CancelExecution):
        return _cancel(room, request.execution_id, context)
    raise TypeError(f"not a request about executions: {request!r}")


def _start(room: Executions, request: StartExecution, context: Context) -> dict[str, Any]:
    """Recorded, then run; one that runs under this name already is joined."""
    fields = request.model_dump(mode="json", exclude_defaults=True, exclude={"request_id", "invoked_by"})
    plan = canonical(fields)
    if len(plan) > LARGEST:
        raise Refused("QUOTA_EXCEEDED", f"the plan is {len(plan)} bytes, {LARGEST} at most: split it", field="waves")
    joined = room.stream(request.execution_id).version > 0
    execution = opened(room, request.execution_id, RecoveryPlan.model_validate_json(plan), context)
    if not execution.ended:
        room.machine.start(request.execution_id, plan)
    return {**shown(execution), "joined": joined}


def _resume(room: Executions, request: ResumeExecution, context: Context) -> dict[str, Any]:
    """Let go on with the wave that it waits before; asked again, the state machine is told again, of that wave only."""
    id_ = request.execution_id

    def decide(execution: x.Execution) -> tuple[x.ExecutionFact, ...]:
        _known(execution, id_)
        paused = execution.paused
        if paused is None or paused.wave != execution.current or execution.cancelled:
            raise Refused("NOT_PAUSED", f"{id_} does not wait for anybody", 409, field="executionId")
        if request.wave_number not in {None, paused.wave}:
            where = f"{id_} is at wave {paused.wave}: it does not wait before wave {request.wave_number}"
            raise Refused("NOT_PAUSED", where, 409, field="waveNumber")
        return (x.ExecutionResumed(wave=paused.wave, at=room.waves.service.now()),) if execution.waits else ()

    execution = room.record(id_, decide, context)
    waves = {execution.paused.wave, None} if execution.paused else {None}
    if not execution.waits and room.resumed_by(id_, context) in waves:
        _go_on(room, execution)
    return shown(execution)


def _cancel(room: Executions, execution_id: str, context: Context) -> dict[str, Any]:
    """No further wave is started. A recovery job cannot be stopped: a wave that launches is seen to its end."""

    def decide(execution: x.Execution) -> tuple[x.ExecutionFact, ...]:
        _known(execution, execution_id)
        if execution.cancelled or execution.ended:
            return ()
        return (x.ExecutionCancelled(at=room.waves.service.now(), reason=f"cancelled by {context.actor}"),)

    execution = settled(room, room.record(execution_id, decide, context))
    _go_on(room, execution)
    return shown(execution)


def _go_on(room: Executions, execution: x.Execution) -> None:
    for token in execution.tokens:
        room.machine.go_on(token, orjson.dumps(outline(execution)))


def _known(execution: x.Execution, execution_id: str) -> None:
    if execution.plan is None:
        raise Refused("NOT_FOUND", f"there is no execution {execution_id}", 404, field="executionId")
