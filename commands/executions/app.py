"""Lambda entry for executions: start, resume and cancel, through the API or directly."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.executions.control import carry_out
from commands.executions.parts import executions
from commands.executions.requests import CancelExecution, OfExecution, ResumeExecution, StartExecution
from commands.operations import context_of
from events.doors import Caller, Json, direct_caller, direct_fields, http_caller, http_fields, parse
from events.errors import Refused
from events.rest import rest
from events.telling import told

OPERATIONS: dict[str, type[OfExecution]] = {
    "start_execution": StartExecution,
    "resume_execution": ResumeExecution,
    "cancel_execution": CancelExecution,
}
ROUTES = (
    ("POST", "/executions", "start_execution"),
    ("POST", "/executions/<executionId>/resume", "resume_execution"),
    ("POST", "/executions/<executionId>/cancel", "cancel_execution"),
)
log = Logger()


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """One request, by whichever door it came."""
    if isinstance(event, dict) and "httpMethod" in event:
        return http.resolve(event, context)
    try:
        fields = direct_fields(event)
        operation = str(fields.pop("operation", None))
        return _run(operation, fields, direct_caller(fields, context.aws_request_id), context)
    except Exception as error:  # noqa: BLE001  a direct caller is answered with the same shape, whatever happens
        return told(error).body()


def _run(operation: str, fields: Json, caller: Caller, context: LambdaContext) -> Json:
    if operation not in OPERATIONS:
        raise Refused("UNKNOWN_OPERATION", f"operation must be one of {', '.join(OPERATIONS)}", field="operation")
    request = parse(OPERATIONS[operation], fields)
    log.info("command", command=operation, via=caller.via, actor=caller.actor, execution=request.execution_id)
    room = executions(wiring.account_of(context.invoked_function_arn))
    return carry_out(room, request, context_of(request, caller))


def _http(operation: str, parameters: dict[str, str]) -> tuple[int, Json]:
    event, context = http.current_event.raw_event, http.lambda_context
    answer = _run(operation, http_fields(event, parameters), http_caller(event, context.aws_request_id), context)
    return 202 if operation == "start_execution" and not answer["endedAt"] else 200, answer


http = rest(ROUTES, _http)
