"""The ProtectionGroups table: rows by group, those due, and those of an account by name."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from events.moments import iso
from projections.row import CLAIM_SHARD, DUE_SHARD, Row

DUE_INDEX, NAME_INDEX, CLAIM_INDEX = "due", "names", "claimed"


class Rows:
    """``table`` is a boto3 DynamoDB Table resource."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401  a boto3 resource
        self._table = table

    def get(self, group_id: str) -> Row | None:
        """The row as it is now, by one consistent read."""
        item = self._table.get_item(Key={"groupId": group_id}, ConsistentRead=True).get("Item")
        return _plain(item) if item else None

    def put(self, row: Row, seen: int) -> bool:
        """Whether the row was written: only if the one there is still of version ``seen`` (0: none)."""
        condition = Attr("version").eq(seen) if seen else Attr("groupId").not_exists()
        try:
            self._table.put_item(Item=row, ConditionExpression=condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def due(self, now: datetime) -> Iterator[str]:
        """The groups somebody should have looked at by now."""
        question = Key("dueShard").eq(DUE_SHARD) & Key("nextDueAt").lte(iso(now))
        for item in self._pages(IndexName=DUE_INDEX, KeyConditionExpression=question):
            yield item["groupId"]

    def waves(self) -> list[str]:
        """The waves that hold a group, as their claims name them."""
        claimed = self._pages(IndexName=CLAIM_INDEX, KeyConditionExpression=Key("claimShard").eq(CLAIM_SHARD))
        return sorted({item["claimedBy"] for item in claimed})

    def named(self, account_region: str, limit: int, after: dict[str, str] | None) -> tuple[list[Row], Any]:
        """A page of an account and Region's groups by name, and the key to go on from (None at the end)."""
        start = {"ExclusiveStartKey": after} if after else {}
        page = self._table.query(
            IndexName=NAME_INDEX,
            KeyConditionExpression=Key("accountRegion").eq(account_region),
            Limit=limit,
            **start,
        )
        return [_plain(item) for item in page["Items"]], page.get("LastEvaluatedKey")

    def _pages(self, **question: Any) -> Iterator[Row]:  # noqa: ANN401  Query's arguments
        start: dict[str, Any] = {}
        while True:
            page = self._table.query(**question, **start)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON, with what boto3 makes of it
    """Without boto3's Decimal and Binary: a number in a row is a whole number."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.value if hasattr(value, "value") else value
