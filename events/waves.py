"""What happens to a wave: one decision to launch, the evidence it rests on, and the recovery jobs that followed.

Its stream is `wave#<executionId>#<n>`: small, and its own, so that its key lasts for ever.
"""

from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from events.facts import Code, Text
from events.groups import Target
from events.model import DEFERRED, Model, ServerId
from events.moments import Moment

Path = Literal["fast", "repaired", "proceeded"]
Policy = Literal["block", "proceed"]
LaunchStatus = Literal["PENDING", "IN_PROGRESS", "LAUNCHED", "FAILED", "TERMINATED"]
"""Of one server in a recovery job (DRS API Reference, ParticipatingServer)."""


class GroupEvidence(Model):
    """What was known of one group when the wave was decided, and at which version of its stream.

    `policy`: what was to be done about servers of it that were not ready, or that DRS would not launch.
    """

    group_id: str
    version: int
    status: str
    proved_at: Moment | None = None
    configs_hash: str = ""
    unproved: tuple[ServerId, ...] = ()
    servers: int = 0
    policy: Policy | None = None


class WaveClaimed(Model):
    """The decision: these servers, on this evidence, are launched now. `claimed_by`: the request that made it.

    `live_checked`: AWS was looked at for a wave within minutes of it, and every server was proved.
    """

    type: Literal["WaveClaimed"] = "WaveClaimed"
    execution_id: str
    wave_number: int
    is_drill: bool
    region: str
    path: Path
    groups: tuple[GroupEvidence, ...]
    chunks: tuple[tuple[ServerId, ...], ...]
    until: Moment
    requested_at: Moment
    claimed_by: str
    configuration_calls: int = 0
    target: Target | None = None
    live_checked: bool = False
    claimed_at: Moment | None = None

    @property
    def wave(self) -> str:
        """The wave as its claim on a group names it."""
        return f"{self.execution_id}#{self.wave_number}"

    def policy_of(self, server_id: str) -> Policy | None:
        """What was to be done about a server that DRS would not launch: the chunks hold the groups one by one."""
        number = [id_ for chunk in self.chunks for id_ in chunk].index(server_id)
        ends = accumulate(group.servers for group in self.groups)
        return next((group.policy for group, end in zip(self.groups, ends, strict=True) if number < end), None)


class Offender(Model):
    """A server because of which DRS refuses a whole job: `BUSY`, `GONE`, or the state its replication is in."""

    source_server_id: ServerId
    reason: Code
    message: Text = ""


class ServersDropped(Model):
    """AWS refused a chunk because of these servers, and the policy is to go on without them."""

    type: Literal["ServersDropped"] = "ServersDropped"
    chunk: int
    servers: tuple[Offender, ...]
    code: Code
    at: Moment


class RecoveryJobStarted(Model):
    """AWS took one chunk of servers. `adopted`: the job was found running, its answer had been lost."""

    type: Literal["RecoveryJobStarted"] = "RecoveryJobStarted"
    chunk: int
    job_id: str
    accepted_at: Moment
    adopted: bool = False


class ServerLaunch(Model):
    """One server as DRS launches it; what EC2 says of its instance is known once the job has ended, if at all."""

    source_server_id: ServerId
    status: LaunchStatus
    instance_id: str = ""
    instance_type: str = ""
    private_ip: str = ""
    launched_at: Moment | None = None


class ServersLaunching(Model):
    """What has changed of a job's servers since it was last looked at."""

    type: Literal["ServersLaunching"] = "ServersLaunching"
    chunk: int
    servers: tuple[ServerLaunch, ...]
    at: Moment


class RecoveryJobEnded(Model):
    """DRS says the job is over, since `ended_at`; `known` is false if DRS no longer knows it and its claim ran out."""

    type: Literal["RecoveryJobEnded"] = "RecoveryJobEnded"
    chunk: int
    at: Moment
    ended_at: Moment | None = None
    known: bool = True


class ClaimExtended(Model):
    """A job still runs, so its servers stay claimed for longer."""

    type: Literal["ClaimExtended"] = "ClaimExtended"
    until: Moment


class RecoveryRefused(Model):
    """AWS refused to start a chunk: nothing more is launched. `offenders`: the servers it refused it for, if any."""

    type: Literal["RecoveryRefused"] = "RecoveryRefused"
    chunk: int
    code: Code
    message: Text
    at: Moment
    offenders: tuple[Offender, ...] = ()


class LaunchResumed(Model):
    """Somebody takes over a launch whose caller went silent; whoever appends this is the only one to call AWS."""

    type: Literal["LaunchResumed"] = "LaunchResumed"
    by: str


WaveFact = (
    WaveClaimed
    | LaunchResumed
    | ServersDropped
    | RecoveryJobStarted
    | RecoveryRefused
    | ServersLaunching
    | RecoveryJobEnded
    | ClaimExtended
)
WAVE_FACTS: TypeAdapter[WaveFact] = TypeAdapter(Annotated[WaveFact, Field(discriminator="type")], config=DEFERRED)
