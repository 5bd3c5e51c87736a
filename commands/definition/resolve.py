"""The question what an update would change now, because servers' tags or host names have; it writes nothing."""

from typing import Any

from commands.definition.define import legal
from commands.definition.drafts import draft
from commands.definition.sight import Sight
from commands.requests import ResolveProtectionGroup, UpdateProtectionGroup
from commands.service import Service
from events import groups as g
from events.doors import Json


def resolve(service: Service, question: ResolveProtectionGroup) -> Json:
    """``{groupId, version, joining, leaving, changed, unchanged}``: against DRS as it is now.

    Raises:
        Refused: there is no such group, AWS cannot be asked, or an update would be refused for the same reason.
    """
    stream = service.group(question.group_id)
    as_it_is = UpdateProtectionGroup(group_id=question.group_id)
    again = draft(stream.state, as_it_is, service.asked(stream, "", service.now()))
    assert again is not None  # noqa: S101  the group exists
    after = legal(again, Sight(service.door).of(again))
    return {"groupId": question.group_id, "version": stream.version, **difference(stream.state.whole(), after)}


def difference(before: g.Definition, after: g.Definition) -> Json:
    """What of the servers another look has changed."""
    was, now = ({s.source_server_id: s for s in one.servers} for one in (before, after))
    changed = [_changed(was[id_], now[id_]) for id_ in sorted(was.keys() & now.keys()) if _other(was[id_], now[id_])]
    return {
        "joining": sorted(now.keys() - was.keys()),
        "leaving": sorted(was.keys() - now.keys()),
        "changed": changed,
        "unchanged": len(was.keys() & now.keys()) - len(changed),
    }


def _other(was: g.ServerDefinition, now: g.ServerDefinition) -> bool:
    return (was.tag_overrides, was.excluded) != (now.tag_overrides, now.excluded)


def _changed(was: g.ServerDefinition, now: g.ServerDefinition) -> dict[str, Any]:
    return {
        "sourceServerId": now.source_server_id,
        "tagOverrides": {"from": was.tag_overrides, "to": now.tag_overrides},
        "excluded": {"from": was.excluded, "to": now.excluded},
    }
