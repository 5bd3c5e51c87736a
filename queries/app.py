"""Lambda entry for every question: API Gateway (frontend and automation) and direct calls."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.doors import Json, direct_fields, parse
from events.dynamodb import DynamoStore
from events.errors import Refused
from events.rest import rest
from events.telling import told
from projections.table import Rows
from queries import questions as ask
from queries import verify, waves
from queries.answers import Answers

OPERATIONS: dict[str, tuple[type[ask.Question], Callable[[Answers, Any], Json]]] = {
    "get_launch_config_status": (ask.GetLaunchConfigStatus, Answers.status),
    "get_protection_group": (ask.GetProtectionGroup, Answers.group),
    "get_server_launch_config": (ask.GetServerLaunchConfig, Answers.server),
    "list_protection_groups": (ask.ListProtectionGroups, Answers.groups),
    "get_wave": (waves.GetWave, waves.wave),
    "get_execution": (waves.GetExecution, waves.execution),
    "verify_streams": (verify.VerifyStreams, verify.verify_streams),
}
ROUTES = (
    ("GET", "/protection-groups", "list_protection_groups"),
    ("GET", "/protection-groups/<groupId>", "get_protection_group"),
    ("GET", "/protection-groups/<groupId>/launch-config-status", "get_launch_config_status"),
    ("GET", "/protection-groups/<groupId>/servers/<serverId>/launch-config", "get_server_launch_config"),
    ("GET", "/waves/<executionId>/<waveNumber>", "get_wave"),
    ("GET", "/executions/<executionId>", "get_execution"),
    ("GET", "/verify", "verify_streams"),
)
NUMBERS, DIGITS = {"minVersion", "limit", "version", "waveNumber"}, 15
log = Logger()


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """One question, by whichever door it came."""
    if isinstance(event, dict) and "httpMethod" in event:
        return http.resolve(event, context)
    try:
        fields = direct_fields(event)
        return _answer(str(fields.pop("operation", None)), fields, context)
    except Exception as error:  # noqa: BLE001  a direct caller is answered with the same shape, whatever happens
        return told(error).body()


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _answers(account_id: str) -> Answers:
    return Answers(
        store=lambda: DynamoStore(boto3.client("dynamodb"), os.environ["EVENT_TABLE"]),
        rows=Rows(boto3.resource("dynamodb").Table(os.environ["GROUP_TABLE"])),
        now=now,
        account_id=account_id,
        region=os.environ["AWS_REGION"],
    )


def _answer(operation: str, fields: Json, context: LambdaContext) -> Json:
    if operation not in OPERATIONS:
        raise Refused("UNKNOWN_OPERATION", f"operation must be one of {', '.join(OPERATIONS)}", field="operation")
    model, answer = OPERATIONS[operation]
    return answer(_answers(context.invoked_function_arn.split(":")[4]), parse(model, fields))


def _http(operation: str, parameters: dict[str, str]) -> tuple[int, Json]:
    asked = {**(http.current_event.raw_event.get("queryStringParameters") or {}), **parameters}
    digits = {key: str(asked[key]) for key in NUMBERS & {*asked} if str(asked[key]).isdecimal()}
    numbers = {key: int(value) for key, value in digits.items() if len(value) <= DIGITS}
    return 200, _answer(operation, {**asked, **numbers}, http.lambda_context)


http = rest(ROUTES, _http)
