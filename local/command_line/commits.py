"""An entry of history or audit log, in few words."""

import re

import orjson

from local.command_line.codes import Json
from local.command_line.plain import printable

_SERVER = re.compile(rb'"(s-[0-9a-f]{17})"')
MANY = 10
"""Changes told of one entry: 500 servers may have changed at once."""


def facts(entry: Json) -> str:
    """The types of its facts, each once, and how often if more than once."""
    types = [str(fact["type"]) for fact in entry["facts"]]
    return " ".join(f"{one} x{types.count(one)}" if types.count(one) > 1 else one for one in dict.fromkeys(types))


def servers(entry: Json) -> int:
    """How many servers its facts name."""
    return len({*_SERVER.findall(orjson.dumps(entry["facts"]))})


def changes(entry: Json) -> list[str]:
    """Field by field; what is too much to be read is counted."""
    found = entry.get("changes") or []
    told = [f"{_whose(one)} {one['field']}: {printable(one['from'])} -> {printable(one['to'])}" for one in found[:MANY]]
    more = len(found[MANY:]) + entry.get("changesLeftOut", 0)
    return [*told, f"and {more} more"] if more else told


def _whose(change: Json) -> str:
    """The server, or how many have the same change."""
    return change.get("sourceServerId") or f"{len(change['sourceServerIds'])} servers"
