"""What may be asked of this service, as it comes through any door: strict, and closed to unknown fields."""

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from commands.lists import Exclusions, Precedence, SelectionTags, ServerIds, Servers, TagOverrides
from events.configuration import LaunchConfiguration
from events.groups import ServerDefinition
from events.model import Model

GroupName = Annotated[str, StringConstraints(pattern=r"^\S(.{0,62}\S)?$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Description = Annotated[str, StringConstraints(max_length=512)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$")]
Policy = Literal["block", "proceed"]
Shown = Annotated[Any, Field(exclude=True)]
"""What a group is shown with and cannot be told: passed over, so that what was read can be sent back."""


class NoNull:
    """What may be left out, but be no null: that is refused (`definition.drafts`), and so it is not published."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Of a type or null, the type."""
        return handler(schema["schema"])


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
        own = {server.source_server_id: server.definition for server in self.servers or ()}
        bare = {id_: ServerDefinition(source_server_id=id_) for id_ in self.source_server_ids or ()}
        return tuple(server for _, server in sorted({**bare, **own}.items()))


class CreateProtectionGroup(NamedServers):
    """`POST /protection-groups`."""

    group_name: GroupName
    description: Description = ""
    region: Region | None = None
    account_id: AccountId | None = None
    assume_role_name: RoleName | None = None
    external_id: Annotated[ExternalId | None, Field(repr=False)] = None
    launch_config: LaunchConfiguration = LaunchConfiguration()
    on_not_ready: Policy | None = None
    server_selection_tags: SelectionTags | None = None
    tag_overrides: TagOverrides = ()
    precedence: Precedence = ()
    exclusions: Exclusions = ()


class AsShown(GroupRequest):
    """What `GET /protection-groups/{groupId}` answers besides the definition."""

    launch_config_status: Shown = None
    resolved: Shown = None
    defined_in: Shown = None
    recorded_at: Shown = None
    projected_at: Shown = None
    as_of: Shown = None


class UpdateProtectionGroup(NamedServers, AsShown):
    """`PUT /protection-groups/{groupId}`: what is sent replaces, what is left out stays.

    Region and account are fixed: they may be sent as they are, and as nothing else.
    """

    group_id: GroupId
    version: Annotated[int, Field(ge=1)] | None = None
    group_name: Annotated[GroupName | None, NoNull()] = None
    description: Annotated[Description | None, NoNull()] = None
    region: Region | None = None
    account_id: AccountId | None = None
    assume_role_name: RoleName | None = None
    external_id: Annotated[ExternalId | None, Field(repr=False)] = None
    launch_config: Annotated[LaunchConfiguration | None, NoNull()] = None
    on_not_ready: Policy | None = None
    server_selection_tags: SelectionTags | None = None
    tag_overrides: TagOverrides | None = None
    precedence: Precedence | None = None
    exclusions: Exclusions | None = None


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
    """`POST /protection-groups/{groupId}/apply-launch-configs`. `force`: even what is ready; `dryRun`: only say."""

    group_id: GroupId
    force: bool = False
    dry_run: bool = False


class ResolveProtectionGroup(Request):
    """`GET /protection-groups/{groupId}/resolve`: what an update would change now that sends nothing."""

    group_id: GroupId
