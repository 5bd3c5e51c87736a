"""One commit as it is shown: what was commanded, by whom, through which door, and which facts followed. Pure.

{streamId, version, recordedAt, command, commandId, actor, via, correlationId, causationId, facts: [{type, ...}]}
and `fault` if not all of it can be read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

import orjson
from pydantic.alias_generators import to_camel

from events.commits import Commit
from events.executions import ExecutionFact
from events.facts import GroupFact
from events.groups import Group
from events.rosters import RosterFact
from events.waves import WaveFact

Shown = dict[str, Any]
LEFT_OUT = "[left out]"
"""In the place of a secret: whoever may read what happened may still not act in its name."""
TEXTS = ("recorded_at", "command", "command_id", "actor", "via", "correlation_id", "causation_id")
FACTS = frozenset(
    fact.model_fields["type"].default
    for union in (GroupFact, WaveFact, ExecutionFact, RosterFact)
    for fact in get_args(union)
)
"""The names of all facts."""
DEFINING = frozenset({
    "ProtectionGroupCreated", "ProtectionGroupUpdated", "ServersAdded", "ServersRemoved", "ProtectionGroupDeleted",
})  # fmt: skip
"""Facts that change which servers there are, or what is wanted of them."""
_SERVER = re.compile(r"s-[0-9a-f]{17}")


def shown(commit: Commit) -> Shown:
    """A commit, read from its stream."""
    texts: dict[str, str] = {to_camel(name): getattr(commit, name) for name in TEXTS}
    faults = () if commit.intact else ("it is not what was sealed: some attribute was altered",)
    return entry(commit.stream_id, commit.version, texts, commit.events, faults)


def entry(
    stream_id: str, version: int | str, texts: Mapping[str, str], facts: bytes, faults: Iterable[str] = ()
) -> Shown:
    """The same of its parts: ``texts`` by their stored names, ``facts`` as canonical JSON, if they are that."""
    said, why = _read(facts)
    fault = "; ".join([*faults, *why])
    found = {"streamId": stream_id, "version": version, **texts, "facts": [_without_secrets(fact) for fact in said]}
    return {**found, "fault": fault} if fault else found


def _read(facts: bytes) -> tuple[list[Shown], list[str]]:
    """The facts, or why they are none."""
    try:
        said = orjson.loads(facts)
    except orjson.JSONDecodeError as error:
        return [], [f"its facts are no JSON: {error}"]
    if isinstance(said, list) and all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in said):
        return said, []
    return [], ["its facts are no list of facts"]


def servers_of(fact: Shown) -> tuple[str, ...]:
    """Every source server that a fact names, in its own order, each once."""
    return tuple(dict.fromkeys(text for text in _texts(fact) if _SERVER.fullmatch(text)))


def changes(before: Group, after: Group) -> list[Shown]:
    """Per server the fields of its effective configuration that differ: ``[{sourceServerId, field, from, to}]``.

    The field ``member`` says that it joined or left: a server that is not in a group has no field in it.
    """
    ids = sorted({*before.servers, *after.servers})
    return [change for id_ in ids for change in _differences(id_, _held(before, id_), _held(after, id_))]


def _held(group: Group, server_id: str) -> Shown:
    return {"member": True, **group.wanted(server_id)} if server_id in group.servers else {"member": False}


def _differences(server_id: str, before: Shown, after: Shown) -> Iterator[Shown]:
    for field in sorted({*before, *after}):
        was, is_ = before.get(field), after.get(field)
        if was != is_:
            yield {"sourceServerId": server_id, "field": field, "from": was, "to": is_}


def _without_secrets(fact: Shown) -> Shown:
    """A task token is as good as a signature; an external id is half of what assuming a role takes."""
    kept: Shown = {key: LEFT_OUT if key == "token" else value for key, value in fact.items()}
    for key in {"definition", "target"} & {*kept}:
        if isinstance(kept[key], dict) and "externalId" in kept[key]:
            kept[key] = {**kept[key], "externalId": LEFT_OUT}
    return kept


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
