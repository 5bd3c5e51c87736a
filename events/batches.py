"""A batch of records, as Lambda hands it over from a queue or a stream: what fails comes back, the rest is done.

Source: AWS Lambda Developer Guide, reporting batch item failures: of a stream, Lambda goes on at the earliest of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

log = Logger(child=True)
Record = Mapping[str, Any]


def each(event: Mapping[str, Any], work: Callable[[Record], None]) -> dict[str, list[dict[str, str]]]:
    """Every record is worked on, whatever becomes of the others; the answer names those that failed."""
    failed = [_identifier(record) for record in event["Records"] if not _done(record, work)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _done(record: Record, work: Callable[[Record], None]) -> bool:
    try:
        work(record)
    except Exception:
        log.exception("a record comes back", record=_identifier(record))
        return False
    return True


def _identifier(record: Record) -> str:
    """A message's id, or a stream record's sequence number."""
    return str(record.get("messageId") or record["dynamodb"]["SequenceNumber"])
