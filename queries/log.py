"""The event table by time: one day of it, newest first, through the index ``audit``; eventually consistent.

A filter is read by DynamoDB before it answers, a megabyte at a time: what does not fit is paid for, but not sent.
Source: Amazon DynamoDB Developer Guide, Query (FilterExpression, pagination), global secondary indexes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from events import shown_commits
from events.commits import unpack
from events.dynamodb import AUDIT_INDEX
from events.errors import Corrupt
from events.items import bucket

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Place = tuple[str, str, str]
"""Where a commit stands in its day: recordedAt, streamId, version; the number as it stands there, whatever it is."""
_TEXTS = ("recordedAt", "command", "commandId", "actor", "via", "correlationId", "causationId")
_TYPES = {**dict.fromkeys(_TEXTS, "S"), "eventTypes": "L", "events": "B"}
_DIGITS = 15
"""A number of no more is the same in every JSON."""


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
    """One commit as the index holds it. ``wrong``: what of it is not as it is written."""

    place: Place
    texts: Mapping[str, str]
    types: tuple[str, ...]
    packed: bytes
    wrong: tuple[str, ...] = ()

    def shown(self, naming: str | None = None, faults: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """The commit, with ``faults`` and what else is; None if its facts can be read and do not name this server."""
        why = [*faults, *([f"not as they are written: {', '.join(self.wrong)}"] if self.wrong else [])]
        try:
            facts = unpack(self.packed)
        except Corrupt as error:
            facts, why = b"[]", [*why, str(error)]
        entry = shown_commits.entry(self.place[1], _number(self.place[2]), self.texts, facts, why)
        return None if naming and "fault" not in entry and naming.encode() not in facts else entry


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
        return [line(item) for item in page["Items"]], _place(last) if last else None


def line(item: Mapping[str, Any]) -> Line:
    """A commit of which any attribute but its keys may be missing or of another type: nothing of it is worth a day."""
    wrong = [name for name, kind in _TYPES.items() if kind not in item.get(name, {})]
    texts = {name: "" if name in wrong else item[name]["S"] for name in _TEXTS}
    names = [] if "eventTypes" in wrong else item["eventTypes"]["L"]
    types = tuple(name["S"] for name in names if "S" in name)
    if len(types) < len(names):
        wrong.append("eventTypes")
    if item.get("bucket", {}).get("S", bucket(texts["recordedAt"])) != bucket(texts["recordedAt"]):
        wrong.append("bucket")
    return Line(_place(item), texts, types, b"" if "events" in wrong else item["events"]["B"], tuple(wrong))


def _key(day: str, place: Place) -> dict[str, Any]:
    recorded_at, stream_id, version = place
    return {
        "bucket": {"S": day},
        "recordedAt": {"S": recorded_at},
        "streamId": {"S": stream_id},
        "version": {"N": version},
    }


def _place(item: Mapping[str, Any]) -> Place:
    return item.get("recordedAt", {}).get("S", ""), item["streamId"]["S"], item["version"]["N"]


def _number(version: str) -> int | str:
    """A version as JSON: as a text if it is none."""
    return int(version) if version.removeprefix("-").isdecimal() and len(version) <= _DIGITS else version
