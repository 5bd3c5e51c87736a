"""What may be asked of the audit trail, and how much of it is one page."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from events.model import ServerId, canonical
from events.moments import moment
from events.redaction import redacted
from events.roles import Role
from events.shown_commits import FACTS, servers_of
from queries.questions import ExecutionId, GroupId, Question, Time
from queries.sheet import rows, sheet

Json = dict[str, Any]
P = TypeVar("P")
LONGEST = timedelta(seconds=2.5)
"""After this a page ends, however little it holds: with the last read under way it takes no more than 3 s."""
LARGEST = 1_000_000
"""Bytes that a page has at most, unless one commit has more; the changes of one commit have no more either. What was
said in one command has 4 MB at most, so that Lambda still answers any single commit (6 MB)."""
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Nothing was recorded before, nor will be after."""


def _known(name: str) -> str:
    if name not in FACTS:
        raise PydanticCustomError("INVALID_PARAMETER", f"must be one of {', '.join(sorted(FACTS))}")
    return name


FactName = Annotated[str, AfterValidator(_known)]


class OfTrail(Question):
    """Newest first. ``server_id`` and ``type`` choose facts, the rest chooses commits. `from` and `to` are included."""

    server_id: ServerId | None = None
    actor: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    type: FactName | None = None
    since: Annotated[Time | None, Field(alias="from")] = None
    until: Annotated[Time | None, Field(alias="to")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    next_token: str | None = None
    format: Literal["json", "csv"] = "json"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise PydanticCustomError("INVALID_PARAMETER", "from must not be after to")
        return self


class GetHistory(OfTrail):
    """`GET /protection-groups/{groupId}/history`: of the group's own stream, consistent."""

    group_id: GroupId


class GetAuditLog(OfTrail):
    """`GET /audit-log`: of every stream, or those of a group, or those of an execution and its waves."""

    group_id: GroupId | None = None
    execution_id: ExecutionId | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if self.group_id and self.execution_id:
            raise PydanticCustomError("INVALID_PARAMETER", "ask for one of groupId and executionId")
        return self


def last_moment(question: OfTrail, now: datetime) -> datetime:
    """The moment of which all pages are."""
    return within_calendar(min(question.until, now) if question.until else now)


def within_calendar(asked: datetime) -> datetime:
    """A time that a calendar has in every zone."""
    return moment(min(max(asked, FIRST), LAST))


def answer(entries: list[Json], question: OfTrail, roles: frozenset[Role]) -> Json:
    """A sheet has no names by which it could be redacted later: it is made of what this caller may see."""
    if question.format == "json":
        return {"entries": entries}
    return {"csv": sheet(redacted(entries, roles), question.server_id)}


def chosen(entry: Json, question: OfTrail, changed: frozenset[str] = frozenset()) -> Json | None:
    """The commit with those facts that are asked for; None if it has none of them, and all of it can be read.

    ``changed``: types of facts that are about the server although they do not name it.
    """
    if question.server_id is None and question.type is None:
        return entry
    facts = [fact for fact in entry["facts"] if _fits(fact, question, changed)]
    return {**entry, "facts": facts} if facts or "fault" in entry else None


def _fits(fact: Json, question: OfTrail, changed: frozenset[str]) -> bool:
    if question.type not in {None, fact["type"]}:
        return False
    return question.server_id is None or fact["type"] in changed or question.server_id in servers_of(fact)


def page(
    walk: Iterable[tuple[P, Json | None]], question: OfTrail, now: Callable[[], datetime]
) -> tuple[list[Json], P | None]:
    """The next entries of a walk and where it stopped; None if it came to its end.

    It stops when there are enough, or too many bytes, or no more time: then perhaps with no entry at all.
    """
    give_up, found, size = now() + LONGEST, list[Json](), 0
    stood: P | None = None
    for place, entry in walk:
        if entry is not None:
            size += _weight(entry, question)
            if found and size > LARGEST:
                return found, stood
            found.append(entry)
        if len(found) == question.limit or now() > give_up:
            return found, place
        stood = place
    return found, None


def _weight(entry: Json, question: OfTrail) -> int:
    if question.format == "json":
        return len(canonical(entry))
    return sum(len(cell) + 1 for row in rows(entry, question.server_id) for cell in row)
