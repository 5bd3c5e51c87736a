"""From a claim to recovery jobs: each chunk is started once, whoever finishes it."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from commands.decide import ReleaseGroup
from commands.outcomes import HANG
from commands.waves.recovery import Declined, Recovery, Started, Throttled, Unclear
from commands.waves.start import Start, WaveStream
from events import waves
from events.errors import LostRace, Refused
from events.facts import KEPT_TEXT, cut

TRIES = 5
"""How often a throttled StartRecovery is sent."""
EXPIRED = Declined("CLAIM_EXPIRED", "its claim ran out before it was sent; what was proved then may not hold now")
SETTLE = timedelta(seconds=30)
"""How long a wave must be silent before its launch counts as abandoned: longer than a call can hang."""
Said = Started | Declined | Throttled | Unclear


def launch(start: Start, stream: WaveStream, *, again: bool = False) -> WaveStream:
    """Every chunk that has no job yet is started; one append each.

    ``again``: an earlier call may have arrived after all, so that a conflict may be with our own job.
    """
    claim = stream.state.claim
    assert claim is not None  # noqa: S101  the stream was claimed
    recovery = start.recovery(start.target(claim))
    for chunk in stream.state.missing:
        said = _asked(start, recovery, stream, chunk)
        if isinstance(said, Started):
            started = waves.RecoveryJobStarted(chunk=chunk, job_id=said.job_id, accepted_at=start.service.now())
            stream = _append(start, stream, started)
        elif isinstance(said, Declined) and not (again and said.code == "ConflictException"):
            return _declined(start, stream, chunk, said)
        else:
            raise _unclear(start, said.message)
    return stream


def _asked(start: Start, recovery: Recovery, stream: WaveStream, chunk: int) -> Said:
    """StartRecovery; a throttled call did nothing for sure and is sent again.

    Never so late that it could land after somebody else took the launch over, or after the claim.
    """
    claim = stream.state.claim
    assert claim is not None  # noqa: S101  the stream was claimed
    latest = min(datetime.fromisoformat(stream.recorded_at) + SETTLE, claim.until) - HANG
    said: Said = Throttled("not sent")
    for attempt in range(TRIES):
        if start.service.now() >= latest:
            return Unclear("there was no time left to send it safely")
        said = recovery.start(claim.chunks[chunk], is_drill=claim.is_drill)
        if not isinstance(said, Throttled):
            break
        start.service.pause(attempt + 7, longest=4)
    return said


def resume(start: Start, stream: WaveStream) -> WaveStream:
    """A wave that was claimed before: answered from its stream, and finished if its caller went silent."""
    claim = stream.state.claim
    if claim is None:
        return stream
    _same(start, claim)
    if stream.state.refused:
        _let_go(start, stream)  # again: whoever recorded the refusal may not have come so far
        return stream
    if not stream.state.missing:
        return stream
    if start.service.now() < datetime.fromisoformat(stream.recorded_at) + SETTLE:
        raise _unclear(start, "another call is starting it now")
    try:
        stream = _append(start, stream, waves.LaunchResumed(by=start.context.command_id))
        stream = _adopted(start, stream, claim)
        if stream.state.missing and start.service.now() >= claim.until - SETTLE:
            return _declined(start, stream, stream.state.missing[0], EXPIRED)
        return launch(start, stream, again=True)
    except LostRace as lost:
        raise _unclear(start, "another call is finishing it now") from lost


def _same(start: Start, claim: waves.WaveClaimed) -> None:
    """Refuses to answer one wave with another: a recovery with a drill, these groups with those."""
    if (claim.is_drill, {group.group_id for group in claim.groups}) == (start.request.is_drill, {*start.group_ids}):
        return
    raise Refused(
        "IDEMPOTENCY_CONFLICT",
        f"wave {start.name} was started as a {'drill' if claim.is_drill else 'recovery'} of"
        f" {', '.join(group.group_id for group in claim.groups[:5])}: choose another executionId or waveNumber",
        409,
        field="executionId",
    )


def _adopted(start: Start, stream: WaveStream, claim: waves.WaveClaimed) -> WaveStream:
    """The jobs that were started but never recorded: found by the exact servers and the kind of launch."""
    recovery = start.recovery(start.target(claim))
    for chunk in stream.state.missing:
        found = recovery.find(
            claim.chunks[chunk], is_drill=claim.is_drill, since=claim.requested_at - SETTLE, until=claim.until
        )
        if isinstance(found, Unclear):
            raise _unclear(start, found.message)
        if len(found) > 1:
            raise _unclear(start, f"{len(found)} jobs for the same servers: {', '.join(found)}")
        if found:
            now = start.service.now()
            job = waves.RecoveryJobStarted(chunk=chunk, job_id=found[0], accepted_at=now, adopted=True)
            stream = _append(start, stream, job)
    return stream


def _declined(start: Start, stream: WaveStream, chunk: int, said: Declined) -> WaveStream:
    """AWS said no: that is the wave's end, and unless a chunk is already launching, the groups are let go."""
    refused = waves.RecoveryRefused(
        chunk=chunk, code=cut(said.code, 64), message=cut(said.message, KEPT_TEXT), at=start.service.now()
    )
    stream = _append(start, stream, refused)
    _let_go(start, stream)
    return stream


def _let_go(start: Start, stream: WaveStream) -> None:
    """The groups' claims given back, unless a chunk of them is launching; again is no news."""
    if stream.state.jobs:
        return
    system = replace(start.context, command="ReleaseGroup", via="system")
    for group_id in start.group_ids:
        with suppress(Refused):  # a group that is gone holds no claim
            start.service.execute(group_id, ReleaseGroup(start.name), system)


def _append(start: Start, stream: WaveStream, fact: waves.WaveFact) -> WaveStream:
    commit = stream.next(replace(start.context, via="system"), [fact], start.service.now())
    start.service.store.append(commit)
    return stream.follow(commit)


def _unclear(start: Start, why: str) -> Refused:
    return Refused(
        "WAVE_UNCLEAR",
        f"wave {start.name}: whether AWS has started it is not known yet ({why}); ask again in"
        f" {int(SETTLE.total_seconds())} s, with the same executionId and waveNumber",
        503,
        retryable=True,
    )
