"""A look at a wave's recovery jobs: what has changed is recorded, and once they have ended its groups are let go.

Whoever looks does the same: the schedule, the state machine, a caller. Looking never starts anything; a launch that
was abandoned is found if AWS took it, and given up when its claim has run out.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from commands.waves.adopt import abandoned, resolved
from commands.waves.job import Job
from commands.waves.jobs import Jobs, UnseenError
from commands.waves.release import declined, hold_on, let_go_if_over
from commands.waves.start import Waves, WaveStream, system
from events.errors import LostRace
from events.wave_state import Wave
from events.waves import ClaimExtended, RecoveryJobEnded, ServerLaunch, ServersLaunching, WaveFact

EXTEND = timedelta(minutes=30)
"""How long a claim lasts from a look at which its job still ran; asked for when half of that is left."""
Data = dict[str, object]


def watch(waves: Waves, stream: WaveStream, *, cancelled: bool = False) -> WaveStream:
    """The wave after a look at DRS; as it was, if somebody else writes to it at the moment.

    ``cancelled``: what nobody has started yet is not waited for.

    Raises:
        UnseenError: DRS could not be asked.
    """
    if stream.state.claim is None:
        return stream
    with suppress(LostRace):
        stream = _resolved(waves, stream, cancelled=cancelled) if stream.state.starting else stream
        if stream.state.running and not stream.state.starting:
            stream = _observed(waves, stream)
    let_go_if_over(waves, stream)
    return stream


def _resolved(waves: Waves, stream: WaveStream, *, cancelled: bool) -> WaveStream:
    """A launch that nobody is at: whatever of it AWS took is known from now on."""
    if not abandoned(stream, waves.service.now()):
        return stream
    stream, late = resolved(waves, stream, system("WatchWave", stream), cancelled=cancelled)
    return declined(waves, stream, late, system("WatchWave", stream)) if late else stream


def _observed(waves: Waves, stream: WaveStream) -> WaveStream:
    now, jobs, wave = waves.service.now(), waves.jobs(stream), stream.state
    found = jobs.named([wave.jobs[str(chunk)].job_id for chunk in wave.running])
    facts = [fact for chunk in wave.running for fact in _news(jobs, wave, chunk, found, now)]
    alive = any(not job.completed for job in found.values())  # one that DRS has forgotten holds nobody for longer
    longer = _longer(wave, now) if alive else None
    if longer and hold_on(waves, stream, longer):
        facts.append(ClaimExtended(until=longer))
    return waves.append(stream, system("WatchWave", stream), *facts) if facts else stream


def _news(jobs: Jobs, wave: Wave, chunk: int, found: dict[str, Job], now: datetime) -> Iterator[WaveFact]:
    """What is new of one job; of one that DRS has forgotten, that it is over once the claim is."""
    job = found.get(wave.jobs[str(chunk)].job_id)
    if job is None:
        if wave.claimed_until and now >= wave.claimed_until:
            yield RecoveryJobEnded(chunk=chunk, at=now, known=False)
        return
    launches = _described(jobs, job) if job.completed else job.launches
    changed = tuple(one for one in launches if one != wave.launches.get(one.source_server_id, _pending(one)))
    if changed:
        yield ServersLaunching(chunk=chunk, servers=changed, at=now)
    if job.completed:
        yield RecoveryJobEnded(chunk=chunk, at=now, ended_at=job.ended)


def _pending(one: ServerLaunch) -> ServerLaunch:
    return ServerLaunch(source_server_id=one.source_server_id, status="PENDING")


def _described(jobs: Jobs, job: Job) -> tuple[ServerLaunch, ...]:
    """The servers with what EC2 says of their instances, if it says anything: nothing depends on it."""
    ids = [one.instance_id for one in job.launches if one.instance_id and one.status == "LAUNCHED"]
    try:
        instances = jobs.instances(ids)
    except UnseenError:
        return job.launches
    return tuple(_with_instance(one, instances.get(one.instance_id, {})) for one in job.launches)


def _with_instance(one: ServerLaunch, instance: Data) -> ServerLaunch:
    return ServerLaunch(
        source_server_id=one.source_server_id,
        status=one.status,
        instance_id=one.instance_id,
        instance_type=str(instance.get("InstanceType", "")),
        private_ip=str(instance.get("PrivateIpAddress", "")),
        launched_at=instance.get("LaunchTime"),  # type: ignore[arg-type]  # boto3 makes it a datetime
    )


def _longer(wave: Wave, now: datetime) -> datetime | None:
    """Until when the claim should last, if it would run out before long."""
    until = wave.claimed_until
    return now + EXTEND if until and until - now < EXTEND / 2 else None
