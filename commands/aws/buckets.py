"""Where buckets are kept: in memory for one process, or as one small item each in DynamoDB for all workers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from commands.aws.limiter import Fill

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FORGET_AFTER = timedelta(hours=1)
"""A bucket that nobody used for so long is full, and its item may go (DynamoDB TTL)."""
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
    """An item a bucket, added to without a read: `bucket`, `fullAt`, `slowUntil` (ms), `slowness`, `expiresAt` (s)."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def take(self, bucket: str, step: timedelta, now: datetime, latest: datetime) -> Fill | None:
        """See `Buckets`. One update while the bucket is in use, a second one when it was full."""
        values = {":now": _ms(now), ":step": round(step / timedelta(milliseconds=1)), ":latest": _ms(latest - step)}
        in_use = "fullAt > :now AND fullAt <= :latest"
        moved = self._update(bucket, "fullAt = fullAt + :step", in_use, values, now)
        return moved or self._from_full(bucket, now, step, latest)

    def _from_full(self, bucket: str, now: datetime, step: timedelta, latest: datetime) -> Fill | None:
        if now + step > latest:
            return None
        values = {":now": _ms(now), ":full": _ms(now + step)}
        return self._update(bucket, "fullAt = :full", "attribute_not_exists(fullAt) OR fullAt <= :now", values, now)

    def empty(self, bucket: str, fill: Fill) -> None:
        """See `Buckets`."""
        until = fill.slow_until or fill.full_at
        slow = {":slowness": fill.slowness, ":until": _ms(until)}
        later = "slowness = :slowness, slowUntil = :until"
        values = {":full": _ms(fill.full_at), **slow}
        condition = "attribute_not_exists(fullAt) OR fullAt <= :full"
        if not self._update(bucket, f"fullAt = :full, {later}", condition, values, until):
            self._update(bucket, later, "attribute_exists(fullAt)", slow, until)

    def look(self, bucket: str) -> Fill | None:
        """See `Buckets`."""
        found = self._client.get_item(TableName=self._table, Key={"bucket": {"S": bucket}}, ConsistentRead=True)
        return _fill(found["Item"]) if "Item" in found else None

    def _update(self, bucket: str, change: str, condition: str, values: dict[str, int], used: datetime) -> Fill | None:
        """The bucket after the change; None if the condition does not hold."""
        expires = _ms(used + FORGET_AFTER) // 1000
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


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(typed: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(int(typed["N"]) / 1000, UTC)
