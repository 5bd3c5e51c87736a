"""What follows when a group is defined, redefined, or gains and loses servers."""

from commands import requests as ask
from commands.asked import Asked, Facts, nobody_writes, renewed, unchanged_since
from commands.definition import drafts
from commands.definition.couplings import consistent
from commands.definition.selection import Draft, Seen, resolved
from events import facts as f
from events import groups as g
from events.commits import pack
from events.configuration import fingerprint
from events.errors import Refused
from events.model import canonical

MAX_DEFINITION = 80_000
"""Packed bytes of a definition; with every server failing, commit and row still stay under DynamoDB's 400 KB."""


def create(command: ask.CreateProtectionGroup, asked: Asked) -> Facts:
    """A group with all its servers; those of which something is wanted are due."""
    definition = legal(drafts.created(command, asked), asked.seen)
    wanted = tuple(s.source_server_id for s in definition.servers if definition.wanted(s))
    created = f.ProtectionGroupCreated(group_id=asked.group_id, definition=definition, version=asked.version)
    return (created, *renewed(wanted, "defined", asked))


def update(group: g.Group, command: ask.UpdateProtectionGroup, asked: Asked) -> Facts:
    """What is sent replaces; only servers of which something else is wanted are due."""
    before = group.whole()
    definition = resolved(drafts.updated(group, command, asked), asked.seen)
    if definition == before:
        return ()
    _fits(definition)
    if {s.source_server_id for s in before.servers} - {s.source_server_id for s in definition.servers}:
        nobody_writes(group, asked.now)
    updated = f.ProtectionGroupUpdated(definition=definition, version=asked.version)
    return (updated, *renewed(_changed(before, definition), "redefined", asked))


def add(group: g.Group, command: ask.AddServers, asked: Asked) -> Facts:
    """Servers that are in the group already, the same way, are no news."""
    draft = drafts.grown(group, command, asked)
    if not draft.fresh:
        return ()
    definition = legal(draft, asked.seen)
    joining = tuple(s for s in definition.servers if s.source_server_id in draft.fresh)
    added = f.ServersAdded(servers=joining, version=asked.version)
    return (added, *renewed(_changed(group.whole(), definition), "defined", asked))


def remove(group: g.Group, command: ask.RemoveServers, asked: Asked) -> Facts:
    """Servers leave only while nobody can be writing to them."""
    unchanged_since(group, command.version, asked)
    drafts.by_name_only(group.whole())
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


def legal(draft: Draft, seen: Seen) -> g.Definition:
    """What a draft comes to for the servers that were seen.

    Raises:
        Refused: it selects nobody, contradicts itself, or is too large.
    """
    definition = resolved(draft, seen)
    _fits(definition)
    return definition


def _changed(before: g.Definition, after: g.Definition) -> tuple[str, ...]:
    """The servers of which something else is wanted than before, or which are reached by other means.

    A proof that was made with another role's eyes may be of another world.
    """
    elsewhere = before.target != after.target
    was = {s.source_server_id: before.wanted(s) for s in before.servers}
    now = {s.source_server_id: after.wanted(s) for s in after.servers}
    return tuple(
        sorted(
            id_ for id_, new in now.items() if new and (elsewhere or fingerprint(new) != fingerprint(was.get(id_, {})))
        )
    )


def _fits(definition: g.Definition) -> None:
    if len(definition.servers) > g.MAX_SERVERS:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"{len(definition.servers)} servers; DRS recovers at most {g.MAX_SERVERS} at once: split the group",
            field="servers",
        )
    consistent(definition)
    size = len(pack(canonical(definition.model_dump(mode="json", exclude_defaults=True))))
    if size > MAX_DEFINITION:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"the definition takes {size} bytes compressed, of at most {MAX_DEFINITION}: move settings that"
            " servers share into launchConfig, or split the group",
            413,
            field="servers",
        )
