"""Bringing a group's row up to its stream: the one function behind every doorbell, sweep, redrive and rebuild.

Nothing is concluded from the record that rang: the row says how far it is, the stream says what came since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from events.errors import Corrupt
from events.facts import GroupFact
from events.groups import Group
from events.streams import GROUP, Store, Stream, remembered
from projections.row import PROJECTION_VERSION, Row, render

ATTEMPTS = 5


class Table(Protocol):
    """The read model, as far as projecting goes."""

    def get(self, group_id: str) -> Row | None:
        """The row as it is now."""

    def put(self, row: Row, seen: int) -> bool:
        """Whether it was written over version ``seen`` (0: none)."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came of it. `wake_at`: somebody must look at the group then. `alarm`: fold and memo disagree."""

    group_id: str
    version: int
    moved: bool
    wake_at: datetime | None = None
    alarm: str = ""


def catch_up(store: Store, table: Table, group_id: str, now: Callable[[], datetime]) -> CaughtUp:
    """Folds what the row has not seen and puts the row, if it is still the one that was read.

    Raises:
        Corrupt: the versions have a hole, or a commit is damaged; nothing is written, the record rings again.
        UnknownFact: written by newer code; the same.
    """
    for _ in range(ATTEMPTS):
        row = table.get(group_id)
        seen = row["version"] if row else 0
        stream, alarm = _folded(store, group_id, row)
        if stream.version == 0:
            return CaughtUp(group_id, 0, moved=False)
        if row and stream.version == seen and row["projectionVersion"] == PROJECTION_VERSION:
            return CaughtUp(group_id, seen, moved=False)
        fresh = render(stream, now())
        if table.put(fresh, seen):
            return CaughtUp(group_id, stream.version, moved=True, wake_at=_wake(row, fresh), alarm=alarm)
    return CaughtUp(group_id, seen, moved=False)


def _folded(store: Store, group_id: str, row: Row | None) -> tuple[Stream[Group, GroupFact], str]:
    """The stream at its head, and what is wrong with its memo.

    It is folded from the memo at the row's version if the row was made of that very state, else from the first fact:
    a memo that was wrong once does not come into the row by what is written on top of it.
    """
    stream_id, seen = GROUP.stream_id(group_id), row["version"] if row else 0
    stream = Stream(GROUP, stream_id, GROUP.initial())
    head = None
    for commit in store.history(stream_id, since=max(seen, 1)):
        head = commit
        if commit.version != seen:
            stream = stream.follow(commit)
        elif row and commit.fold_version == GROUP.fold_version and commit.state_hash == row["stateHash"]:
            stream = remembered(GROUP, commit)
        else:
            return _folded(store, group_id, None)
    if seen and (head is None or stream.version < seen):
        raise Corrupt(f"{stream_id}: the row is at version {seen}, the stream at {stream.version}")
    if head and head.fold_version == GROUP.fold_version and stream.state_hash() != head.state_hash:
        return stream, f"{stream_id}: version {head.version} folds to another state than was written"
    return stream, ""


def _wake(before: Row | None, after: Row) -> datetime | None:
    """When to wake somebody: only news is worth a message, what was said before is on its way."""
    due = after.get("nextDueAt")
    if due is None or (before and before.get("nextDueAt") == due):
        return None
    return datetime.fromisoformat(due)
