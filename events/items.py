"""A commit as an item of the event table, and back: strictly, for what is not as it was written has to show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events.commits import Commit, pack, unpack
from events.errors import Corrupt, Unreadable
from events.moments import iso

DAY = len("2026-11-24")
_TEXTS = {
    "streamId": "stream_id", "command": "command", "commandId": "command_id", "payloadHash": "payload_hash",
    "actor": "actor", "via": "via", "correlationId": "correlation_id", "causationId": "causation_id",
    "recordedAt": "recorded_at", "stateHash": "state_hash", "prevHash": "prev_hash", "hash": "hash",
}  # fmt: skip
_KNOWN = {*_TEXTS, "version", "bucket", "foldVersion", "eventTypes", "events", "state", "born"}
_UNLISTED = {"group": 3, "wave": 2, "roster": 1, "execution": 1}
"""The folds that were in use before commits were listed by their day."""
_LISTED_SINCE = "2026-11-26"
"""From this day on no code was left that did not list them."""


def bucket(recorded_at: str) -> str:
    """The UTC day under which a commit is found again by time: it follows from ``recordedAt``, no hash covers it."""
    return recorded_at[:DAY]


def encode(commit: Commit) -> dict[str, Any]:
    """A commit as a DynamoDB item. The facts are packed JSON, never a native map: no number comes back a Decimal."""
    item: dict[str, Any] = {name: {"S": getattr(commit, field)} for name, field in _TEXTS.items()}
    item |= {
        "version": {"N": str(commit.version)},
        "bucket": {"S": bucket(commit.recorded_at)},
        "foldVersion": {"N": str(commit.fold_version)},
        "eventTypes": {"L": [{"S": name} for name in commit.event_types]},
        "events": {"B": pack(commit.events)},
        "state": {"B": pack(commit.state)},
    }
    return item | ({"born": {"S": commit.born}} if commit.born else {})


def decode(item: Mapping[str, Any]) -> Commit:
    """The commit in a DynamoDB item.

    Raises:
        Unreadable: its attributes are not those that were written.
    """
    try:
        return _decoded(item)
    except (Corrupt, KeyError, TypeError, ValueError) as error:
        place = f"{item['streamId']['S']}: version {item['version']['N']}"
        raise Unreadable(f"{place} cannot be read: {error!s} ({type(error).__name__})", item) from error


def _decoded(item: Mapping[str, Any]) -> Commit:
    if more := {*item} - _KNOWN:
        raise Corrupt(f"it has attributes that no commit has: {', '.join(sorted(more))}")
    commit = Commit(
        **{field: item[name]["S"] for name, field in _TEXTS.items()},
        version=int(item["version"]["N"]),
        fold_version=int(item["foldVersion"]["N"]),
        event_types=tuple(name["S"] for name in item["eventTypes"]["L"]),
        events=_utf8(unpack(item["events"]["B"])),
        state=unpack(item["state"]["B"]),
        born=item["born"]["S"] if "born" in item else None,
    )
    if iso(datetime.fromisoformat(commit.recorded_at)) != commit.recorded_at:
        raise Corrupt("recordedAt is not as it is written")
    if why := _fault_of_listing(commit, item):
        raise Corrupt(why)
    return commit


def _fault_of_listing(commit: Commit, item: Mapping[str, Any]) -> str:
    """The audit log finds a commit by its day, and no hash covers that. The oldest commits were never listed."""
    if "bucket" in item:
        right = item["bucket"] == {"S": bucket(commit.recorded_at)}
        return "" if right else "it is listed under another day than its own"
    old = commit.fold_version <= _UNLISTED.get(commit.stream_id.partition("#")[0], 0)
    return "" if old and commit.recorded_at < _LISTED_SINCE else "it is not listed under its day"


def _utf8(text: bytes) -> bytes:
    text.decode()
    return text
