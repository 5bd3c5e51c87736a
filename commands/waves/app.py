"""Lambda entry for waves: the API, direct calls, the state machine's steps, and the platform's own events."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.executions.advance import advance
from commands.executions.parts import executions
from commands.executions.requests import StepExecution
from commands.waves import platform, start_wave
from commands.waves.jobs import UnseenError
from commands.waves.parts import now, start, waves
from commands.waves.readiness import check_readiness
from commands.waves.requests import CheckReadiness, StartWave, WatchWave
from commands.waves.watch import watch
from events.callers import Caller
from events.doors import Json, parse
from events.entry import Asking, Operation, entry
from events.errors import Refused
from events.shown_waves import progress
from events.telling import told

API_BUDGET = 10
"""Seconds of repair behind API Gateway, which gives up after 29 s; a call may hang, and the launch takes its time."""
BROKEN = 500
log = Logger()


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """One request, by whichever door it came. Only the state machine is answered by raising: so it tries again."""
    if isinstance(event, dict) and event.get("operation") == "step_execution":
        return _step(event, context)
    if isinstance(event, dict) and "action" in event:
        return _platform(event, context)
    return _entry(event, context)


def _start(request: StartWave, asking: Asking) -> Json:
    requested_at = now()
    if asking.http is not None:
        request = request.model_copy(update={"budget_seconds": min(request.budget_seconds, API_BUDGET)})
    answer = start_wave(start(asking.account_id, request, asking.caller, requested_at))
    log.info("wave started", wave=answer)
    return answer


def _watch(request: WatchWave, asking: Asking) -> Json:
    room = waves(asking.account_id)
    stream = room.stream(request.execution_id, request.wave_number)
    if not stream.version:
        raise Refused("NOT_FOUND", "there is no such wave: it was never started", 404, field="executionId")
    try:
        return progress(watch(room, stream))
    except UnseenError as error:
        raise Refused("AWS_UNAVAILABLE", f"{error}: try again", 503, retryable=True) from error


def _check(request: CheckReadiness, asking: Asking) -> Json:
    return check_readiness(waves(asking.account_id), request)


OPERATIONS = (
    Operation("start_wave_recovery", StartWave, "operate", _start, ("POST /waves",)),
    Operation("watch_wave", WatchWave, "operate", _watch),
    Operation("check_readiness", CheckReadiness, "view", _check, ("POST /readiness",)),
)
_entry = entry(OPERATIONS)


def _step(event: Json, context: LambdaContext) -> Json:
    """What breaks is raised: Step Functions takes the step again, which is safe. What is refused ends it."""
    fields = {key: value for key, value in event.items() if key != "operation"}
    try:
        answer = advance(executions(wiring.account_of(context.invoked_function_arn)), parse(StepExecution, fields))
    except Refused as no:
        if no.status >= BROKEN:
            raise
        return {"next": "done", "waitSeconds": 0, "ending": "refused", **told(no).body()}
    log.info("step", step=fields.get("step"), execution=answer)
    return answer


def _platform(event: Json, context: LambdaContext) -> Json:
    """The whole state, whatever happens: the platform keeps no copy."""
    state = event.get("state")
    if not isinstance(state, dict):
        return platform.failed({}, told(Refused("MISSING_FIELD", "state: send the whole state", field="state")))
    try:
        return _acted(event, state, context)
    except Exception as error:  # noqa: BLE001  the platform's own contract: no exception
        return platform.failed(state, told(error))


def _acted(event: Json, state: Json, context: LambdaContext) -> Json:
    requested_at, account_id = now(), wiring.account_of(context.invoked_function_arn)
    if event["action"] not in ("start_wave_recovery", "poll_wave_status"):
        raise Refused("UNKNOWN_OPERATION", "action must be start_wave_recovery or poll_wave_status", field="action")
    polled = event["action"] == "poll_wave_status"
    number = state.get("current_wave_number") if polled else event.get("wave_number")
    request = parse(StartWave, platform.request_of(state, number))
    caller = Caller(f"execution {request.execution_id}", "direct", context.aws_request_id)
    asked = start(account_id, request, caller, requested_at)
    if polled:
        return platform.poll(asked, state)
    return platform.start(asked, state, lambda: context.get_remaining_time_in_millis() / 1000)
