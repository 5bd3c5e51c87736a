"""The facts about a protection group.

Stored shapes: a fact's `type` and fields are for ever. Add fields with defaults; never rename or remove.
A golden file of every version ever written is in tests/events/golden.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from events.groups import Definition, Reason, ServerDefinition
from events.model import DEFERRED, Model, ServerId
from events.moments import Moment

SHOWN_TEXT, KEPT_TEXT = 160, 512
"""Bytes of an error's text: shown in state and row, and kept for ever in the facts."""
EARLIER_CODE = 32
"""Bytes of a code that is shown of an earlier error: 500 servers with six of them each must fit in a row."""

Text = Annotated[str, Field(max_length=KEPT_TEXT)]
Code = Annotated[str, Field(max_length=64)]
Fate = Literal["failed", "retry", "busy", "outage"]


def cut(text: str, size: int) -> str:
    """The first ``size`` bytes of a text that comes from outside, as UTF-8."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")


class ProtectionGroupCreated(Model):
    """A group was defined for the first time. `version`, here and below: the commit that says so."""

    type: Literal["ProtectionGroupCreated"] = "ProtectionGroupCreated"
    group_id: str
    definition: Definition
    version: int


class ProtectionGroupUpdated(Model):
    """A group was defined anew, whole."""

    type: Literal["ProtectionGroupUpdated"] = "ProtectionGroupUpdated"
    definition: Definition
    version: int


class ServersAdded(Model):
    """Servers joined the group."""

    type: Literal["ServersAdded"] = "ServersAdded"
    servers: tuple[ServerDefinition, ...]
    version: int


class ServersRemoved(Model):
    """Servers left the group."""

    type: Literal["ServersRemoved"] = "ServersRemoved"
    source_server_ids: tuple[ServerId, ...]
    version: int


class ProtectionGroupDeleted(Model):
    """The group is gone; its stream stays for the audit."""

    type: Literal["ProtectionGroupDeleted"] = "ProtectionGroupDeleted"


class LaunchConfigsDue(Model):
    """These servers must be done anew, since `at`: each one's epoch rises, and older outcomes no longer count."""

    type: Literal["LaunchConfigsDue"] = "LaunchConfigsDue"
    source_server_ids: tuple[ServerId, ...]
    reason: Reason
    requested_by: str
    at: Moment | None = None


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
    """AWS was read back and held what was asked for. `wrote` names the writes it took; none = it already did.

    `wrote_at`, here and below: when the last of them began.
    """

    type: Literal["ServerConfigApplied"] = "ServerConfigApplied"
    source_server_id: ServerId
    epoch: int
    config_hash: str
    proved_at: Moment
    template_id: str = ""
    template_version: int = 0
    wrote: tuple[str, ...] = ()
    wrote_at: Moment | None = None


class ServerConfigVerified(Model):
    """AWS was read again and still held what had been applied: the proof is renewed, nothing was written."""

    type: Literal["ServerConfigVerified"] = "ServerConfigVerified"
    source_server_id: ServerId
    epoch: int
    config_hash: str
    proved_at: Moment


class ServerConfigFailed(Model):
    """AWS did not take the configuration. `fate`: for good, again at `retry_at`, held by a job, or AWS was away.

    Only `retry` and `failed` are an attempt spent.
    """

    type: Literal["ServerConfigFailed"] = "ServerConfigFailed"
    source_server_id: ServerId
    epoch: int
    fate: Fate
    code: Code
    message: Text
    at: Moment
    retry_at: Moment | None = None
    wrote: tuple[str, ...] = ()
    wrote_at: Moment | None = None


class GroupConfigFailed(Model):
    """AWS refused the whole account or Region (no DRS, no role): these servers are failed until somebody asks again."""

    type: Literal["GroupConfigFailed"] = "GroupConfigFailed"
    source_server_ids: tuple[ServerId, ...]
    code: Code
    message: Text
    at: Moment


class ServerConfigSuperseded(Model):
    """An outcome for an epoch that is over: kept, counts for nothing. `outcome`: `proved`, or the code of an error."""

    type: Literal["ServerConfigSuperseded"] = "ServerConfigSuperseded"
    source_server_id: ServerId
    epoch: int
    outcome: str
    wrote: tuple[str, ...] = ()
    wrote_at: Moment | None = None
    message: Text = ""
    at: Moment | None = None


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
    | GroupConfigFailed
    | ServerConfigSuperseded
    | GroupClaimed
    | GroupReleased
)
GROUP_FACTS: TypeAdapter[GroupFact] = TypeAdapter(Annotated[GroupFact, Field(discriminator="type")], config=DEFERRED)
