"""Whether a call that was never answered made a job after all: found by the exact servers and the kind of launch."""

from datetime import datetime, timedelta

from commands.waves.jobs import UnseenError
from commands.waves.refusal import Refusal
from commands.waves.start import Waves, WaveStream, claim_of
from events.commits import Context
from events.waves import RecoveryJobStarted

SETTLE = timedelta(seconds=30)
"""How long a wave must be silent before its launch counts as abandoned: longer than a call can hang."""


def adopted(waves: Waves, stream: WaveStream, context: Context) -> WaveStream:
    """The stream with every job that was started but never recorded.

    Raises:
        UnseenError: it cannot be told.
        LostRace: somebody else is at it.
    """
    claim, jobs = claim_of(stream), waves.jobs(stream)
    since, until = claim.requested_at - SETTLE, claim.until
    for chunk in stream.state.missing:
        found = jobs.find(stream.state.servers(chunk), is_drill=claim.is_drill, since=since, until=until)
        if len(found) > 1:
            raise UnseenError(f"{len(found)} jobs for the same servers: {', '.join(found)}")
        if found:
            at = waves.service.now()
            job = RecoveryJobStarted(chunk=chunk, job_id=found[0], accepted_at=at, adopted=True)
            stream = waves.append(stream, context, job)
    return stream


def abandoned(stream: WaveStream, now: datetime) -> bool:
    """Whether whoever starts it has been silent for so long that nothing of theirs can land any more."""
    return now >= datetime.fromisoformat(stream.recorded_at) + SETTLE


def too_late(stream: WaveStream, now: datetime) -> Refusal | None:
    """Why what is missing is not started any more: what was proved when it was claimed may not hold now."""
    if not stream.state.starting or now < claim_of(stream).until - SETTLE:
        return None
    chunk = next(iter(stream.state.missing), 0)  # none is missing if all servers were dropped
    return Refusal(chunk, "CLAIM_EXPIRED", "its claim ran out before it was sent; start a new wave")
