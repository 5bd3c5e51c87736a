"""Lambda entry behind the work queue: one message names one group, and what is due of it is applied."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from commands import wiring
from commands.pump import pump
from commands.service import Service
from events.errors import Refused

SPARE = timedelta(seconds=20)
"""Left of the invocation when the apply must stop: a call can hang, and outcomes must be recorded."""
log = Logger()
queue = BatchProcessor(event_type=EventType.SQS)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401  powertools' partial response
    """A message that fails comes back; one that finds nothing due is done."""
    service = _service(wiring.account_of(context.invoked_function_arn))
    deadline = now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - SPARE

    def work(record: SQSRecord) -> None:
        group_id = orjson.loads(record.body)["groupId"]
        try:
            stream = pump(service, group_id, deadline, cause=record.message_id)
        except Refused as refused:
            log.info("nothing to apply", group_id=group_id, error=refused.code)
        else:
            log.info("applied", group_id=group_id, version=stream.version)

    return process_partial_response(event=event, record_handler=work, processor=queue, context=context)


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _service(account_id: str) -> Service:
    return wiring.service(now, time.sleep, account_id)
