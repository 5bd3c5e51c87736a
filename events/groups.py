"""A protection group: what was defined, and the state that its facts fold to (`events.evolve`).

Stored shapes, inside commits: change with care, add fields with defaults, and raise `fold_version` in
`events.streams` with every change of the state.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from events.configuration import LaunchConfiguration, effective, without_network
from events.model import Model, ServerId
from events.moments import Moment
from events.values import HostName, TagKey, TagValue

MAX_SERVERS = 500
"""DRS recovers at most 500 servers at once (DRS service quotas)."""
MAX_ATTEMPTS = 6
Reason = Literal["defined", "redefined", "requested", "forced", "stale", "wave", "liveCheck", "superseded"]
"""Why a server is due: kept with it, and shown beside `pending`."""


class ServerDefinition(Model):
    """One server as it was asked for, and what its tags and host name came to when the group was defined.

    `tag_overrides`: the overrides that reach it, by name, in the order in which they apply. `excluded`: what of group
    default and overrides is kept from it.
    """

    source_server_id: ServerId
    use_group_defaults: bool = True
    launch_template: LaunchConfiguration = LaunchConfiguration()
    tag_overrides: tuple[str, ...] = ()
    excluded: Literal["all", "network"] | None = None


class TagOverride(Model):
    """What servers get that carry exactly this tag; case counts."""

    key: TagKey
    value: TagValue
    launch_config: LaunchConfiguration = LaunchConfiguration()

    @property
    def name(self) -> str:
        """Its tag, as a server's definition names it: ``Role=web``."""
        return f"{self.key}={self.value}"


class Exclusion(Model):
    """Servers that group default and overrides are kept from: one by id, or by host name; `*` is every server."""

    source_server_id: ServerId | None = None
    hostname: HostName | None = None
    exclude_all: bool = False
    exclude_network_configuration: bool = False


class Target(Model):
    """Where servers are recovered: an account and Region, and the role by which they are reached if not our own."""

    account_id: str
    region: str
    assume_role_name: str = ""
    external_id: Annotated[str, Field(repr=False)] = ""


class Definition(Model):
    """What a group is: said once, stored as it was said, never expanded.

    With `server_selection_tags` its servers are those that carried all of them when it was last defined.
    """

    group_name: str
    region: str
    account_id: str
    assume_role_name: str = ""
    external_id: Annotated[str, Field(repr=False)] = ""
    description: str = ""
    launch_config: LaunchConfiguration = LaunchConfiguration()
    servers: tuple[ServerDefinition, ...] = ()
    on_not_ready: Literal["block", "proceed"] | None = None
    server_selection_tags: dict[TagKey, TagValue] = {}
    tag_overrides: tuple[TagOverride, ...] = ()
    precedence: tuple[TagKey, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def target(self) -> Target:
        """Where its servers are recovered."""
        return Target(
            account_id=self.account_id,
            region=self.region,
            assume_role_name=self.assume_role_name,
            external_id=self.external_id,
        )

    def wanted(self, server: ServerDefinition) -> LaunchConfiguration:
        """The effective configuration of one server; empty if nothing is wanted of it.

        Group default, then the tag overrides that reach it, then its own settings.
        """
        if not server.use_group_defaults or server.excluded == "all":
            return effective(server.launch_template)
        named = {override.name: override.launch_config for override in self.tag_overrides}
        shared = (self.launch_config, *(named[name] for name in server.tag_overrides if name in named))
        if server.excluded == "network":
            shared = tuple(without_network(layer) for layer in shared)
        return effective(*shared, server.launch_template)


class Error(Model):
    """What AWS said. Earlier errors of the same epoch keep their code only: the row has a size."""

    code: str
    message: str = ""
    at: Moment | None = None


class Server(Model):
    """One server: what is wanted of it, since which epoch, and what is known.

    `wrote_at`: when a write to AWS for it last began; reads may lag behind it for seconds, so that a proof by
    reading alone waits until it is old. `due_since`: since when it has not been proved, if it is not.
    """

    definition: ServerDefinition
    wanted: bool = False
    epoch: int = 0
    reason: Reason = "defined"
    requested_by: str = ""
    due_since: Moment | None = None
    proved_epoch: int = 0
    proved_at: Moment | None = None
    config_hash: str = ""
    last_applied: Moment | None = None
    applied_by: str = ""
    wrote_at: Moment | None = None
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
    """A protection group as its facts left it.

    `definition` is None before it exists, and its servers are kept apart. `defined_in` is the version of the
    stream in which the definition last changed: whoever saw that version, or a later one, saw this definition.
    `left_at` is the highest epoch of a server that left: one that comes back counts on from there, so that no
    epoch of it ever stands for two configurations.
    """

    group_id: str = ""
    definition: Definition | None = None
    defined_in: int = 0
    servers: dict[str, Server] = {}
    left_at: int = 0
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

    def whole(self) -> Definition:
        """The definition with its servers, as it was said, in order of id."""
        if self.definition is None:
            raise ValueError("a group that was never defined has no definition")
        return self.definition.model_copy(
            update={"servers": tuple(server.definition for _, server in sorted(self.servers.items()))}
        )

    def wanted(self, server_id: str) -> LaunchConfiguration:
        """The effective configuration of one of its servers."""
        return self.definition.wanted(self.servers[server_id].definition) if self.definition else {}
