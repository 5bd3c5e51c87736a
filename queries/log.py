"""The event table by time: one day of it, newest first, through the index ``audit``; eventually consistent.

A filter is read by DynamoDB before it answers, a megabyte at a time: what does not fit is paid for, but not sent.
Source: Amazon DynamoDB Developer Guide, Query (FilterExpression, pagination), global secondary indexes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from events.commits import unpack
from events.dynamodb import AUDIT_INDEX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Place = tuple[str, str, int]
"""Where a commit stands in its day: recordedAt, streamId, version."""
_TEXTS = ("recordedAt", "command", "commandId", "actor", "via", "correlationId", "causationId")


@dataclass(frozen=True, slots=True)
class Only:
    """What DynamoDB itself can choose by; None chooses all."""

    actor: str | None = None
    group_id: str | None = None
    execution_id: str | None = None

    def expression(self) -> tuple[str, dict[str, Any]]:
        """A FilterExpression and its values; empty if there is nothing to choose by."""
        texts: dict[str, tuple[str, dict[str, str]]] = {
            "actor": ("actor = :actor", {":actor": self.actor or ""}),
            "group_id": ("streamId = :group", {":group": f"group#{self.group_id}"}),
            "execution_id": (
                "(streamId = :execution OR begins_with(streamId, :waves))",
                {":execution": f"execution#{self.execution_id}", ":waves": f"wave#{self.execution_id}#"},
            ),
        }
        chosen = [texts[name] for name in texts if getattr(self, name) is not None]
        values = {key: {"S": text} for _, each in chosen for key, text in each.items()}
        return " AND ".join(clause for clause, _ in chosen), values


@dataclass(frozen=True, slots=True)
class Line:
    """One commit as the index holds it."""

    stream_id: str
    version: int
    texts: Mapping[str, str]
    types: tuple[str, ...]
    packed: bytes

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.texts["recordedAt"], self.stream_id, self.version

    def facts(self) -> bytes:
        """Its facts as canonical JSON.

        Raises:
            Corrupt: a byte of them is not the one that was written.
        """
        return unpack(self.packed)


class Log:
    """The index of the event table ``table``, through a boto3 DynamoDB ``client``."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def day(
        self, day: str, between: tuple[str, str], only: Only, after: Place | None = None, limit: int | None = None
    ) -> tuple[list[Line], Place | None]:
        """One Query of the commits of a day between two times, newest first, behind ``after``; and where to go on.

        Without ``limit`` as many as a megabyte holds. It may give none and yet say where to go on.
        """
        clause, values = only.expression()
        more: dict[str, Any] = {"FilterExpression": clause} if clause else {}
        if after:
            more["ExclusiveStartKey"] = _key(day, after)
        if limit and not clause:
            more["Limit"] = limit
        bounds = {":day": {"S": day}, ":since": {"S": between[0]}, ":until": {"S": between[1]}}
        page = self._client.query(
            TableName=self._table,
            IndexName=AUDIT_INDEX,
            KeyConditionExpression="#bucket = :day AND recordedAt BETWEEN :since AND :until",
            ExpressionAttributeNames={"#bucket": "bucket"},  # one of the words that DynamoDB keeps for itself
            ExpressionAttributeValues={**bounds, **values},
            ScanIndexForward=False,
            **more,
        )
        last = page.get("LastEvaluatedKey")
        return [_line(item) for item in page["Items"]], _place(last) if last else None


def _key(day: str, place: Place) -> dict[str, Any]:
    recorded_at, stream_id, version = place
    return {
        "bucket": {"S": day},
        "recordedAt": {"S": recorded_at},
        "streamId": {"S": stream_id},
        "version": {"N": str(version)},
    }


def _place(item: Mapping[str, Any]) -> Place:
    return item["recordedAt"]["S"], item["streamId"]["S"], int(item["version"]["N"])


def _line(item: Mapping[str, Any]) -> Line:
    _, stream_id, version = _place(item)
    texts = {name: item[name]["S"] for name in _TEXTS}
    types = tuple(name["S"] for name in item["eventTypes"]["L"])
    return Line(stream_id, version, texts, types, item["events"]["B"])
