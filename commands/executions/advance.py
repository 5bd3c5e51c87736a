"""One step of an execution. Every step may be taken again, by anybody: what was done already is not done twice."""

from typing import Any

import orjson

from commands.executions.gate import checked
from commands.executions.one_wave import started, watched
from commands.executions.requests import RecoveryPlan, StepExecution
from commands.executions.room import Executions, system
from commands.executions.settle import settled
from commands.executions.steps import next_step, outline
from events import executions as x
from events.commits import Context
from events.errors import Refused


def advance(room: Executions, request: StepExecution) -> dict[str, Any]:
    """Takes the step, if it is the next one; answers what comes after it."""
    execution = room.stream(request.execution_id).state
    wait = 0
    if request.step == "open":
        id_ = (request.plan and request.plan.execution_id) or request.execution_id
        execution = opened(room, id_, request.plan, system("OpenExecution", id_))
    elif request.step == "pause":
        execution = _paused(room, request)
    elif request.step == "expire":
        execution = expired(room, request.execution_id, request.wave_number)
    elif request.step == next_step(execution):
        execution, wait = _taken(room, request.step, execution)
    return outline(settled(room, execution), wait)


def _taken(room: Executions, step: str, execution: x.Execution) -> tuple[x.Execution, int]:
    if step == "gate":
        return checked(room, execution), 0
    return started(room, execution) if step == "start" else watched(room, execution)


def opened(room: Executions, execution_id: str, asked: RecoveryPlan | None, context: Context) -> x.Execution:
    """The execution of this plan: a new one, or the one that runs under this name already.

    Raises:
        Refused: another plan was executed under this name.
    """
    if asked is None:
        raise Refused("MISSING_FIELD", "plan: say which waves to run", field="plan")
    plan = asked.plan

    def decide(execution: x.Execution) -> tuple[x.ExecutionFact, ...]:
        if execution.plan == plan:
            return ()
        if execution.plan:
            raise Refused(
                "IDEMPOTENCY_CONFLICT",
                f"execution {execution_id} runs another plan: choose another executionId",
                409,
                field="executionId",
            )
        return (x.ExecutionOpened(execution_id=execution_id, plan=plan, at=room.waves.service.now()),)

    return room.record(execution_id, decide, context)


def expired(room: Executions, execution_id: str, wave: int | None) -> x.Execution:
    """Nobody let it go on in time with this wave."""

    def decide(execution: x.Execution) -> tuple[x.ExecutionFact, ...]:
        reason = "nobody resumed it in time"
        at = room.waves.service.now()
        late = execution.waits and execution.paused is not None and wave in {None, execution.paused.wave}
        return (x.ExecutionCancelled(at=at, reason=reason),) if late else ()

    return room.record(execution_id, decide, system("ExpirePause", execution_id))


def _paused(room: Executions, request: StepExecution) -> x.Execution:
    """It waits from now on; if it has no reason to any more, the task is told to go on at once."""
    token = request.task_token
    if not token:
        raise Refused("MISSING_FIELD", "taskToken: only the state machine pauses", field="taskToken")

    def decide(execution: x.Execution) -> tuple[x.ExecutionFact, ...]:
        if next_step(execution) != "pause" or execution.current is None:
            return ()
        return (x.ExecutionPaused(wave=execution.current, at=room.waves.service.now(), token=token),)

    context = system("PauseExecution", request.execution_id)
    execution = settled(room, room.record(request.execution_id, decide, context))
    if not execution.waits:
        room.machine.go_on(token, orjson.dumps(outline(execution)))
    return execution
