"""Where buckets are kept: in memory for one process, or as one small item each in DynamoDB for all workers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from commands.aws.limiter import Fill

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FORGET_AFTER = timedelta(hours=1)
"""A bucket that nobody used for so long is full, and its item may go (DynamoDB TTL)."""
_EPOCH, _US = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LOST = "ConditionalCheckFailedException"


class MemoryBuckets:
    """For one process."""

    def __init__(self) -> None:
        self._fills: dict[str, Fill] = {}
        self._lock = Lock()

    def take(self, bucket: str, step: timedelta, now: datetime, latest: datetime) -> Fill | None:
        """See `Buckets`."""
        with self._lock:
            fill = self._fills.get(bucket, Fill(now))
            moved = replace(fill, full_at=max(fill.full_at, now) + step)
            if moved.full_at > latest:
                return None
            self._fills[bucket] = moved
            return moved

    def empty(self, bucket: str, fill: Fill) -> None:
        """See `Buckets`."""
        with self._lock:
            there = self._fills.get(bucket)
            self._fills[bucket] = replace(fill, full_at=max(fill.full_at, there.full_at)) if there else fill

    def look(self, bucket: str) -> Fill | None:
        """See `Buckets`."""
        with self._lock:
            return self._fills.get(bucket)


class DynamoBuckets:
    """An item a bucket, added to without a read: `bucket`, `fullAt`, `slowUntil` (µs), `slowness`, `expiresAt` (s).

    A step is kept to the microsecond: one of 3.3 ms kept as 3 ms would be a tenth more calls than AWS takes.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def take(self, bucket: str, step: timedelta, now: datetime, latest: datetime) -> Fill | None:
        """See `Buckets`. One update while it is in use, one when it was full, a third if somebody else was first."""
        in_use = partial(self._in_use, bucket, step, now, latest)
        if moved := in_use():
            return moved
        return None if now + step > latest else self._from_full(bucket, step, now) or in_use()

    def _in_use(self, bucket: str, step: timedelta, now: datetime, latest: datetime) -> Fill | None:
        values = {":now": _us(now), ":step": step // _US, ":latest": _us(latest - step)}
        return self._update(bucket, "fullAt = fullAt + :step", "fullAt > :now AND fullAt <= :latest", values, now)

    def _from_full(self, bucket: str, step: timedelta, now: datetime) -> Fill | None:
        values = {":now": _us(now), ":full": _us(now + step)}
        return self._update(bucket, "fullAt = :full", "attribute_not_exists(fullAt) OR fullAt <= :now", values, now)

    def empty(self, bucket: str, fill: Fill) -> None:
        """See `Buckets`."""
        until = fill.slow_until or fill.full_at
        slow = {":slowness": fill.slowness, ":until": _us(until)}
        later = "slowness = :slowness, slowUntil = :until"
        values = {":full": _us(fill.full_at), **slow}
        condition = "attribute_not_exists(fullAt) OR fullAt <= :full"
        if not self._update(bucket, f"fullAt = :full, {later}", condition, values, until):
            self._update(bucket, later, "attribute_exists(fullAt)", slow, until)

    def look(self, bucket: str) -> Fill | None:
        """See `Buckets`."""
        found = self._client.get_item(TableName=self._table, Key={"bucket": {"S": bucket}}, ConsistentRead=True)
        return _fill(found["Item"]) if "Item" in found else None

    def _update(self, bucket: str, change: str, condition: str, values: dict[str, int], used: datetime) -> Fill | None:
        """The bucket after the change; None if the condition does not hold."""
        expires = int((used + FORGET_AFTER).timestamp())
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"bucket": {"S": bucket}},
                UpdateExpression=f"SET {change}, expiresAt = :expires",
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"N": str(n)} for name, n in {**values, ":expires": expires}.items()},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _LOST:
                raise
            return None
        return _fill(answer["Attributes"])


def _fill(item: dict[str, Any]) -> Fill:
    slow_until = _moment(item["slowUntil"]) if "slowUntil" in item else None
    return Fill(_moment(item["fullAt"]), int(item.get("slowness", {"N": "1"})["N"]), slow_until)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _US


def _moment(typed: dict[str, str]) -> datetime:
    return _EPOCH + int(typed["N"]) * _US
