"""What a definition is to be by a request, before any server was looked at. Pure."""

from typing import Any

from pydantic.alias_generators import to_camel

from commands import requests as ask
from commands.asked import Asked, unchanged_since
from commands.definition.selection import Draft, in_words
from events import groups as g
from events.errors import Refused

_UNSET: dict[str, Any] = {
    "on_not_ready": None, "server_selection_tags": {}, "tag_overrides": (), "precedence": (), "exclusions": (),
    "assume_role_name": "", "external_id": "",
}  # fmt: skip
"""What null comes to; `groupName`, `description` and `launchConfig` take no null."""
_SAID = {"group_name", "description", "launch_config", *_UNSET}
Defining = ask.CreateProtectionGroup | ask.UpdateProtectionGroup | ask.AddServers


def draft(group: g.Group, command: object, asked: Asked) -> Draft | None:
    """The definition that a request is for; None if it is for none, or comes to nothing anyway.

    Raises:
        Refused: it cannot be done, whatever the servers are.
    """
    match command:
        case ask.CreateProtectionGroup():
            return None if group.definition else created(command, asked)
        case ask.UpdateProtectionGroup() if group.exists:
            return updated(group, command, asked)
        case ask.AddServers() if group.exists:
            return grown(group, command, asked)
        case _:
            return None


def created(command: ask.CreateProtectionGroup, asked: Asked) -> Draft:
    """A group with all its servers."""
    if command.server_selection_tags and command.source_server_ids is not None:
        raise _two_ways()
    definition = g.Definition(
        group_name=command.group_name,
        region=command.region or asked.region,
        account_id=command.account_id or asked.account_id,
        assume_role_name=command.assume_role_name or "",
        external_id=command.external_id or "",
        description=command.description,
        launch_config=command.launch_config,
        servers=command.named or (),
        on_not_ready=command.on_not_ready,
        server_selection_tags=command.server_selection_tags or {},
        tag_overrides=command.tag_overrides,
        precedence=command.precedence,
        exclusions=command.exclusions,
    )
    _reachable(definition, asked)
    return Draft(definition, own_given=True)


def updated(group: g.Group, command: ask.UpdateProtectionGroup, asked: Asked) -> Draft:
    """What is sent replaces; null is the default of what has one."""
    unchanged_since(group, command.version, asked)
    before = group.whole()
    _fixed(before, command)
    changes = {name: getattr(command, name) for name in command.model_fields_set & _SAID}
    for name in [name for name, value in changes.items() if value is None]:
        if name not in _UNSET:
            raise Refused("INVALID_PARAMETER", f"{to_camel(name)}: must not be null", field=to_camel(name))
        changes[name] = _UNSET[name]
    if command.named is not None:
        changes["servers"] = command.named
    definition = before.model_copy(update=changes)
    if definition.server_selection_tags and command.source_server_ids is not None:
        raise _two_ways() if command.server_selection_tags else _selected_by_tags(definition)
    _reachable(definition, asked)
    return Draft(definition, own_given=command.named is not None)


def grown(group: g.Group, command: ask.AddServers, asked: Asked) -> Draft:
    """With the servers that are not in it yet; those that are, as they are."""
    unchanged_since(group, command.version, asked)
    before = group.whole()
    by_name_only(before)
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
    definition = before.model_copy(update={"servers": (*before.servers, *joining)})
    return Draft(definition, fresh=frozenset(s.source_server_id for s in joining))


def by_name_only(definition: g.Definition) -> None:
    """Refuses to add or remove servers by name where tags say which they are."""
    if definition.server_selection_tags:
        raise _selected_by_tags(definition)


def _differs(group: g.Group, server: g.ServerDefinition) -> bool:
    """Whether it is in the group, but was asked for otherwise; what was resolved for it does not matter."""
    there = group.servers.get(server.source_server_id)
    return there is not None and (there.definition.use_group_defaults, there.definition.launch_template) != (
        server.use_group_defaults,
        server.launch_template,
    )


def _fixed(before: g.Definition, command: ask.UpdateProtectionGroup) -> None:
    for name in ("region", "account_id"):
        if getattr(command, name) not in {None, getattr(before, name)}:
            raise Refused(
                "INVALID_PARAMETER",
                f"{to_camel(name)}: is fixed when a group is created: leave it out, or create another group",
                field=to_camel(name),
            )


def _reachable(definition: g.Definition, asked: Asked) -> None:
    """Another account is entered by a role, and no role without its external id."""
    missing = [] if definition.external_id else ["externalId"]
    if definition.assume_role_name == "":
        foreign = definition.account_id != asked.account_id
        missing = ["assumeRoleName", *missing] if foreign else ["assumeRoleName"] if definition.external_id else []
    if missing:
        why = "a role without an external id can be used by a confused deputy, and an external id is of a role"
        raise Refused(
            "MISSING_FIELD",
            f"{' and '.join(missing)}: account {definition.account_id} is entered by assumeRoleName with externalId,"
            f" or, if it is this deployment's own, by neither; {why}",
            field=missing[0],
            fields=missing,
        )


def _two_ways() -> Refused:
    return Refused(
        "INVALID_PARAMETER",
        "sourceServerIds: serverSelectionTags say which servers there are: send one of the two",
        field="sourceServerIds",
    )


def _selected_by_tags(definition: g.Definition) -> Refused:
    return Refused(
        "SELECTED_BY_TAGS",
        f"the servers of this group are those that carry {in_words(definition.server_selection_tags)}: tag or untag"
        " the server in DRS and update the group, or send serverSelectionTags: null to name its servers one by one",
        409,
        field="serverSelectionTags",
    )
