"""What a wave's caller is told, from its stream alone: a retry is told the same."""

from typing import Any

from events.errors import Refused
from events.moments import iso, iso_seconds
from events.streams import Stream
from events.waves import GroupEvidence, Wave, WaveFact


def answer(stream: Stream[Wave, WaveFact], reads: int) -> dict[str, Any]:
    """The decision, the jobs and the evidence; ``reads`` is what this answer took of the event table.

    Raises:
        Refused: the wave was refused by AWS, then or now.
    """
    wave = stream.state
    claim = wave.claim
    assert claim is not None  # noqa: S101  a wave's first fact is its claim
    if wave.refused:
        raise Refused(
            "RECOVERY_REFUSED",
            f"AWS refused to launch: {wave.refused.code}: {wave.refused.message}; start a new wave once it is mended",
            409,
            jobIds=[job.job_id for job in wave.jobs.values()],
            code=wave.refused.code,
        )
    jobs = [wave.jobs[str(n)] for n in range(len(claim.chunks))]
    accepted_at = max(job.accepted_at for job in jobs)
    return {
        "executionId": claim.execution_id,
        "waveNumber": claim.wave_number,
        "decision": "started",
        "path": claim.path,
        "isDrill": claim.is_drill,
        "jobIds": [job.job_id for job in jobs],
        "servers": sum(map(len, claim.chunks)),
        "configurationCalls": claim.configuration_calls,
        "eventTableReads": reads,
        "requestedAt": iso(claim.requested_at),
        "acceptedAt": iso(accepted_at),
        "startMilliseconds": round((accepted_at - claim.requested_at).total_seconds() * 1000),
        "groups": [_group(group) for group in claim.groups],
    }


def _group(group: GroupEvidence) -> dict[str, Any]:
    return {
        "groupId": group.group_id,
        "version": group.version,
        "status": group.status,
        "provedAt": iso_seconds(group.proved_at),
        "configsHash": group.configs_hash,
        "unprovedServers": list(group.unproved),
    }
