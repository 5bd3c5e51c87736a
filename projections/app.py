"""Lambda entries of the read model: `project` behind the event table, `sweep`, `watch` and `verify` on schedules."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.batches import Record, each
from events.dynamodb import DynamoStore
from events.verify import Verdict
from projections.catch_up import CaughtUp, catch_up
from projections.sweep import sweep as swept
from projections.table import Rows
from projections.verify import all_verified, verified
from projections.waking import Alarm

SPARE = 30_000
"""Milliseconds left of the function's time when it stops."""
log = Logger()


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _store() -> DynamoStore:
    return DynamoStore(boto3.client("dynamodb"), os.environ["EVENT_TABLE"])


@cache
def _rows() -> Rows:
    return Rows(boto3.resource("dynamodb").Table(os.environ["GROUP_TABLE"]))


@cache
def _alarm() -> Alarm:
    return Alarm(boto3.client("sqs"), os.environ["WORK_QUEUE_URL"], now)


def project(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Each record is a doorbell; within a batch a group is caught up once."""
    done: set[str] = set()

    def ring(record: Record) -> None:
        stream_id = record["dynamodb"]["Keys"]["streamId"]["S"]
        kind, _, group_id = stream_id.partition("#")
        if record["eventName"] != "INSERT":
            log.error("a commit was changed or removed", stream_id=stream_id, alarm="commit_changed")
            _judged(verified(_store(), _rows(), stream_id))
        if kind == "group" and group_id not in done:
            _told(catch_up(_store(), _rows(), group_id, now))
            done.add(group_id)

    return each(event, ring)


def sweep(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Heals lost doorbells and lost messages. How many groups were seen, moved and woken."""
    woken = [_alarm().wake(group_id, now()) for group_id in _rows().due(now())]
    moved = [_told(found).moved for found in swept(_store(), _rows(), now)]
    answer = {"groups": len(moved), "moved": sum(moved), "woken": sum(woken)}
    log.info("swept", swept=answer)
    return answer


def watch(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Every wave that holds a group is looked at: so its claim ends with its jobs, whoever else looks or does not."""
    waves = _rows().waves()
    for wave in waves:
        _alarm().watch(wave)
    return {"waves": waves}


def verify(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Every stream is walked from its first commit to its last, as far as the time allows; `after` says how far."""
    streams, faults, after = 0, 0, str(event.get("after") or "")
    for verdict in all_verified(_store(), _rows(), after):
        streams, faults, after = streams + 1, faults + (not _judged(verdict)), verdict.stream_id
        if context.get_remaining_time_in_millis() < SPARE:
            log.error("not every stream was verified", after=after, alarm="verification_unfinished")
            break
    else:
        after = ""
    answer = {"streams": streams, "faults": faults, "after": after}
    log.info("verified", verified=answer)
    return answer


def _judged(verdict: Verdict) -> bool:
    if not verdict.ok:
        log.error("a stream is not what was appended", alarm="chain", **asdict(verdict))
    return verdict.ok


def _told(found: CaughtUp) -> CaughtUp:
    if found.alarm:
        log.error("fold and commit disagree", group_id=found.group_id, reason=found.alarm, alarm="fold")
    if found.wake_at:
        _alarm().wake(found.group_id, found.wake_at)
    if found.moved:
        log.info("projected", group_id=found.group_id, version=found.version)
    return found
