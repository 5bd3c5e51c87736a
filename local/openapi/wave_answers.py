"""What comes out of waves', executions' and audit operations, as it is published."""

from typing import Any, Literal

from local.openapi.answers import Answer, AwsError

Verdict = Literal["go", "repair", "no-go"]


class Evidence(Answer):
    """What was known of a group when the wave was decided."""

    group_id: str
    version: int
    status: str
    proved_at: str | None
    configs_hash: str
    unproved_servers: list[str]
    on_not_ready: str | None


class Offender(Answer):
    """A server that DRS would not launch: `BUSY`, `GONE`, or the state of its replication."""

    source_server_id: str
    reason: str
    message: str


class WaveStarted(Answer):
    """`POST /waves`."""

    execution_id: str
    wave_number: int
    decision: Literal["started", "refused"]
    path: Literal["fast", "repaired", "proceeded"]
    is_drill: bool
    region: str
    job_ids: list[str]
    servers: int
    dropped_servers: list[Offender]
    configuration_calls: int
    live_checked: bool
    requested_at: str
    accepted_at: str | None
    start_milliseconds: int | None
    groups: list[Evidence]
    event_table_reads: int | None = None


class RecoveryJob(Answer):
    """One recovery job of DRS's."""

    job_id: str
    servers: int
    accepted_at: str
    adopted: bool
    status: Literal["running", "ended", "unknown"]
    ended_at: str | None


class WaveCounts(Answer):
    """Servers of a wave by what became of them."""

    total: int
    launching: int
    launched: int
    failed: int
    dropped: int
    not_started: int
    unknown: int


class ServerLaunch(Answer):
    """One server of a wave."""

    launch_status: str
    instance_id: str | None = None
    instance_type: str | None = None
    private_ip: str | None = None
    launch_time: str | None = None


class Refusal(AwsError):
    """What AWS refused, and the servers it was for."""

    servers: list[Offender] = []


class WaveProgress(WaveStarted):
    """`GET /waves/{executionId}/{waveNumber}`."""

    status: Literal["starting", "running", "recovered", "partly", "failed"]
    jobs: list[RecoveryJob]
    counts: WaveCounts
    server_statuses: dict[str, ServerLaunch]
    refusal: Refusal | None
    claimed_until: str | None
    ended_at: str | None
    version: int
    recorded_at: str


class Block(Answer):
    """One reason why a wave would not start at once; up to 20 of its servers are named, all are counted."""

    code: str
    message: str
    group_id: str | None
    source_server_ids: list[str]
    servers: int
    since: str | None
    repairable: bool


class GroupReadiness(Answer):
    """A group of a wave."""

    group_id: str
    version: int
    status: str
    on_not_ready: str | None


class WaveReadiness(Answer):
    """Could this wave start now?"""

    wave_name: str
    go: bool
    verdict: Verdict
    blocks: list[Block]
    repair_seconds: float
    servers: int
    jobs: int
    replication: dict[str, int]
    proved_at: str | None
    fresh_until: str | None
    groups: list[GroupReadiness]


class Readiness(Answer):
    """`POST /readiness`. Each quota: `{accountId, region, jobs: {running, limit}, servers: {inJobs, limit}}`."""

    go: bool
    as_of: str
    waves: list[WaveReadiness]
    quotas: list[dict[str, Any]]


class GateAnswer(Answer):
    """The readiness gate of an execution: a verdict a wave."""

    checked_at: str | None
    shut: bool
    verdicts: list[str]
    reasons: list[str]


class ExecutionWave(Answer):
    """One wave of an execution."""

    wave_number: int
    wave_name: str
    protection_group_ids: list[str]
    pause_before_wave: bool
    status: Literal["waiting", "running", "recovered", "partly", "failed", "skipped"]
    begun_at: str | None
    ended_at: str | None = None
    launched: int | None = None
    total: int | None = None
    refusal: AwsError | None = None


class Execution(Answer):
    """An execution of a plan of waves."""

    execution_id: str
    plan_id: str
    plan_name: str
    is_drill: bool | None
    status: Literal["running", "paused", "cancelling", "completed", "failed", "cancelled"]
    current_wave: int | None
    paused_before_wave: int | None
    paused_at: str | None
    readiness: GateAnswer | None
    waves: list[ExecutionWave]
    opened_at: str | None
    cancelled_at: str | None
    ended_at: str | None
    reason: str
    joined: bool | None = None
    version: int | None = None
    recorded_at: str | None = None
