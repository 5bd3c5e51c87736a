"""Lambda entry for waves: called directly, by Step Functions or by whoever runs the recovery."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.operations import context_of
from commands.requests import StartWave
from commands.service import Service
from commands.waves import start_wave
from commands.waves.recovery import Recovery
from commands.waves.start import Start
from events.doors import direct_caller, direct_fields, parse
from events.errors import Refused
from events.telling import told

OPERATION = "start_wave_recovery"
log = Logger()


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """``{"operation": "start_wave_recovery", "executionId", "waveNumber", "protectionGroupIds", "isDrill"}``."""
    requested_at = now()
    try:
        answer = start_wave(_start(event, context, requested_at))
    except Exception as error:  # noqa: BLE001  a direct caller is answered with the same shape, whatever happens
        return told(error).body()
    log.info("wave started", wave=answer)
    return answer


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _service(account_id: str) -> Service:
    return wiring.service(now, time.sleep, account_id)


def _start(event: object, context: LambdaContext, requested_at: datetime) -> Start:
    fields = direct_fields(event)
    if fields.pop("operation", None) != OPERATION:
        raise Refused("UNKNOWN_OPERATION", f"operation must be {OPERATION}", field="operation")
    request = parse(StartWave, fields)
    service = _service(wiring.account_of(context.invoked_function_arn))
    before = wiring.configuration_calls()
    return Start(
        service=service,
        recovery=lambda target: Recovery(wiring.clients(target, service.account_id, now)),
        calls=lambda: wiring.configuration_calls() - before,
        request=request,
        context=context_of(request, direct_caller(fields, context.aws_request_id)),
        requested_at=requested_at,
    )
