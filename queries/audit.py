"""The audit trail: what was commanded, by whom, through which door, and which facts followed. Newest first.

A group's history is read from its stream, and says per server what a definition changed. The audit log is of all
streams, through an index, day by day: it may lag a moment behind, and the answer says of which moment it is.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from events import shown_commits
from events.commits import Commit
from events.doors import Json
from events.errors import Corrupt, Refused
from events.items import bucket
from events.lookback import at_time, at_version
from events.moments import iso, moment
from events.redaction import redacted
from events.shown_commits import DEFINING
from events.streams import GROUP, Store
from queries.answers import Answers
from queries.cursors import Cursor, cursor, fingerprint, token, wrong
from queries.log import Line, Log, Only, Place
from queries.sheet import sheet
from queries.trail import GetAuditLog, GetHistory, OfTrail, chosen, page

DAYS_BACK = timedelta(days=90)
"""How far back the log goes if nobody says."""
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Nothing was recorded before, nor will be after."""
AT_ONCE = 10
"""Commits of a stream read in one go: each has its memo with it."""
Version = Annotated[int, Field(ge=1, le=10**15)]


class InStream(Cursor):
    """Below which version a history goes on."""

    before: Version


class InLog(Cursor):
    """In which day the log goes on, and behind which commit of it; None is at the day's end."""

    bucket: date
    after: tuple[str, Annotated[str, Field(min_length=1, max_length=400)], Version] | None


def history(answers: Answers, question: GetHistory) -> Json:
    """What has happened to one group, with `changes` where its definition changed."""
    store, id_ = answers.store(), question.group_id
    begun = cursor(InStream, question.next_token, question) if question.next_token is not None else None
    as_of, before = (begun.as_of, begun.before) if begun else _newest(answers, store, question)
    entries, last = page(_stream(store, question, before), question, answers.now)
    more = InStream(question=fingerprint(question), as_of=as_of, before=last) if last else None
    return {
        "groupId": id_,
        **_answer(answers, question, entries),
        "asOf": iso(as_of),
        "nextToken": more and token(more),
    }


def audit_log(answers: Answers, question: GetAuditLog) -> Json:
    """What has happened to everything, until the moment of the first page and back to `from`."""
    begun = cursor(InLog, question.next_token, question) if question.next_token is not None else None
    as_of = begun.as_of if begun else _as_of(answers, question)
    since = _time(question.since) if question.since else as_of - DAYS_BACK
    if since > as_of:
        raise Refused("INVALID_PARAMETER", "from: nothing has happened yet since then", field="from")
    day, after = (begun.bucket, begun.after) if begun else (as_of.date(), None)
    if not since.date() <= day <= as_of.date() or (after and not _stands(after, day, since, as_of)):
        raise wrong()
    walk = _days(answers.log(), question, (iso(since), iso(as_of)), day, after)
    entries, last = page(walk, question, answers.now)
    more = InLog(question=fingerprint(question), as_of=as_of, bucket=last[0], after=last[1]) if last else None
    stated = {"asOf": iso(as_of), "from": iso(since), "nextToken": more and token(more)}
    return {**_answer(answers, question, entries), **stated}


def _newest(answers: Answers, store: Store, question: GetHistory) -> tuple[datetime, int]:
    """The moment of a history's first page, and the version that follows its last commit."""
    as_of, head = _as_of(answers, question), store.head(GROUP.stream_id(question.group_id))
    if head is None:
        raise Refused("NOT_FOUND", f"there never was a protection group {question.group_id}", 404, field="groupId")
    if question.until:
        return as_of, at_time(store, GROUP, as_of, question.group_id).version + 1
    return max(as_of, datetime.fromisoformat(head.recorded_at)), head.version + 1


def _as_of(answers: Answers, question: OfTrail) -> datetime:
    now = answers.now()
    return _time(min(question.until, now) if question.until else now)


def _time(asked: datetime) -> datetime:
    """A time that a calendar has in every zone."""
    return moment(min(max(asked, FIRST), LAST))


def _answer(answers: Answers, question: OfTrail, entries: list[Json]) -> Json:
    """A sheet has no names by which it could be redacted later: it is made of what this caller may see."""
    if question.format == "json":
        return {"entries": entries}
    return {"csv": sheet(redacted(entries, answers.roles), question.server_id)}


def _stands(after: Place, day: date, since: datetime, as_of: datetime) -> bool:
    return iso(since) <= after[0] <= iso(as_of) and bucket(after[0]) == day.isoformat()


def _stream(store: Store, question: GetHistory, before: int) -> Iterator[tuple[int, Json | None]]:
    """A group's commits below a version: each with its version, and shown if it is asked for."""
    since = iso(_time(question.since)) if question.since else ""
    while before > 1 and (commits := store.recent(GROUP.stream_id(question.group_id), before, AT_ONCE)):
        changed = _changed(store, question, commits)
        for commit in commits:
            if commit.recorded_at < since:
                return
            yield commit.version, _told(question, commit, changed.get(commit.version))
        before = commits[-1].version


def _changed(store: Store, question: GetHistory, commits: list[Commit]) -> dict[int, list[Json]]:
    """What each of these commits changed of the definition, by version: folded on from before the first that did."""
    defining = [commit.version for commit in commits if DEFINING & {*commit.event_types}]
    if not defining:
        return {}
    # debt(time): what another fold version wrote is folded from the start, once for every such ten commits
    stream = at_version(store, GROUP, defining[-1] - 1, question.group_id)
    found: dict[int, list[Json]] = {}
    for commit in (commit for commit in reversed(commits) if commit.version >= defining[-1]):
        after = stream.follow(commit)
        if commit.version in defining:
            changes = shown_commits.changes(stream.state, after.state)
            found[commit.version] = [one for one in changes if question.server_id in {None, one["sourceServerId"]}]
        stream = after
    return found


def _told(question: GetHistory, commit: Commit, changes: list[Json] | None) -> Json | None:
    if question.actor not in {None, commit.actor}:
        return None
    entry = chosen(shown_commits.shown(commit), question, DEFINING if changes else frozenset())
    return {**entry, "changes": changes} if entry and changes is not None else entry


def _days(
    log: Log, question: GetAuditLog, bounds: tuple[str, str], day: date, after: Place | None
) -> Iterator[tuple[tuple[date, Place | None], Json | None]]:
    """The commits of all days from ``day`` back; after each, and each Query, where it stands."""
    only = Only(question.actor, question.group_id, question.execution_id)
    narrow = question.server_id or question.type
    first = date.fromisoformat(bucket(bounds[0]))
    while day >= first:
        lines, after = log.day(day.isoformat(), bounds, only, after, None if narrow else question.limit)
        for line in lines:
            yield (day, line.place), _shown(line, question)
        if after is None:
            if day == first:
                return
            day -= timedelta(days=1)
        yield (day, after), None


def _shown(line: Line, question: GetAuditLog) -> Json | None:
    """A commit whose facts cannot be read hides nothing else, and is not hidden: `GET /verify` says more of it."""
    if question.type and question.type not in line.types:
        return None
    try:
        facts = line.facts()
    except Corrupt as error:
        return {**shown_commits.entry(line.stream_id, line.version, line.texts, b"[]"), "fault": str(error)}
    if question.server_id and question.server_id.encode() not in facts:
        return None
    return chosen(shown_commits.entry(line.stream_id, line.version, line.texts, facts), question)
