"""A group's history, of its own stream, newest first: whatever cannot be read of it hides nothing else."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from events import shown_commits
from events.commits import Commit
from events.doors import Json
from events.errors import Corrupt, Refused, Unreadable
from events.lookback import last_of
from events.moments import iso
from events.shown_commits import DEFINING
from events.streams import GROUP, Store
from queries.answers import Answers
from queries.changes import Read, changed, fitting
from queries.cursors import Cursor, Number, cursor, fingerprint, token
from queries.log import line
from queries.trail import GetHistory, answer, chosen, last_moment, page, within_calendar

AT_ONCE = 10
"""Commits of a stream read in one go: each has its memo with it."""
BEYOND = "1E+125"
"""A version that no commit has."""


class InStream(Cursor):
    """Below which version a history goes on."""

    before: Number


def history(answers: Answers, question: GetHistory) -> Json:
    """What has happened to one group, with `changes` where its definition changed."""
    store = answers.store()
    begun = cursor(InStream, question.next_token, question) if question.next_token is not None else None
    as_of, before = (begun.as_of, begun.before) if begun else _newest(answers, store, question)
    entries, last = page(_stream(store, question, before, as_of), question, answers.now)
    more = InStream(question=fingerprint(question), as_of=as_of, before=last) if last else None
    return {
        "groupId": question.group_id,
        **answer(entries, question, answers.roles),
        "asOf": iso(as_of),
        "nextToken": more and token(more),
    }


def _newest(answers: Answers, store: Store, question: GetHistory) -> tuple[datetime, str]:
    """The moment of a history's first page, and a version that follows its last commit."""
    stream_id, as_of = GROUP.stream_id(question.group_id), last_moment(question, answers.now())
    try:
        head = store.head(stream_id)
        last = last_of(store, stream_id, as_of) if question.until else head
    except Unreadable:
        return as_of, BEYOND
    if head is None:
        raise Refused("NOT_FOUND", f"there never was a protection group {question.group_id}", 404, field="groupId")
    if head.intact and not question.until:
        as_of = max(as_of, datetime.fromisoformat(head.recorded_at))
    return as_of, str(last.version + 1 if last else 0)


def _stream(store: Store, question: GetHistory, before: str, as_of: datetime) -> Iterator[tuple[str, Json | None]]:
    """A group's commits below a version: each with its version, and shown if it is asked for.

    What cannot be trusted is shown whatever time it says, and ends nothing.
    """
    since = iso(within_calendar(question.since)) if question.since else ""
    until = iso(as_of) if question.until else "z"
    below = Decimal(before)
    while read := _recent(store, GROUP.stream_id(question.group_id), below):
        found = changed(store, question.group_id, read)
        for one in read:
            entry, below = _entry(one), _version(one)
            if "fault" not in entry and entry["recordedAt"] < since:
                return
            meant = "fault" in entry or entry["recordedAt"] <= until
            yield str(below), _told(question, entry, found.get(entry["version"])) if meant else None


def _recent(store: Store, stream_id: str, below: Decimal) -> list[Read]:
    """The next commits; if one of them is none, one by one, to know which."""
    try:
        return [*_commits(store, stream_id, below, AT_ONCE)]
    except Unreadable:
        return [*_one_by_one(store, stream_id, below)]


def _one_by_one(store: Store, stream_id: str, below: Decimal) -> Iterator[Read]:
    for _ in range(AT_ONCE):
        try:
            found: list[Read] = [*_commits(store, stream_id, below, 1)]
        except Unreadable as damaged:
            found = [damaged]
        if not found:
            return
        yield found[0]
        below = _version(found[0])


def _commits(store: Store, stream_id: str, below: Decimal, limit: int) -> list[Commit]:
    return store.recent(stream_id, below, limit)  # type: ignore[arg-type]  # 1.5, too, if somebody put that there


def _version(one: Read) -> Decimal:
    return Decimal(one.version if isinstance(one, Commit) else one.item["version"]["N"])


def _entry(one: Read) -> Json:
    if isinstance(one, Commit):
        return shown_commits.shown(one)
    return line(one.item).shown(faults=(str(one),)) or {}


def _told(question: GetHistory, entry: Json, changes: list[Json] | Corrupt | None) -> Json | None:
    """An entry with its changes, if it is asked for."""
    if question.actor not in {None, entry["actor"]} and (entry["actor"] or "fault" not in entry):
        return None
    if changes is None or isinstance(changes, Corrupt):
        told = chosen(entry, question, DEFINING if changes else frozenset())
        return {**told, "changesFault": str(changes)} if told and changes else told
    mine = [one for one in changes if question.server_id in {None, one["sourceServerId"]}]
    told = chosen(entry, question, DEFINING if mine else frozenset())
    return {**told, **fitting(mine)} if told else None
