"""The audit log of all streams: what was commanded, by whom, through which door, and which facts followed.

Through an index, day by day, newest first: it may lag a moment behind, and the answer says of which moment it is.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from events.doors import Json
from events.errors import Refused
from events.items import bucket
from events.moments import iso
from queries.answers import Answers
from queries.claims import REFUSED, Claims
from queries.cursors import Cursor, Number, cursor, fingerprint, token, wrong
from queries.log import Line, Only, Place
from queries.trail import GetAuditLog, answer, chosen, last_moment, page, within_calendar

DAYS_BACK = timedelta(days=90)
"""How far back the log goes if nobody says."""
LONGEST_KEY = 2048
"""Bytes of a partition key (Amazon DynamoDB Developer Guide, constraints)."""


class InLog(Cursor):
    """In which day the log goes on, and behind which commit of it; None is at the day's end."""

    bucket: date
    after: tuple[str, Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)], Number] | None


def audit_log(answers: Answers, question: GetAuditLog) -> Json:
    """What has happened to everything, until the moment of the first page and back to `from`."""
    begun = cursor(InLog, question.next_token, question) if question.next_token is not None else None
    as_of = begun.as_of if begun else last_moment(question, answers.now())
    since = within_calendar(question.since) if question.since else as_of - DAYS_BACK
    if since > as_of:
        raise Refused("INVALID_PARAMETER", "from: nothing has happened yet since then", field="from")
    day, after = (begun.bucket, begun.after) if begun else (as_of.date(), None)
    if not since.date() <= day <= as_of.date() or (after and not iso(since) <= after[0] <= iso(as_of)):
        raise wrong()
    walk = _days(answers, question, (iso(since), iso(as_of)), day, after)
    entries, last = page(walk, question, answers.now)
    more = InLog(question=fingerprint(question), as_of=as_of, bucket=last[0], after=last[1]) if last else None
    stated = {"asOf": iso(as_of), "from": iso(since), "nextToken": more and token(more)}
    return {**answer(entries, question, answers.roles), **stated}


def _days(
    answers: Answers, question: GetAuditLog, bounds: tuple[str, str], day: date, after: Place | None
) -> Iterator[tuple[tuple[date, Place | None], Json | None]]:
    """The commits of all days from ``day`` back; after each, and each Query, where it stands."""
    log, claims = answers.log(), Claims(answers.store)
    only = Only(question.actor, question.group_id, question.execution_id)
    narrow = question.server_id or question.type
    first = date.fromisoformat(bucket(bounds[0]))
    while day >= first:
        lines, after = log.day(day.isoformat(), bounds, only, after, None if narrow else question.limit)
        for line in lines:
            yield (day, line.place), _shown(line, question, claims)
        if after is None:
            if day == first:
                return
            day -= timedelta(days=1)
        yield (day, after), None


def _shown(line: Line, question: GetAuditLog, claims: Claims) -> Json | None:
    """A commit that cannot be read hides nothing else, and is not hidden: `GET /verify` says more of it."""
    if question.type and question.type not in line.types and not line.wrong:
        return None
    refused = question.server_id is not None and REFUSED in line.types
    entry = line.shown(None if refused else question.server_id)
    if entry is None:
        return None
    of_all = refused and claims.refused(entry, str(question.server_id))
    return chosen(entry, question, frozenset({REFUSED}) if of_all else frozenset())
