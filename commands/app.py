"""Lambda entry for every command on a group: API Gateway (frontend and automation) and direct calls."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.operations import OPERATIONS, GroupRequest, carry_out
from commands.requests import ResolveProtectionGroup
from commands.service import Service
from events.doors import (
    Caller,
    Json,
    direct_caller,
    direct_fields,
    http_caller,
    http_fields,
    http_headers,
    parse,
)
from events.errors import Refused
from events.rest import rest
from events.telling import told

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
    ("GET", "/protection-groups/<groupId>/resolve", "resolve_protection_group"),
)
log = Logger()


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """One request, by whichever door it came."""
    if isinstance(event, dict) and "httpMethod" in event:
        return http.resolve(event, context)
    try:
        return _direct(event, context)
    except Exception as error:  # noqa: BLE001  a direct caller is answered with the same shape, whatever happens
        return told(error).body()


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _service(account_id: str) -> Service:
    return wiring.service(now, time.sleep, account_id)


def _run(
    request: GroupRequest | ResolveProtectionGroup, caller: Caller, context: LambdaContext, deadline: datetime
) -> Json:
    log.info("command", command=type(request).__name__, via=caller.via, actor=caller.actor, key=caller.key)
    return carry_out(_service(wiring.account_of(context.invoked_function_arn)), request, caller, deadline)


def _direct(event: object, context: LambdaContext) -> Json:
    fields = direct_fields(event)
    model = OPERATIONS.get(str(fields.pop("operation", None)))
    if model is None:
        raise Refused(
            "UNKNOWN_OPERATION",
            f"operation must be one of {', '.join(OPERATIONS)}; questions go to the queries function,"
            " start_wave_recovery to the waves function",
            field="operation",
        )
    caller = direct_caller(fields, context.aws_request_id)
    deadline = now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - SPARE
    return _run(parse(model, fields), caller, context, deadline)


def _http(operation: str, parameters: dict[str, str]) -> tuple[int, Json]:
    event, context = http.current_event.raw_event, http.lambda_context
    fields = http_fields(event, {key: value for key, value in parameters.items() if key != "serverId"})
    if "serverId" in parameters:
        fields["sourceServerIds"] = [parameters["serverId"]]
    if "respond-async" in http_headers(event).get("prefer", ""):
        fields["respondAsync"] = True
    deadline = now() + API_BUDGET
    request = parse(OPERATIONS[operation], fields)
    answer = _run(request, http_caller(event, context.aws_request_id), context, deadline)
    done = 201 if operation == "create_protection_group" and not answer.get("deleted") else 200
    return 202 if answer.get("status") == "pending" else done, answer


http = rest(ROUTES, _http)
