"""What may be asked of this service, as it comes through any door: strict, and closed to unknown fields."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from events.configuration import LaunchConfiguration
from events.groups import MAX_SERVERS, ServerDefinition
from events.model import Model, ServerId

GroupName = Annotated[str, StringConstraints(pattern=r"^\S(.{0,62}\S)?$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
ExecutionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_./-]{1,256}$")]


def _limited(ids: list[str]) -> None:
    twice = sorted(id_ for id_, count in Counter(ids).items() if count > 1)
    if twice:
        raise PydanticCustomError("DUPLICATE_SERVER", "names {ids} more than once", {"ids": ", ".join(twice[:5])})
    if len(ids) > MAX_SERVERS:
        raise PydanticCustomError(
            "QUOTA_EXCEEDED",
            "names {count} servers; DRS recovers at most 500 at once: split the group",
            {"count": len(ids)},
        )


def _ids(values: tuple[str, ...]) -> tuple[str, ...]:
    _limited(list(values))
    return values


def _servers(values: tuple[ServerDefinition, ...]) -> tuple[ServerDefinition, ...]:
    _limited([value.source_server_id for value in values])
    return values


ServerIds = Annotated[tuple[ServerId, ...], AfterValidator(_ids)]
Servers = Annotated[tuple[ServerDefinition, ...], AfterValidator(_servers)]


class Request(Model):
    """Any request. `request_id` is its idempotency key: the same key again has no second effect."""

    request_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    invoked_by: Annotated[str, StringConstraints(max_length=256)] | None = None


class GroupRequest(Request):
    """A change of a group. `respond_async`: answer once it is recorded (HTTP: `Prefer: respond-async`, RFC 7240)."""

    respond_async: bool = False


class NamedServers(GroupRequest):
    """Servers by id, with settings of their own where they have any; a server may be in both lists."""

    source_server_ids: ServerIds | None = None
    servers: Servers | None = None

    @property
    def named(self) -> tuple[ServerDefinition, ...] | None:
        """All servers named, once each, in order of id; None if neither list was sent."""
        if self.source_server_ids is None and self.servers is None:
            return None
        own = {server.source_server_id: server for server in self.servers or ()}
        bare = {id_: ServerDefinition(source_server_id=id_) for id_ in self.source_server_ids or ()}
        return tuple(server for _, server in sorted({**bare, **own}.items()))


class CreateProtectionGroup(NamedServers):
    """`POST /protection-groups`."""

    group_name: GroupName
    description: Annotated[str, StringConstraints(max_length=512)] = ""
    region: Region | None = None
    account_id: AccountId | None = None
    launch_config: LaunchConfiguration = LaunchConfiguration()
    on_not_ready: Literal["block", "proceed"] | None = None


class UpdateProtectionGroup(NamedServers):
    """`PUT /protection-groups/{groupId}`: what is sent replaces, what is left out stays."""

    group_id: GroupId
    version: Annotated[int, Field(ge=1)] | None = None
    group_name: GroupName | None = None
    description: Annotated[str, StringConstraints(max_length=512)] | None = None
    launch_config: LaunchConfiguration | None = None
    on_not_ready: Literal["block", "proceed"] | None = None


class DeleteProtectionGroup(GroupRequest):
    """`DELETE /protection-groups/{groupId}`."""

    group_id: GroupId
    version: Annotated[int, Field(ge=1)] | None = None


class AddServers(NamedServers):
    """`POST /protection-groups/{groupId}/servers`."""

    group_id: GroupId
    version: Annotated[int, Field(ge=1)] | None = None


class RemoveServers(GroupRequest):
    """`DELETE /protection-groups/{groupId}/servers/{serverId}`."""

    group_id: GroupId
    source_server_ids: ServerIds
    version: Annotated[int, Field(ge=1)] | None = None


class ApplyLaunchConfigs(GroupRequest):
    """`POST /protection-groups/{groupId}/apply-launch-configs`. `force`: apply even what is ready."""

    group_id: GroupId
    force: bool = False


class StartWave(Request):
    """Start one wave of an execution, once: executionId and waveNumber are its idempotency key."""

    execution_id: ExecutionId
    wave_number: Annotated[int, Field(ge=0, le=10_000)]
    protection_group_ids: Annotated[tuple[GroupId, ...], Field(min_length=1, max_length=90)]
    is_drill: bool
    on_not_ready: Literal["block", "proceed"] | None = None
    budget_seconds: Annotated[int, Field(ge=0, le=240)] = 120
