"""The event store on DynamoDB, at any endpoint. One item is one commit; no item is ever changed.

Source of the semantics relied on: Amazon DynamoDB Developer Guide, condition expressions (ALL_OLD on failure),
TransactWriteItems (cancellation reasons), read consistency.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from events.commits import Commit
from events.errors import LostRace
from events.items import decode, encode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BORN_INDEX, AUDIT_INDEX = "born", "audit"
_NEW = "attribute_not_exists(streamId)"


class DynamoStore:
    """Commits in the event table ``table``.

    Args:
        client: a boto3 DynamoDB client.
        table: its name; keys ``streamId`` (S) and ``version`` (N), index ``born`` on ``born`` and ``streamId``,
            index ``audit`` on ``bucket`` and ``recordedAt``.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self.reads = 0
        self._client, self._table = client, table

    def head(self, stream_id: str, until: int | None = None) -> Commit | None:
        """The newest commit, of version ``until`` at most: one consistent Query, newest first, limit 1."""
        self.reads += 1
        bound = {":until": {"N": str(until)}} if until is not None else {}
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="streamId = :id AND version <= :until" if bound else "streamId = :id",
            ExpressionAttributeValues={":id": {"S": stream_id}, **bound},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        return decode(page["Items"][0]) if page["Items"] else None

    def append(self, *commits: Commit) -> None:
        """One conditional PutItem, or one transaction of them."""
        if len(commits) == 1:
            self._put(commits[0])
        else:
            self._transact(commits)

    def history(self, stream_id: str, since: int = 1) -> Iterator[Commit]:
        """Every commit from ``since`` on, page by page to the end, consistent."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="streamId = :id AND version >= :since",
            ExpressionAttributeValues={":id": {"S": stream_id}, ":since": {"N": str(since)}},
            ConsistentRead=True,
        )
        for page in pages:
            self.reads += 1
            yield from map(decode, page["Items"])

    def recent(self, stream_id: str, before: int | None, limit: int) -> list[Commit]:
        """The ``limit`` newest commits (of those below version ``before``), newest first, consistent."""
        bound = {":before": {"N": str(before)}} if before is not None else {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="streamId = :id AND version < :before" if bound else "streamId = :id",
            ExpressionAttributeValues={":id": {"S": stream_id}, **bound},
            ScanIndexForward=False,
            ConsistentRead=True,
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        found: list[Commit] = []
        for page in pages:
            self.reads += 1
            found += map(decode, page["Items"])
        return found

    def born(self, kind: str, after: str = "") -> Iterator[str]:
        """The streams of a kind behind ``after``, through the sparse index, by id; eventually consistent."""
        bound = {":after": {"S": after}} if after else {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BORN_INDEX,
            KeyConditionExpression="born = :kind AND streamId > :after" if after else "born = :kind",
            ExpressionAttributeValues={":kind": {"S": kind}, **bound},
        )
        for page in pages:
            for item in page["Items"]:
                yield item["streamId"]["S"]

    def _put(self, commit: Commit) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=encode(commit),
                ConditionExpression=_NEW,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            _lost([commit], [error.response])
        except self._client.exceptions.TransactionConflictException as error:
            raise LostRace(commit.stream_id, None) from error

    def _transact(self, commits: tuple[Commit, ...]) -> None:
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": encode(commit),
                            "ConditionExpression": _NEW,
                            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                        }
                    }
                    for commit in commits
                ]
            )
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            if not any(reason.get("Code") in _RACES for reason in reasons):
                raise
            _lost(commits, reasons)
        except self._client.exceptions.TransactionInProgressException as error:
            raise LostRace(commits[0].stream_id, None) from error


_RACES = {"ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _lost(commits: "tuple[Commit, ...] | list[Commit]", reasons: "list[Any]") -> None:
    """Says who won each version that was taken; returns only if it was this very write, come back by a retry."""
    winners = [decode(reason["Item"]) if reason.get("Item") else None for reason in reasons]
    if all(there and there.hash == ours.hash for there, ours in zip(winners, commits, strict=True)):
        return
    stream_id, winner = next(
        ((ours.stream_id, there) for ours, there in zip(commits, winners, strict=True) if there),
        (commits[0].stream_id, None),
    )
    raise LostRace(stream_id, winner)
