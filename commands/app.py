"""Lambda entry for every command on a group: API Gateway (frontend and automation) and direct calls."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.operations import OPERATIONS, GroupRequest, carry_out
from commands.service import Service
from events.doors import Caller, Json, direct_caller, direct_fields, http_caller, http_fields, parse, refusal
from events.errors import PreflightError, Refused
from events.rest import rest

API_BUDGET = timedelta(seconds=25)
"""API Gateway gives up after 29 s: what is not applied by then goes on behind the queue, and the answer is 202."""
SPARE = timedelta(seconds=15)
"""Left of a direct call's time when its apply must stop: a call can hang, and an answer takes time."""
ROUTES = (
    ("POST", "/protection-groups", "create_protection_group"),
    ("PUT", "/protection-groups/<groupId>", "update_protection_group"),
    ("DELETE", "/protection-groups/<groupId>", "delete_protection_group"),
    ("POST", "/protection-groups/<groupId>/servers", "add_servers_to_group"),
    ("DELETE", "/protection-groups/<groupId>/servers/<serverId>", "remove_servers_from_group"),
    ("POST", "/protection-groups/<groupId>/apply-launch-configs", "apply_launch_configs"),
)
log = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One request, by whichever door it came."""
    if "httpMethod" in event:
        return http.resolve(event, context)
    try:
        return _direct(event, context)
    except PreflightError as error:
        refused = refusal(error)
        log.warning("refused", error=refused.code, reason=refused.message)
        return refused.body()


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _service(account_id: str) -> Service:
    return wiring.service(now, time.sleep, account_id)


def _run(request: GroupRequest, caller: Caller, context: LambdaContext, deadline: datetime) -> Json:
    log.info("command", command=type(request).__name__, via=caller.via, actor=caller.actor, key=caller.key)
    return carry_out(_service(wiring.account_of(context.invoked_function_arn)), request, caller, deadline)


def _direct(event: dict[str, Any], context: LambdaContext) -> Json:
    model = OPERATIONS.get(str(event.get("operation")))
    if model is None:
        raise Refused(
            "UNKNOWN_OPERATION",
            f"operation must be one of {', '.join(OPERATIONS)}; questions go to the queries function,"
            " start_wave_recovery to the waves function",
            field="operation",
        )
    fields = direct_fields(event)
    caller = direct_caller(fields, context.aws_request_id)
    deadline = now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - SPARE
    return _run(parse(model, fields), caller, context, deadline)


def _http(operation: str, parameters: dict[str, str]) -> tuple[int, Json]:
    event, context = http.current_event.raw_event, http.lambda_context
    fields = http_fields(event, {key: value for key, value in parameters.items() if key != "serverId"})
    if "serverId" in parameters:
        fields["sourceServerIds"] = [parameters["serverId"]]
    prefer = {name.lower(): value for name, value in (event.get("headers") or {}).items()}.get("prefer", "")
    if "respond-async" in prefer:
        fields["respondAsync"] = True
    deadline = now() + API_BUDGET
    request = parse(OPERATIONS[operation], fields)
    answer = _run(request, http_caller(event, context.aws_request_id), context, deadline)
    done = 201 if operation == "create_protection_group" else 200
    return 202 if answer.get("status") == "pending" else done, answer


http = rest(ROUTES, _http)
