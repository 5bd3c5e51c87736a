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
from events.errors import Corrupt, UnknownFact
from events.verify import Verdict
from projections.catch_up import CaughtUp, catch_up
from projections.sweep import sweep as swept
from projections.table import Rows
from projections.verify import all_verified, touched
from projections.waking import Alarm

SPARE = 30_000
"""Milliseconds left of the function's time when it stops."""
TURN = (5**0.5 - 1) / 2
"""Of a round, from day to day: the golden section leaves no gap for long."""
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
        keys = record["dynamodb"]["Keys"]
        stream_id, version = keys["streamId"]["S"], keys["version"]["N"]
        kind, _, group_id = stream_id.partition("#")
        if record["eventName"] != "INSERT":
            log.error("a commit was changed or removed", stream_id=stream_id, version=version, alarm="commit_changed")
            _judged(touched(_store(), _rows(), stream_id, version))
        if kind == "group" and group_id not in done:
            _told(_caught_up(group_id))
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
    """Every stream is walked from its first commit to its last, as far as the time allows; `after` says how far.

    Each day begins elsewhere, so that what lies behind the time of one day lies before that of another. Time is looked
    at between streams: one that takes longer than `SPARE` may be cut off by Lambda, so the `slowest` is told before.
    """
    after = str(event.get("after") or "")
    answer: dict[str, Any] = {"streams": 0, "faults": 0, "after": "", "slowest": {}}
    slowest, left = 0, context.get_remaining_time_in_millis()
    for place, verdicts in all_verified(_store(), _rows(), after, now().toordinal() * TURN % 1):
        answer["streams"] += len(verdicts)
        answer["faults"] += sum(not _judged(verdict) for verdict in verdicts)
        took, left = left - context.get_remaining_time_in_millis(), context.get_remaining_time_in_millis()
        if took >= slowest:
            slowest, answer["slowest"] = took, {"streamId": place, "milliseconds": took}
        if left < SPARE:
            answer["after"] = place
            log.error("not every stream was verified", after=place, alarm="verification_unfinished")
            break
    log.info("verified", verified=answer)
    return answer


def _caught_up(group_id: str) -> CaughtUp:
    """The group, caught up; what is no news of a deployment under way is told before the record comes back."""
    try:
        return catch_up(_store(), _rows(), group_id, now)
    except UnknownFact:
        raise
    except Corrupt as error:
        log.error("a stream is not what was appended", alarm="chain", stream_id=f"group#{group_id}", why=str(error))  # noqa: TRY400  `each` tells where
        raise


def _judged(verdict: Verdict) -> bool:
    if not verdict.ok:
        log.error("a stream is not what was appended", alarm="chain", **asdict(verdict))
    return verdict.ok


def _told(found: CaughtUp) -> CaughtUp:
    if found.alarm:
        log.error("fold and commit disagree", group_id=found.group_id, reason=found.alarm, alarm="fold")
    if found.failed:
        log.error("a group was not caught up", group_id=found.group_id, reason=found.failed)
    if found.wake_at:
        _alarm().wake(found.group_id, found.wake_at)
    if found.moved:
        log.info("projected", group_id=found.group_id, version=found.version)
    return found
