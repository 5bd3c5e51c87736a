"""A protection group, whole: what was defined, the facts about it, and the state they fold to.

Stored shapes: a fact's `type` and fields are for ever. Add fields with defaults; never rename or remove.
A golden file of every version ever written is in tests/events/golden.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from events.configuration import LaunchConfiguration, effective
from events.model import Model, ServerId
from events.moments import Moment

MAX_SERVERS = 500
"""DRS recovers at most 500 servers at once (DRS service quotas)."""
MAX_ATTEMPTS = 6
SHOWN_TEXT, KEPT_TEXT = 160, 512
"""Characters of an error shown in state and row, and kept for ever in the facts."""

Text = Annotated[str, Field(max_length=KEPT_TEXT)]
Code = Annotated[str, Field(max_length=64)]
Reason = Literal["defined", "redefined", "requested", "forced", "stale", "wave", "superseded"]
Fate = Literal["failed", "retry", "outage"]


class ServerDefinition(Model):
    """One server as it was asked for; its own settings override the group's key by key."""

    source_server_id: ServerId
    use_group_defaults: bool = True
    launch_template: LaunchConfiguration = LaunchConfiguration()


class Definition(Model):
    """What a group is: said once, stored as it was said, never expanded."""

    group_name: str
    region: str
    account_id: str
    description: str = ""
    launch_config: LaunchConfiguration = LaunchConfiguration()
    servers: tuple[ServerDefinition, ...] = ()
    on_not_ready: Literal["block", "proceed"] | None = None

    def wanted(self, server: ServerDefinition) -> LaunchConfiguration:
        """The effective configuration of one server; empty if nothing is wanted of it."""
        return effective(self.launch_config if server.use_group_defaults else {}, server.launch_template)


# --- facts -------------------------------------------------------------------------------------------


class ProtectionGroupCreated(Model):
    """A group was defined for the first time."""

    type: Literal["ProtectionGroupCreated"] = "ProtectionGroupCreated"
    group_id: str
    definition: Definition


class ProtectionGroupUpdated(Model):
    """A group was defined anew, whole."""

    type: Literal["ProtectionGroupUpdated"] = "ProtectionGroupUpdated"
    definition: Definition


class ServersAdded(Model):
    """Servers joined the group."""

    type: Literal["ServersAdded"] = "ServersAdded"
    servers: tuple[ServerDefinition, ...]


class ServersRemoved(Model):
    """Servers left the group."""

    type: Literal["ServersRemoved"] = "ServersRemoved"
    source_server_ids: tuple[ServerId, ...]


class ProtectionGroupDeleted(Model):
    """The group is gone; its stream stays for the audit."""

    type: Literal["ProtectionGroupDeleted"] = "ProtectionGroupDeleted"


class LaunchConfigsDue(Model):
    """These servers must be done anew: each one's epoch rises, and older outcomes no longer count."""

    type: Literal["LaunchConfigsDue"] = "LaunchConfigsDue"
    source_server_ids: tuple[ServerId, ...]
    reason: Reason
    requested_by: str


class ApplyStarted(Model):
    """One worker took the lease: until it gives it back or `until` passes, no other writes to AWS."""

    type: Literal["ApplyStarted"] = "ApplyStarted"
    lease_id: str
    until: Moment


class ApplyEnded(Model):
    """The lease was given back. With `not_before`: AWS as a whole was away, try again then."""

    type: Literal["ApplyEnded"] = "ApplyEnded"
    lease_id: str
    at: Moment | None = None
    not_before: Moment | None = None
    code: Code = ""
    message: Text = ""


class ServerConfigApplied(Model):
    """AWS was read back and held what was asked for. `wrote` names the writes it took; none = it already did."""

    type: Literal["ServerConfigApplied"] = "ServerConfigApplied"
    source_server_id: ServerId
    epoch: int
    config_hash: str
    proved_at: Moment
    template_id: str = ""
    template_version: int = 0
    wrote: tuple[str, ...] = ()


class ServerConfigVerified(Model):
    """AWS was read again and still held what had been applied: the proof is renewed, nothing was written."""

    type: Literal["ServerConfigVerified"] = "ServerConfigVerified"
    source_server_id: ServerId
    epoch: int
    config_hash: str
    proved_at: Moment


class ServerConfigFailed(Model):
    """AWS did not take the configuration. `fate`: for good, again at `retry_at`, or AWS was away."""

    type: Literal["ServerConfigFailed"] = "ServerConfigFailed"
    source_server_id: ServerId
    epoch: int
    fate: Fate
    code: Code
    message: Text
    at: Moment
    retry_at: Moment | None = None
    wrote: tuple[str, ...] = ()


class ServerConfigSuperseded(Model):
    """An outcome came in for an epoch that is over: kept for the audit, counts for nothing."""

    type: Literal["ServerConfigSuperseded"] = "ServerConfigSuperseded"
    source_server_id: ServerId
    epoch: int
    outcome: str
    wrote: tuple[str, ...] = ()


class GroupClaimed(Model):
    """A wave launches these servers: until it ends or `until` passes, nobody writes their configuration."""

    type: Literal["GroupClaimed"] = "GroupClaimed"
    wave: str
    until: Moment


class GroupReleased(Model):
    """The wave let the group go."""

    type: Literal["GroupReleased"] = "GroupReleased"
    wave: str


Outcome = ServerConfigApplied | ServerConfigVerified | ServerConfigFailed
GroupFact = (
    ProtectionGroupCreated
    | ProtectionGroupUpdated
    | ServersAdded
    | ServersRemoved
    | ProtectionGroupDeleted
    | LaunchConfigsDue
    | ApplyStarted
    | ApplyEnded
    | Outcome
    | ServerConfigSuperseded
    | GroupClaimed
    | GroupReleased
)
GROUP_FACTS: TypeAdapter[GroupFact] = TypeAdapter(Annotated[GroupFact, Field(discriminator="type")])


# --- state -------------------------------------------------------------------------------------------


class Error(Model):
    """What AWS said. Earlier errors of the same epoch keep their code only: the row has a size."""

    code: str
    message: str = ""
    at: Moment | None = None


class Server(Model):
    """One server: what is wanted of it, since which epoch, and what is known."""

    definition: ServerDefinition
    wanted: bool = False
    epoch: int = 0
    reason: Reason = "defined"
    requested_by: str = ""
    proved_epoch: int = 0
    proved_at: Moment | None = None
    config_hash: str = ""
    last_applied: Moment | None = None
    applied_by: str = ""
    failed: bool = False
    attempts: int = 0
    retry_at: Moment | None = None
    errors: tuple[Error, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether AWS was read back for what is wanted now."""
        return self.wanted and 0 < self.epoch == self.proved_epoch


class Hold(Model):
    """A lease or a claim: who, and until when at the latest."""

    by: str
    until: Moment

    def holds(self, now: datetime) -> bool:
        """Whether it is still in force."""
        return now < self.until


class Group(Model):
    """A protection group as its facts left it. `definition` is None before it exists; servers are apart."""

    group_id: str = ""
    definition: Definition | None = None
    servers: dict[str, Server] = {}
    deleted: bool = False
    lease: Hold | None = None
    claim: Hold | None = None
    outages: int = 0
    not_before: Moment | None = None
    errors: tuple[Error, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether it was created and not deleted."""
        return self.definition is not None and not self.deleted

    def wanted(self, server_id: str) -> LaunchConfiguration:
        """The effective configuration of one of its servers."""
        return self.definition.wanted(self.servers[server_id].definition) if self.definition else {}
