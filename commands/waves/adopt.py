"""Whether a call that was never answered made a job after all: found by the exact servers and the kind of launch."""

from datetime import datetime, timedelta

from commands.waves.job import Job
from commands.waves.jobs import UnseenError
from commands.waves.refusal import Refusal
from commands.waves.start import Waves, WaveStream, claim_of
from events.commits import Context
from events.waves import RecoveryJobStarted, WaveClaimed

SETTLE = timedelta(seconds=30)
"""How long a wave must be silent before its launch counts as abandoned: longer than a call can hang."""
SKEW = timedelta(seconds=5)
"""By how much AWS's clock may be behind ours."""
CANCELLED = "CANCELLED"


def resolved(
    waves: Waves, stream: WaveStream, context: Context, *, cancelled: bool = False
) -> tuple[WaveStream, Refusal | None]:
    """The stream with whatever AWS took of an abandoned launch; and why the rest is not started any more, if so.

    Raises:
        UnseenError: it cannot be told yet.
        LostRace: somebody else is at it.
    """
    now, late = waves.service.now(), too_late(stream, waves.service.now())
    try:
        stream = adopted(waves, stream, context)
    except UnseenError as error:
        if late is None:
            raise
        unknown = f"its claim ran out, and whether AWS started it could not be seen: {error}; look at DRS's jobs"
        return stream, Refusal(late.chunk, "LAUNCH_UNKNOWN", unknown)
    if cancelled and stream.state.starting:
        return stream, Refusal(_missing(stream), CANCELLED, "it was cancelled before AWS had started it")
    return stream, too_late(stream, now)


def adopted(waves: Waves, stream: WaveStream, context: Context) -> WaveStream:
    """The stream with every job that was started but never recorded. Raises as `resolved`."""
    claim, jobs = claim_of(stream), waves.jobs(stream)
    for chunk in stream.state.missing:
        servers = stream.state.servers(chunk)
        found = [job.job_id for job in jobs.begun(_since(claim), claim.until) if job.fits(servers, claim.is_drill)]
        if len(found) > 1:
            raise UnseenError(f"{len(found)} jobs for the same servers: {', '.join(found)}")
        if found:
            at = waves.service.now()
            job = RecoveryJobStarted(chunk=chunk, job_id=found[0], accepted_at=at, adopted=True)
            stream = waves.append(stream, context, job)
    return stream


def perhaps_ours(stream: WaveStream, chunk: int, running: list[Job]) -> bool:
    """Whether a job that runs may be this chunk's own: then nobody else's is to be made of it."""
    claim = claim_of(stream)
    servers = stream.state.servers(chunk)
    return any(job.fits(servers, claim.is_drill) and job.began >= _since(claim) for job in running)


def abandoned(stream: WaveStream, now: datetime) -> bool:
    """Whether whoever starts it has been silent for so long that nothing of theirs can land any more."""
    return now >= datetime.fromisoformat(stream.recorded_at) + SETTLE


def too_late(stream: WaveStream, now: datetime) -> Refusal | None:
    """Why what is missing is not started any more: what was proved when it was claimed may not hold now."""
    if not stream.state.starting or now < claim_of(stream).until - SETTLE:
        return None
    return Refusal(_missing(stream), "CLAIM_EXPIRED", "its claim ran out before it was sent; start a new wave")


def _missing(stream: WaveStream) -> int:
    return next(iter(stream.state.missing), 0)  # none is missing if all servers were dropped


def _since(claim: WaveClaimed) -> datetime:
    """No job of ours can have begun before its claim."""
    return (claim.claimed_at or claim.requested_at) - SKEW
