"""From a claim to recovery jobs: each chunk is started once, whoever finishes it."""

from datetime import datetime

from commands.outcomes import HANG
from commands.waves.adopt import SETTLE, abandoned, adopted, perhaps_ours, resolved
from commands.waves.jobs import UnseenError
from commands.waves.recovery import Declined, Said, Started, Throttled, Unclear, start_recovery
from commands.waves.refusal import CONFLICT, Refusal, explained
from commands.waves.release import declined, held_to_launch, let_go_if_over
from commands.waves.start import Start, WaveStream, claim_of
from events import waves
from events.errors import LostRace, Refused
from events.facts import cut

TRIES = 5
"""How often a throttled StartRecovery is sent."""
OUT_OF_TIME = "OUT_OF_TIME"
LONGEST_PAUSE = 10.0
"""Seconds of patience that AWS may ask for before the next try; it asks again, and there is a last moment."""


def launch(start: Start, stream: WaveStream, *, again: bool = False) -> WaveStream:
    """Every chunk that has no job yet is started; one append each. The first that AWS refuses for good ends it.

    ``again``: an earlier call may have arrived after all, so that a conflict may be with our own job.
    """
    for chunk in stream.state.missing:
        stream = _chunk(start, stream, chunk, again=again)
        if stream.state.refused:
            return stream
    if not stream.state.jobs:
        nobody = Refusal(0, "NOBODY_LEFT", "DRS would launch none of the servers")
        return declined(start.waves, stream, nobody, start.following)
    return stream


def _chunk(start: Start, stream: WaveStream, chunk: int, *, again: bool) -> WaveStream:
    """One chunk's job; after one refusal without the servers that it was for, if that is the policy."""
    said = _asked(start, stream, chunk)
    if isinstance(said, Declined):
        stream, why = _looked_into(start, stream, chunk, said, again=again)
        if chunk not in stream.state.missing:
            return stream
        if not why.may_be_sent_again(stream.state):
            return declined(start.waves, stream, why, start.following)
        stream = _dropped(start, stream, why) if why.offenders else stream
        if chunk not in stream.state.missing:
            return stream
        said = _asked(start, stream, chunk)
    if isinstance(said, Declined):
        return declined(start.waves, stream, _second(start, stream, chunk, said), start.following)
    if not isinstance(said, Started):
        raise _unclear(start, said.code, aws={"code": said.code, "message": said.message})
    job = waves.RecoveryJobStarted(chunk=chunk, job_id=said.job_id, accepted_at=start.service.now())
    return start.waves.append(stream, start.following, job)


def _looked_into(
    start: Start, stream: WaveStream, chunk: int, said: Declined, *, again: bool
) -> tuple[WaveStream, Refusal]:
    """What a chunk was refused for; if it was for our own job, which landed late, the stream has it then.

    Raises:
        Refused: it is not to be seen, or a job that may be our own holds the servers.
    """
    conflict = again and said.code == CONFLICT
    try:
        if conflict:
            stream = adopted(start.waves, stream, start.following)
        why, running = explained(start.waves.jobs(stream), stream.state, chunk, said)
    except UnseenError as error:
        raise _unclear(start, str(error)) from error
    if conflict and chunk in stream.state.missing and (not why.offenders or perhaps_ours(stream, chunk, running)):
        raise _unclear(start, "AWS sees a conflict, and it may be with our own job")
    return stream, why


def _second(start: Start, stream: WaveStream, chunk: int, said: Declined) -> Refusal:
    """Why AWS refused it again, as far as that is to be seen: it is the end of it in any case."""
    try:
        return explained(start.waves.jobs(stream), stream.state, chunk, said)[0]
    except UnseenError:
        return Refusal(chunk, said.code, said.message)


def _dropped(start: Start, stream: WaveStream, why: Refusal) -> WaveStream:
    code, at = cut(why.code, 64), start.service.now()
    fact = waves.ServersDropped(chunk=why.chunk, servers=why.offenders, code=code, at=at)
    return start.waves.append(stream, start.following, fact)


def _asked(start: Start, stream: WaveStream, chunk: int) -> Said:
    """StartRecovery; a throttled call did nothing for sure and is sent again.

    Never so late that it could land after somebody else took the launch over, or after the claim.
    """
    claim, clients = claim_of(stream), start.waves.calls(stream).clients
    latest = min(datetime.fromisoformat(stream.recorded_at) + SETTLE, claim.until) - HANG
    said: Said = Throttled(OUT_OF_TIME, "it was not sent")
    for attempt in range(TRIES):
        if start.service.now() >= latest:
            return Unclear(OUT_OF_TIME, "there was no time left to send it safely")
        said = start_recovery(clients, stream.state.servers(chunk), is_drill=claim.is_drill)
        if not isinstance(said, Throttled):
            break
        start.service.pause(attempt + 7, longest=4)
        start.service.sleep(min(said.retry_after, LONGEST_PAUSE))
    return said


def resume(start: Start, stream: WaveStream) -> WaveStream:
    """A wave that was claimed before: answered from its stream, and finished if its caller went silent."""
    if stream.state.claim is None:
        return stream
    _same(start, stream.state.claim)
    if not stream.state.starting:
        if stream.state.refused:
            let_go_if_over(start.waves, stream)  # again: whoever recorded it may not have come so far
        return stream
    if not abandoned(stream, start.service.now()):
        raise _unclear(start, "another call is starting it now")
    try:
        stream = start.waves.append(stream, start.following, waves.LaunchResumed(by=start.context.command_id))
        stream, late = resolved(start.waves, stream, start.following)
        if late:
            return declined(start.waves, stream, late, start.following)
        return launch(start, held_to_launch(start.waves, stream, start.following), again=True)
    except UnseenError as error:
        raise _unclear(start, str(error)) from error
    except LostRace as lost:
        raise _unclear(start, "another call is finishing it now") from lost


def _same(start: Start, claim: waves.WaveClaimed) -> None:
    """Refuses to answer one wave with another: a recovery with a drill, these groups with those."""
    if (claim.is_drill, {group.group_id for group in claim.groups}) == (
        start.request.is_drill,
        {*start.request.group_ids},
    ):
        return
    raise Refused(
        "IDEMPOTENCY_CONFLICT",
        f"wave {start.name} was started as a {'drill' if claim.is_drill else 'recovery'} of"
        f" {', '.join(group.group_id for group in claim.groups[:5])}: choose another executionId or waveNumber",
        409,
        field="executionId",
    )


def _unclear(start: Start, why: str, **said: dict[str, str]) -> Refused:
    """``why`` is ours, or a code; AWS's own words go beside it, for they are not for everybody."""
    wait = int(SETTLE.total_seconds())
    return Refused(
        "WAVE_UNCLEAR",
        f"wave {start.name}: whether AWS has started it is not known yet ({why}); ask again in {wait} s, with the same"
        " executionId and waveNumber",
        503,
        retryable=True,
        retryAfter=wait,
        **said,
    )
