"""Lambda entry behind the work queue: a message names a group, to be applied, or a wave, to be looked at."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.pump import pump
from commands.service import Service
from commands.waves.jobs import UnseenError
from commands.waves.parts import now, waves
from commands.waves.start import Waves
from commands.waves.watch import watch
from events.batches import Record, each
from events.errors import Refused

SPARE = timedelta(seconds=20)
"""Left of the invocation when the apply must stop: a call can hang, and outcomes must be recorded."""
log = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A message that fails comes back; one that finds nothing due is done."""
    here = waves(wiring.account_of(context.invoked_function_arn))
    deadline = now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - SPARE

    def work(record: Record) -> None:
        message = orjson.loads(record["body"])
        if "wave" in message:
            _look(here, message["wave"])
        else:
            _apply(here.service, message["groupId"], deadline, record["messageId"])

    return each(event, work)


def _apply(service: Service, group_id: str, deadline: datetime, cause: str) -> None:
    try:
        stream = pump(service, group_id, deadline, cause=cause)
    except Refused as refused:
        if refused.retryable:  # the race was lost too often; whoever holds the group is no refusal
            raise
        log.info("nothing to apply", group_id=group_id, error=refused.code)
    else:
        log.info("applied", group_id=group_id, version=stream.version)


def _look(here: Waves, wave: str) -> None:
    execution_id, _, number = wave.rpartition("#")
    try:
        stream = watch(here, here.stream(execution_id, int(number)))
    except UnseenError as error:
        log.warning("wave not seen", wave=wave, reason=str(error))
    else:
        log.info("wave seen", wave=wave, version=stream.version, over=stream.state.over)
