"""A wave: one decision to launch, the evidence it rests on, and the recovery jobs that followed.

Its stream is `wave#<executionId>#<n>`: small, and its own, so that its key lasts for ever.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from events.facts import Code, Text
from events.groups import Hold, Target
from events.model import Model, ServerId
from events.moments import Moment

Path = Literal["fast", "repaired", "proceeded"]


class GroupEvidence(Model):
    """What was known of one group when the wave was decided, and at which version of its stream."""

    group_id: str
    version: int
    status: str
    proved_at: Moment | None = None
    configs_hash: str = ""
    unproved: tuple[ServerId, ...] = ()


class WaveClaimed(Model):
    """The decision: these servers, on this evidence, are launched now. `claimed_by`: the request that made it."""

    type: Literal["WaveClaimed"] = "WaveClaimed"
    execution_id: str
    wave_number: int
    is_drill: bool
    region: str
    path: Path
    groups: tuple[GroupEvidence, ...]
    chunks: tuple[tuple[ServerId, ...], ...]
    until: Moment
    requested_at: Moment
    claimed_by: str
    configuration_calls: int = 0
    target: Target | None = None


class RecoveryJobStarted(Model):
    """AWS took one chunk of servers. `adopted`: the job was found running, its answer had been lost."""

    type: Literal["RecoveryJobStarted"] = "RecoveryJobStarted"
    chunk: int
    job_id: str
    accepted_at: Moment
    adopted: bool = False


class RecoveryRefused(Model):
    """AWS refused to start a chunk: the wave is over, its claim is given back."""

    type: Literal["RecoveryRefused"] = "RecoveryRefused"
    chunk: int
    code: Code
    message: Text
    at: Moment


class LaunchResumed(Model):
    """Somebody takes over a launch whose caller went silent; whoever appends this is the only one to call AWS."""

    type: Literal["LaunchResumed"] = "LaunchResumed"
    by: str


WaveFact = LaunchResumed | WaveClaimed | RecoveryJobStarted | RecoveryRefused
WAVE_FACTS: TypeAdapter[WaveFact] = TypeAdapter(Annotated[WaveFact, Field(discriminator="type")])


class Wave(Model):
    """A wave as its facts left it. `claim` is None before it was decided."""

    claim: WaveClaimed | None = None
    hold: Hold | None = None
    jobs: dict[str, RecoveryJobStarted] = {}
    refused: RecoveryRefused | None = None

    @property
    def missing(self) -> tuple[int, ...]:
        """The chunks for which no job is known yet."""
        chunks = self.claim.chunks if self.claim else ()
        return tuple(n for n in range(len(chunks)) if str(n) not in self.jobs)


def evolve(wave: Wave, fact: WaveFact) -> Wave:
    """``wave`` after ``fact``."""
    change: dict[str, Any]
    match fact:
        case WaveClaimed(execution_id=execution_id, until=until):
            change = {"claim": fact, "hold": Hold(by=execution_id, until=until)}
        case RecoveryJobStarted(chunk=chunk):
            change = {"jobs": {**wave.jobs, str(chunk): fact}}
        case LaunchResumed():
            change = {}
        case RecoveryRefused():
            change = {"refused": fact}
    return wave.model_copy(update=change)
