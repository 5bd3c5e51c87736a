"""A wave as it is shown, from its stream alone: whoever asks, and whenever, is told the same of the same facts."""

from collections import Counter
from datetime import datetime
from typing import Any

from events.moments import iso, iso_seconds
from events.streams import Stream
from events.wave_state import Wave
from events.waves import GroupEvidence, Offender, ServerLaunch, WaveClaimed, WaveFact

Shown = dict[str, Any]


def started(stream: Stream[Wave, WaveFact]) -> Shown:
    """The decision, the jobs and the evidence, as whoever starts a wave is told: what happens later changes none of it.

    ``startMilliseconds`` is from "start wave" to the last StartRecovery accepted.
    """
    wave, claim = stream.state, _claim(stream)
    jobs = [wave.jobs[n] for n in sorted(wave.jobs, key=int)]
    accepted_at = max((job.accepted_at for job in jobs), default=None)
    return {
        "executionId": claim.execution_id,
        "waveNumber": claim.wave_number,
        "decision": "refused" if wave.refused else "started",
        "path": claim.path,
        "isDrill": claim.is_drill,
        "region": claim.region,
        "jobIds": [job.job_id for job in jobs],
        "servers": sum(len(wave.servers(n)) for n in range(len(claim.chunks))),
        "droppedServers": [_offender(one) for drop in wave.dropped.values() for one in drop.servers],
        "configurationCalls": claim.configuration_calls,
        "liveChecked": claim.live_checked,
        "requestedAt": iso(claim.requested_at),
        "acceptedAt": iso(accepted_at) if accepted_at else None,
        "startMilliseconds": _milliseconds(claim.requested_at, accepted_at),
        "groups": [_group(group) for group in claim.groups],
    }


def progress(stream: Stream[Wave, WaveFact]) -> Shown:
    """The same, and how far it has come: every job, every server, what AWS refused, how long it took."""
    wave = stream.state
    servers = ((n, id_) for n in range(len(_claim(stream).chunks)) for id_ in wave.servers(n))
    ended = [job.ended_at or job.at for job in wave.ended.values()]
    ended_at = max(ended, default=wave.refused.at if wave.refused else None) if wave.over else None
    return {
        **started(stream),
        "status": status(wave),
        "jobs": [_job(wave, n) for n in sorted(wave.jobs, key=int)],
        "counts": counts(wave),
        "serverStatuses": {id_: _launch(_status(wave, n, id_), wave.launches.get(id_)) for n, id_ in servers},
        "refusal": _refusal(wave),
        "claimedUntil": None if wave.over else iso_seconds(wave.claimed_until),
        "endedAt": iso(ended_at) if ended_at else None,
        "version": stream.version,
        "recordedAt": stream.recorded_at,
    }


def status(wave: Wave) -> str:
    """One word: `starting`, `running`, `recovered` (every server launched), `partly`, or `failed` (none)."""
    if wave.starting:
        return "starting"
    if wave.running:
        return "running"
    launched = counts(wave)["launched"]
    if launched and launched == counts(wave)["total"]:
        return "recovered"
    return "partly" if launched else "failed"


def counts(wave: Wave) -> dict[str, int]:
    """The servers it was decided to launch, by what became of them. What was never started is `notStarted`."""
    chunks = range(len(wave.claim.chunks)) if wave.claim else range(0)
    of = Counter(_status(wave, n, id_) for n in chunks for id_ in wave.servers(n))
    dropped = sum(len(drop.servers) for drop in wave.dropped.values())
    return {
        "total": of.total() + dropped,
        "launching": of["PENDING"] + of["IN_PROGRESS"],
        "launched": of["LAUNCHED"],
        "failed": of["FAILED"] + of["TERMINATED"],
        "dropped": dropped,
        "notStarted": of["NOT_STARTED"],
        "unknown": of["UNKNOWN"],
    }


def _status(wave: Wave, chunk: int, server_id: str) -> str:
    """As DRS calls it; what was never sent is `NOT_STARTED`, what DRS has forgotten `UNKNOWN`."""
    launch, job = wave.launches.get(server_id), str(chunk)
    found = launch.status if launch else "PENDING" if job in wave.jobs else "NOT_STARTED"
    return "UNKNOWN" if job in wave.ended and found in {"PENDING", "IN_PROGRESS"} else found


def _job(wave: Wave, number: str) -> Shown:
    job, end = wave.jobs[number], wave.ended.get(number)
    return {
        "jobId": job.job_id,
        "servers": len(wave.servers(int(number))),
        "acceptedAt": iso(job.accepted_at),
        "adopted": job.adopted,
        "status": "running" if end is None else "ended" if end.known else "unknown",
        "endedAt": iso(end.ended_at or end.at) if end else None,
    }


def _launch(status: str, launch: ServerLaunch | None) -> Shown:
    if launch is None:
        return {"launchStatus": status}
    shown = {
        "launchStatus": status,
        "instanceId": launch.instance_id,
        "instanceType": launch.instance_type,
        "privateIp": launch.private_ip,
        "launchTime": iso_seconds(launch.launched_at),
    }
    return {key: value for key, value in shown.items() if value}


def _refusal(wave: Wave) -> Shown | None:
    if wave.refused is None:
        return None
    no = wave.refused
    shown = {"code": no.code, "message": no.message, "at": iso_seconds(no.at)}
    return {**shown, "servers": [_offender(one) for one in no.offenders]}


def _offender(one: Offender) -> Shown:
    return {"sourceServerId": one.source_server_id, "reason": one.reason, "message": one.message}


def _group(group: GroupEvidence) -> Shown:
    return {
        "groupId": group.group_id,
        "version": group.version,
        "status": group.status,
        "provedAt": iso_seconds(group.proved_at),
        "configsHash": group.configs_hash,
        "unprovedServers": list(group.unproved),
        "onNotReady": group.policy,
    }


def _claim(stream: Stream[Wave, WaveFact]) -> WaveClaimed:
    if stream.state.claim is None:
        raise ValueError(f"{stream.stream_id} was never started")
    return stream.state.claim


def _milliseconds(since: datetime, until: datetime | None) -> int | None:
    return round((until - since).total_seconds() * 1000) if until else None
