"""Whether what is stored is what was appended: one stream, or all of them, page by page."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from events.doors import Json
from events.errors import Refused
from events.verify import KINDS, Verdict
from projections.verify import all_verified, verified
from queries.answers import Answers
from queries.questions import GroupId, Question

LONGEST = timedelta(seconds=20)
"""After this the answer says where to go on: an API's caller waits for it."""
StreamId = Annotated[str, Field(pattern=rf"^({'|'.join(KINDS)})#.{{1,400}}$")]


class VerifyStreams(Question):
    """`GET /verify`: the stream of a group, any stream by its id, or all behind `after`."""

    group_id: GroupId | None = None
    stream_id: StreamId | None = None
    after: StreamId | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if len([one for one in (self.group_id, self.stream_id, self.after) if one is not None]) > 1:
            raise PydanticCustomError("INVALID_PARAMETER", "ask for one of groupId, streamId and after")
        return self


def verify_streams(answers: Answers, question: VerifyStreams) -> Json:
    """How many streams fit, and of each that does not its first commit that does not, and why."""
    store, rows, began = answers.store(), answers.rows, answers.now()
    one = question.stream_id or (f"group#{question.group_id}" if question.group_id else None)
    if one:
        verdict = verified(store, rows, one)
        if verdict.ok and not verdict.sound:
            raise Refused("NOT_FOUND", f"nothing was ever stored of {one}", 404, streamId=one)
        return _shown([verdict], None)
    verdicts: list[Verdict] = []
    for place, found in all_verified(store, rows, question.after or ""):
        verdicts += found
        if answers.now() - began > LONGEST:
            return _shown(verdicts, place or None)
    return _shown(verdicts, None)


def _shown(verdicts: list[Verdict], after: str | None) -> Json:
    faults = [
        {"streamId": one.stream_id, "soundVersions": one.sound, "version": one.version, "why": one.why}
        for one in verdicts
        if not one.ok
    ]
    commits = sum(one.sound for one in verdicts)
    return {"ok": not faults, "streams": len(verdicts), "commits": commits, "faults": faults, "after": after}
