"""Waking whoever is due: a message on the work queue, delayed until then. And whoever is to look at a wave."""

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HEAD_START, LONGEST = 2, 900
"""Seconds. Whoever commanded applies what is due, too, and is not to be overtaken by the doorbell of its own commit.
SQS delays a message by at most 15 minutes; what is due later is woken by the sweep."""


class Alarm:
    """The work queue. ``sqs`` is a boto3 client."""

    def __init__(self, sqs: "SQSClient", queue_url: str, now: Callable[[], datetime]) -> None:
        self._sqs, self._queue_url, self._now = sqs, queue_url, now

    def wake(self, group_id: str, at: datetime) -> bool:
        """Whether a message is on its way; not if the time is too far off."""
        delay = max(HEAD_START, ceil((at - self._now()).total_seconds()))
        if delay > LONGEST:
            return False
        self._send({"groupId": group_id}, delay)
        return True

    def watch(self, wave: str) -> None:
        """Somebody looks at the recovery jobs of a wave: ``exec-1#0``."""
        self._send({"wave": wave}, 0)

    def _send(self, message: dict[str, str], delay: int) -> None:
        body = orjson.dumps(message).decode()
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body, DelaySeconds=delay)
