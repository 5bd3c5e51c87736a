"""What follows when a group is defined, redefined, or gains and loses servers."""

from commands import requests as ask
from commands.asked import Asked, Facts, nobody_writes, renewed, unchanged_since
from events import facts as f
from events import groups as g
from events.commits import pack
from events.configuration import LaunchConfiguration, fingerprint
from events.errors import Refused
from events.model import canonical

MAX_DEFINITION = 80_000
"""Packed bytes of a definition; with every server failing, commit and row still stay under DynamoDB's 400 KB."""

_NOT_DEFINITION = {"group_id", "version", "request_id", "invoked_by", "respond_async", "source_server_ids", "servers"}


def create(command: ask.CreateProtectionGroup, asked: Asked) -> Facts:
    """A group with all its servers; those of which something is wanted are due."""
    if command.account_id not in {None, asked.account_id}:
        raise Refused(
            "INVALID_PARAMETER",
            f"accountId: this deployment serves account {asked.account_id} only",
            field="accountId",
        )
    definition = g.Definition(
        group_name=command.group_name,
        region=command.region or asked.region,
        account_id=asked.account_id,
        description=command.description,
        launch_config=command.launch_config,
        servers=command.named or (),
        on_not_ready=command.on_not_ready,
    )
    _fits(definition)
    wanted = tuple(s.source_server_id for s in definition.servers if definition.wanted(s))
    created = f.ProtectionGroupCreated(group_id=asked.group_id, definition=definition, version=asked.version)
    return (created, *renewed(wanted, "defined", asked))


def update(group: g.Group, command: ask.UpdateProtectionGroup, asked: Asked) -> Facts:
    """What is sent replaces; only servers of which something else is wanted are due."""
    unchanged_since(group, command.version, asked)
    before = group.whole()
    sent = command.model_fields_set - _NOT_DEFINITION
    changes = {name: getattr(command, name) for name in sent}
    if command.named is not None:
        changes["servers"] = command.named
    for name in ("group_name", "description", "launch_config"):
        if changes.get(name, "") is None:
            raise Refused("INVALID_PARAMETER", f"{name}: must not be null", field=name)
    definition = before.model_copy(update=changes)
    if definition == before:
        return ()
    _fits(definition)
    if {s.source_server_id for s in before.servers} - {s.source_server_id for s in definition.servers}:
        nobody_writes(group, asked.now)
    updated = f.ProtectionGroupUpdated(definition=definition, version=asked.version)
    return (updated, *renewed(_changed(before, definition), "redefined", asked))


def add(group: g.Group, command: ask.AddServers, asked: Asked) -> Facts:
    """Servers that are in the group already, the same way, are no news."""
    unchanged_since(group, command.version, asked)
    if not command.named:
        raise Refused("MISSING_FIELD", "name at least one server in sourceServerIds or servers", field="servers")
    other = [s.source_server_id for s in command.named if _differs(group, s)]
    if other:
        raise Refused(
            "SERVER_CONFLICT",
            f"{', '.join(other[:5])}: in this group already, with other settings; update the group to change them",
            409,
            field="servers",
            sourceServerIds=other,
        )
    joining = tuple(s for s in command.named if s.source_server_id not in group.servers)
    if not joining:
        return ()
    before = group.whole()
    definition = before.model_copy(update={"servers": (*before.servers, *joining)})
    _fits(definition)
    added = f.ServersAdded(servers=joining, version=asked.version)
    return (added, *renewed(_changed(before, definition), "defined", asked))


def remove(group: g.Group, command: ask.RemoveServers, asked: Asked) -> Facts:
    """Servers leave only while nobody can be writing to them."""
    unchanged_since(group, command.version, asked)
    strangers = [id_ for id_ in command.source_server_ids if id_ not in group.servers]
    if strangers:
        raise Refused(
            "NOT_FOUND",
            f"{', '.join(strangers[:5])}: not in this group",
            404,
            field="sourceServerIds",
            sourceServerIds=strangers,
        )
    nobody_writes(group, asked.now)
    return (f.ServersRemoved(source_server_ids=command.source_server_ids, version=asked.version),)


def _changed(before: g.Definition, after: g.Definition) -> tuple[str, ...]:
    """The servers of which something else is wanted than before."""
    was = {s.source_server_id: before.wanted(s) for s in before.servers}
    now = {s.source_server_id: after.wanted(s) for s in after.servers}
    return tuple(sorted(id_ for id_, new in now.items() if new and fingerprint(new) != fingerprint(was.get(id_, {}))))


def _differs(group: g.Group, server: g.ServerDefinition) -> bool:
    there = group.servers.get(server.source_server_id)
    return there is not None and there.definition != server


def _own(definition: g.Definition) -> tuple[LaunchConfiguration, ...]:
    return tuple(server.launch_template for server in definition.servers)


def _says_nothing(said: LaunchConfiguration) -> set[str]:
    """The settings that ask for nothing: what asks for nothing would be proved by looking at nothing."""
    options, devices = said.get("metadataOptions"), said.get("blockDeviceMappings") or ()
    hollow = {"metadataOptions"} if options == {} else set()
    return hollow | ({"blockDeviceMappings"} if any(len(device) == 1 for device in devices) else set())


def _without_subnet(wanted: LaunchConfiguration) -> bool:
    return "staticPrivateIp" in wanted and "subnetId" not in wanted


def _fits(definition: g.Definition) -> None:
    if "staticPrivateIp" in definition.launch_config:
        raise Refused(
            "INVALID_PARAMETER",
            "staticPrivateIp: an address serves one server; say it in that server's launchTemplate",
            field="launchConfig.staticPrivateIp",
        )
    hollow = {key for said in (definition.launch_config, *_own(definition)) for key in _says_nothing(said)}
    if hollow:
        names = ", ".join(sorted(hollow))
        raise Refused("INVALID_PARAMETER", f"{names}: say something in it, or leave it out", field=names)
    loose = [s.source_server_id for s in definition.servers if _without_subnet(definition.wanted(s))]
    if loose:
        raise Refused(
            "MISSING_FIELD",
            f"{', '.join(loose[:5])}: staticPrivateIp needs the subnetId it is an address of",
            field="subnetId",
            sourceServerIds=loose,
        )
    if len(definition.servers) > g.MAX_SERVERS:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"{len(definition.servers)} servers; DRS recovers at most {g.MAX_SERVERS} at once: split the group",
            field="servers",
        )
    size = len(pack(canonical(definition.model_dump(mode="json", exclude_defaults=True))))
    if size > MAX_DEFINITION:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"the definition takes {size} bytes compressed, of at most {MAX_DEFINITION}: move settings that"
            " servers share into launchConfig, or split the group",
            413,
            field="servers",
        )
