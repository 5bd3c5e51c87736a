"""From a claim to recovery jobs: each chunk is started once, whoever finishes it."""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.decide import ReleaseGroup
from commands.waves.recovery import Declined, Started
from commands.waves.start import Start, WaveStream
from events import waves
from events.errors import LostRace, Refused
from events.facts import KEPT_TEXT, cut

SETTLE = timedelta(seconds=30)
"""How long a wave must be silent before its launch counts as abandoned: longer than a call can hang."""


def launch(start: Start, stream: WaveStream) -> WaveStream:
    """Every chunk that has no job yet is started; one append each."""
    claim = stream.state.claim
    assert claim is not None  # noqa: S101  the stream was claimed
    recovery = start.recovery(claim.region)
    for chunk in stream.state.missing:
        said = recovery.start(claim.chunks[chunk], is_drill=claim.is_drill)
        if isinstance(said, Started):
            started = waves.RecoveryJobStarted(chunk=chunk, job_id=said.job_id, accepted_at=start.service.now())
            stream = _append(start, stream, started)
        elif isinstance(said, Declined):
            return _declined(start, stream, chunk, said)
        else:
            raise _unclear(start, said.message)
    return stream


def resume(start: Start, stream: WaveStream) -> WaveStream:
    """A wave that was claimed before: answered from its stream, and finished if its caller went silent."""
    claim = stream.state.claim
    if claim is None or stream.state.refused or not stream.state.missing:
        return stream
    if start.service.now() < datetime.fromisoformat(stream.recorded_at) + SETTLE:
        raise _unclear(start, "another call is starting it now")
    try:
        stream = _append(start, stream, waves.LaunchResumed(by=start.context.command_id))
        return launch(start, _adopted(start, stream, claim))
    except LostRace as lost:
        raise _unclear(start, "another call is finishing it now") from lost


def _adopted(start: Start, stream: WaveStream, claim: waves.WaveClaimed) -> WaveStream:
    """The jobs that were started but never recorded: found by the exact servers and the kind of launch."""
    recovery = start.recovery(claim.region)
    for chunk in stream.state.missing:
        found = recovery.find(claim.chunks[chunk], is_drill=claim.is_drill, since=claim.requested_at - SETTLE)
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
    if not stream.state.jobs:
        system = replace(start.context, command="ReleaseGroup", via="system")
        for group_id in start.request.protection_group_ids:
            start.service.execute(group_id, ReleaseGroup(start.name), system)
    return stream


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
