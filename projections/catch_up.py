"""Bringing a group's row up to its stream: the one function behind every doorbell, sweep, redrive and rebuild.

Nothing is concluded from the record that rang: the row says how far it is, the stream says what came since.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Protocol

from events.commits import Commit
from events.errors import Corrupt
from events.facts import GroupFact
from events.groups import Group
from events.streams import GROUP, Store, Stream, remembered
from projections.row import PROJECTION_VERSION, Row, render

ATTEMPTS = 5
GroupStream = Stream[Group, GroupFact]


class Table(Protocol):
    """The read model, as far as projecting goes."""

    def get(self, group_id: str) -> Row | None:
        """The row as it is now."""

    def put(self, row: Row, seen: int) -> bool:
        """Whether it was written over version ``seen`` (0: none)."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came of it. `wake_at`: somebody must look at the group then.

    `alarm`: fold and memo disagree, or a commit is not what was appended. `failed`: something else was in the way.
    """

    group_id: str
    version: int
    moved: bool
    wake_at: datetime | None = None
    alarm: str = ""
    failed: str = ""


def catch_up(store: Store, table: Table, group_id: str, now: Callable[[], datetime]) -> CaughtUp:
    """Folds what the row has not seen and puts the row, if it is still the one that was read.

    Raises:
        Corrupt: the versions have a hole, or a commit is not the one that was appended, or not the one that the row was
            made of; nothing is written, the record rings again.
        UnknownFact: written by newer code; the same.
    """
    for _ in range(ATTEMPTS):
        row = table.get(group_id)
        seen = row["version"] if row else 0
        stream, alarm = _folded(store, GROUP.stream_id(group_id), row)
        if stream is None or stream.version == 0:
            return CaughtUp(group_id, seen, moved=False)
        fresh = render(stream, now())
        if table.put(fresh, seen):
            return CaughtUp(group_id, stream.version, moved=True, wake_at=_wake(row, fresh), alarm=alarm)
    return CaughtUp(group_id, seen, moved=False)


def _folded(store: Store, stream_id: str, row: Row | None) -> tuple[GroupStream | None, str]:
    """The stream at its head, and what is wrong with its memo; None if the row says it all.

    It is folded from the memo at the row's version if the row was made of that very state, else from the first fact:
    a memo that was wrong once does not come into the row by what is written on top of it.
    """
    if row is None:
        return _followed(Stream(GROUP, stream_id, GROUP.initial()), store.history(stream_id))
    commits = store.history(stream_id, since=row["version"])
    seen, more = _seen(stream_id, next(commits, None), row), next(commits, None)
    if more is None and row["projectionVersion"] == PROJECTION_VERSION:
        return None, ""
    if seen.fold_version != GROUP.fold_version or seen.state_hash != row["stateHash"]:
        return _folded(store, stream_id, None)
    return _followed(remembered(GROUP, seen), chain([more], commits) if more else ())


def _seen(stream_id: str, commit: Commit | None, row: Row) -> Commit:
    """The commit that the row was made of; the row stays as it is, and bears witness, if that was taken or replaced."""
    if commit is None or commit.version != row["version"]:
        raise Corrupt(f"{stream_id}: the row is at version {row['version']}, which is gone")
    if commit.hash != commit.expected_hash() or commit.hash != row.get("hash", commit.hash):
        raise Corrupt(f"{stream_id}: version {commit.version} is not the one that the row was made of")
    return commit


def _followed(stream: GroupStream, commits: Iterable[Commit]) -> tuple[GroupStream, str]:
    head = None
    for head in commits:
        stream = stream.follow(head)
    if head and head.fold_version == GROUP.fold_version and stream.state_hash() != head.state_hash:
        return stream, f"{stream.stream_id}: version {head.version} folds to another state than was written"
    return stream, ""


def _wake(before: Row | None, after: Row) -> datetime | None:
    """When to wake somebody: only news is worth a message, what was said before is on its way."""
    due = after.get("nextDueAt")
    if due is None or (before and before.get("nextDueAt") == due):
        return None
    return datetime.fromisoformat(due)
