"""Streams against their own chains, and against those who saw them: the row of a group, and streams that name others.

A chain does not show that its end was taken away, or that it was written anew under hashes of its own: a group's row
has seen both. A stream that is gone, or is not listed by its first commit, is still named: a group by its roster and
waves, a roster and a wave by groups, an execution by its waves, a wave by its execution.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from events.commits import Commit, unpack
from events.errors import MISREAD, Corrupt
from events.executions import WaveDone
from events.facts import GroupClaimed, ProtectionGroupCreated
from events.rosters import GroupEnrolled
from events.streams import EXECUTION, GROUP, ROSTER, WAVE, Store, Stream
from events.verify import KINDS, Facts, Verdict, verify
from events.waves import WaveClaimed
from projections.catch_up import Table
from projections.row import PROJECTION_VERSION, Row, render


def verified(store: Store, table: Table, stream_id: str) -> Verdict:
    """One stream, and if it is a group's, its row."""
    return _walked(store, table, stream_id)[0]


def touched(store: Store, table: Table, stream_id: str, version: str) -> Verdict:
    """The stream of which a doorbell says that this version was changed or removed: its last is missed by no chain."""
    verdict = verified(store, table, stream_id)
    if verdict.ok and version.isdigit() and int(version) > verdict.sound:
        return replace(verdict, version=int(version), why="it was removed")
    return verdict


def all_verified(store: Store, table: Table, after: str = "", turn: float = 0) -> Iterator[tuple[str, list[Verdict]]]:
    """Every listed stream, and its verdict; behind it those of streams found by the way that are not sound.

    These are named by it and not listed, or listed in another's place: they move no `after`. The order is of kinds, and
    within them of ids: those behind ``after``, or all, begun at the share ``turn`` of them and gone round.
    """
    listed = [(kind, stream_id) for kind in KINDS for stream_id in store.born(kind)]
    ids = [stream_id for kind, stream_id in listed if stream_id.startswith(f"{kind}#")]
    known, found = {*ids}, {stream_id for _, stream_id in listed if not after}
    for stream_id in _behind(ids, after) if after else _round(ids, turn):
        verdict, named = _walked(store, table, stream_id)
        strays = sorted((found | named) - known)
        known.update(strays)
        found = set()
        unsound = [one for stray in strays if not (one := _stray(store, table, stray, stream_id)).ok]
        yield stream_id, [verdict, *unsound]
    if strays := sorted(found - known):
        yield "", [one for stray in strays if not (one := verified(store, table, stray)).ok]


def _behind(ids: list[str], after: str) -> list[str]:
    kinds = [*KINDS]

    def place(stream_id: str) -> tuple[int, str]:
        kind = stream_id.partition("#")[0]
        return kinds.index(kind) if kind in kinds else -1, stream_id

    return [stream_id for stream_id in ids if place(stream_id) > place(after)]


def _round(ids: list[str], turn: float) -> list[str]:
    first = int(turn * len(ids))
    return [*ids[first:], *ids[:first]]


def _stray(store: Store, table: Table, stream_id: str, witness: str) -> Verdict:
    """A stream that is not listed in its place; sound, if it is only too new for that."""
    verdict = verified(store, table, stream_id)
    if verdict.ok and not verdict.sound:
        return replace(verdict, version=1, why=f"{witness} names it, and nothing is stored of it")
    return verdict


# --- what is seen on the way -----------------------------------------------------------------------------------------


@dataclass
class Walk:
    """What a walk shows beside its verdict: the stream as the row saw it, and whom its facts name."""

    row: Row | None
    then: Stream[Any, Any] | None = None
    named: set[str] = field(default_factory=set)

    def __call__(self, stream: Stream[Any, Any], commit: Commit, facts: Facts) -> None:
        """A commit that fits."""
        for fact in facts:
            self.named.update(_named(commit, fact))
        if self.row and self.row.get("version") == stream.version:
            self.then = stream


def _walked(store: Store, table: Table, stream_id: str) -> tuple[Verdict, set[str]]:
    """The row is read first: it has not seen what is appended while the stream is walked."""
    kind, _, group_id = stream_id.partition("#")
    walk = Walk(table.get(group_id) if kind == GROUP.name else None)
    verdict = verify(store, stream_id, walk)
    if walk.row is not None and verdict.ok:
        try:
            verdict = _of_row(verdict, walk.row, walk.then)
        except (*MISREAD, Corrupt):
            verdict = replace(verdict, version=max(verdict.sound, 1), why="the read model was altered: it is no row")
    return verdict, walk.named


def _named(commit: Commit, fact: Any) -> tuple[str, ...]:  # noqa: ANN401  of any stream
    """The streams that there must be, if there is this fact: each was written with it, or before."""
    match fact:
        case GroupEnrolled(group_id=group_id):
            return (GROUP.stream_id(group_id),)
        case ProtectionGroupCreated(definition=definition):
            return (ROSTER.stream_id(definition.account_id, definition.region),)
        case GroupClaimed(wave=wave):
            return (WAVE.stream_id(wave),)
        case WaveClaimed(execution_id=execution_id):
            groups = tuple(GROUP.stream_id(group.group_id) for group in fact.groups)
            by_execution = (commit.actor, commit.command_id) == (f"execution {execution_id}", fact.wave)
            return (*groups, EXECUTION.stream_id(execution_id)) if by_execution else groups
        case WaveDone(wave=number) if fact.total:
            return (WAVE.stream_id(commit.stream_id.partition("#")[2], number),)
        case _:
            return ()


# --- the row as a witness --------------------------------------------------------------------------------------------


def _of_row(verdict: Verdict, row: Row, then: Stream[Any, Any] | None) -> Verdict:
    version: int = row["version"]
    if version > verdict.sound:
        gone = f"the read model saw version {version}: it is gone"
        return replace(verdict, version=verdict.sound + 1, why=gone)
    if then is None or row.get("hash", then.head) != then.head:
        return replace(verdict, version=version, why="the read model was made of another commit of this version")
    if altered := _altered(row, then):
        return replace(verdict, version=version, why=f"the read model was altered: {', '.join(altered)}")
    return verdict


def _altered(row: Row, then: Stream[Any, Any]) -> list[str]:
    """What of a row is not as it was rendered; nothing is said of one that other code rendered."""
    if row["projectionVersion"] != PROJECTION_VERSION:
        return []
    rendered = render(then, datetime.fromisoformat(row["projectedAt"]))
    return sorted(name for name in row.keys() | rendered.keys() if _said(row, name) != _said(rendered, name))


def _said(row: Row, name: str) -> Any:  # noqa: ANN401  an attribute
    """The definition as it was packed: another deflate may pack it otherwise."""
    return unpack(row[name]) if name == "definition" and name in row else row.get(name)
