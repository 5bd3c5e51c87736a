"""What comes out of groups' operations, as it is published. A test holds every real answer against these."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from events.configuration import LaunchConfiguration

Status = Literal["not_configured", "pending", "failed", "ready"]


class Answer(BaseModel):
    """Any answer: camelCase, and nothing in it that is not published."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class ErrorAnswer(Answer):
    """Every refusal, by whichever door: `error` is a stable code, `message` says what to do next."""

    error: str
    message: str
    retryable: bool
    details: dict[str, Any] = {}


class AwsError(Answer):
    """What AWS said. Only an admin sees its own words; of earlier errors the code is left."""

    code: str
    message: str | None = None
    at: str | None = None


class ServerError(AwsError):
    """The same, of one server."""

    source_server_id: str | None = None


class ServerStatus(Answer):
    """One server: `reason` says what it waits for while it is pending."""

    status: Status
    last_applied: str | None
    config_hash: str | None
    errors: list[AwsError]
    proved_at: str | None = None
    reason: str | None = None


class Reason(Answer):
    """How many servers are pending or failed for one reason."""

    reason: str
    servers: int


class Counts(Answer):
    """Servers by status."""

    total: int
    ready: int
    pending: int
    failed: int
    not_configured: int


class LaunchConfigStatus(Answer):
    """`ready` holds until `freshUntil`; it was proved at `provedAt`, the oldest read among its servers."""

    status: Status
    last_applied: str | None
    applied_by: str | None
    server_configs: dict[str, ServerStatus]
    errors: list[AwsError]
    reasons: list[Reason]
    proved_at: str | None
    fresh_until: str | None
    counts: Counts


class Provenance(Answer):
    """Which version of the stream an answer tells of; `asOf` if a moment of the past was asked for."""

    version: int
    defined_in: int
    recorded_at: str
    projected_at: str
    as_of: str | None = None


class StatusAnswer(LaunchConfigStatus, Provenance):
    """`GET .../launch-config-status`."""

    group_id: str


class Resolved(Answer):
    """What was made of a server's tags and host name when its group was defined."""

    tag_overrides: list[str] = []
    excluded: str | None = None


class GroupAnswer(Provenance):
    """`GET /protection-groups/{groupId}`: as it was said, and may be sent back."""

    group_id: str
    group_name: str
    region: str
    account_id: str
    description: str = ""
    assume_role_name: str = ""
    external_id: str = ""
    launch_config: LaunchConfiguration | None = None
    servers: list[dict[str, Any]] = []
    source_server_ids: list[str] | None = None
    on_not_ready: str | None = None
    server_selection_tags: dict[str, str] | None = None
    tag_overrides: list[dict[str, Any]] | None = None
    precedence: list[str] | None = None
    exclusions: list[dict[str, Any]] | None = None
    resolved: dict[str, Resolved]
    launch_config_status: LaunchConfigStatus


class ServerAnswer(Provenance):
    """`GET .../servers/{serverId}/launch-config`."""

    group_id: str
    source_server_id: str
    use_group_defaults: bool
    launch_config: LaunchConfiguration
    launch_template: LaunchConfiguration
    tag_overrides: list[str]
    excluded: str | None
    launch_config_status: ServerStatus


class GroupLine(Answer):
    """One group of the list."""

    group_id: str
    group_name: str | None
    description: str | None
    region: str | None
    account_id: str | None
    counts: Counts | None
    proved_at: str | None
    version: int | None
    status: Status


class GroupList(Answer):
    """`GET /protection-groups`, a page; `nextToken` is null on the last."""

    groups: list[GroupLine]
    next_token: str | None


class ApplyAnswer(Answer):
    """What a command came to: 200 and 201 settled, 202 recorded and still `pending`."""

    group_id: str
    status: Status
    applied_servers: int
    failed_servers: int
    errors: list[ServerError]
    pending_servers: int
    reasons: list[Reason]
    proved_at: str | None
    fresh_until: str | None
    version: int


class CommandAnswer(ApplyAnswer):
    """The same, with the group's name and whole status."""

    group_name: str
    launch_config_status: LaunchConfigStatus


class DeletedAnswer(Answer):
    """The group is no more."""

    group_id: str
    deleted: Literal[True]
    version: int
