"""A wave of recovery: decided on evidence, claimed, launched once, watched until its jobs have ended."""

from typing import Any

from commands.waves.claim import claimed
from commands.waves.launch import launch, resume
from commands.waves.start import Start, WaveStream
from events.errors import LostRace, Refused
from events.shown_waves import started
from events.waves import RecoveryRefused

OURS = {"CLAIM_EXPIRED", "LAUNCH_UNKNOWN", "NOBODY_LEFT", "CANCELLED"}
"""Ends of a wave that AWS had no part in."""


def start_wave(start: Start) -> dict[str, Any]:
    """Starts the wave, or answers what became of it when it was started before.

    Raises:
        Refused: it cannot start, or whether it did is not known yet (`WAVE_UNCLEAR`, retryable).
    """
    reads = start.service.store.reads
    stream = launched(start)
    if refused := stream.state.refused:
        raise Refused(
            "RECOVERY_REFUSED",
            _words(refused),
            409,
            jobIds=[job.job_id for job in stream.state.jobs.values()],
            code=refused.code,
            aws={"code": refused.code, "message": refused.message},
            servers=[{"sourceServerId": one.source_server_id, "reason": one.reason} for one in refused.offenders],
        )
    return {**started(stream), "eventTableReads": start.service.store.reads - reads}


def _words(refused: RecoveryRefused) -> str:
    if refused.code in OURS:
        return f"{refused.code}: {refused.message}"
    return f"AWS refused to launch ({refused.code}): start a new wave once it is mended"


def launched(start: Start) -> WaveStream:
    """The wave's stream once it is known what AWS made of it.

    Raises:
        Refused: as `start_wave`, but for AWS's own refusal, which the stream tells.
    """
    try:
        stream, ours = claimed(start)
    except Refused:
        stream, ours = start.stream(), False
        if not stream.version:
            raise  # it never started; whatever became of its groups since it did is no matter
    if not ours:
        return resume(start, stream)
    try:
        return launch(start, stream)
    except LostRace:  # somebody who looked took it for abandoned, and may have found its job
        return resume(start, start.stream())
