"""Questions about waves and executions, answered from their own streams: they are small, and read whole in one go."""

from typing import Annotated

from pydantic import Field

from events import shown_executions, shown_waves
from events.doors import Json
from events.errors import Refused
from events.streams import EXECUTION, WAVE, load
from queries.answers import Answers
from queries.questions import ExecutionId, Question


class GetWave(Question):
    """`GET /waves/{executionId}/{waveNumber}`."""

    execution_id: ExecutionId
    wave_number: Annotated[int, Field(ge=0, le=10_000)]


class GetExecution(Question):
    """`GET /executions/{executionId}`."""

    execution_id: ExecutionId


def wave(answers: Answers, question: GetWave) -> Json:
    """The decision, its evidence, the jobs, every server's launch, and how long it took.

    As far as the jobs were last looked at: `recordedAt` says when something of it last changed.
    """
    stream = load(answers.store(), WAVE, question.execution_id, question.wave_number)
    if not stream.version:
        raise Refused(
            "NOT_FOUND",
            f"wave {question.wave_number} of {question.execution_id} was never started",
            404,
            field="executionId",
        )
    return shown_waves.progress(stream)


def execution(answers: Answers, question: GetExecution) -> Json:
    """What runs, which wave it is at, and how each wave ended."""
    stream = load(answers.store(), EXECUTION, question.execution_id)
    if not stream.version:
        raise Refused("NOT_FOUND", f"there is no execution {question.execution_id}", 404, field="executionId")
    return {**shown_executions.shown(stream.state), "version": stream.version, "recordedAt": stream.recorded_at}
