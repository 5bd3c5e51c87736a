"""Which servers a definition is for, and which overrides reach each of them: from what was seen of them. Pure.

Tags and host names count as they were when the group was defined; what came of them is stored, and a wave takes that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from commands.outcomes import SourceServer
from events import groups as g
from events.configuration import LaunchConfiguration, without_network
from events.errors import Refused

Seen = Mapping[str, SourceServer]
"""The servers of DRS that were looked at, by id; whoever is missing has no tags and no host name."""
EVERYONE = "*"
_UNKNOWN = SourceServer("", {})


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition as it is to be, before anybody was looked at.

    `fresh`: the servers to look at; None = all of it. `own_given`: whether its servers' own settings were sent just
    now, so that one for a server that is not selected is a mistake and not merely old.
    """

    definition: g.Definition
    fresh: frozenset[str] | None = None
    own_given: bool = False


@dataclass(frozen=True, slots=True)
class Tie:
    """Two overrides that say different things about one setting of a server, in no order."""

    setting: str
    overrides: tuple[str, str]


def to_look_at(draft: Draft) -> tuple[str, ...] | None:
    """Whom of DRS's servers must be looked at: by id, nobody, or (None) all of account and Region."""
    definition = draft.definition
    if definition.server_selection_tags:
        return None
    by_name = any(exclusion.hostname not in {None, EVERYONE} for exclusion in definition.exclusions)
    if not definition.tag_overrides and not by_name:
        return ()
    return tuple(sorted(s.source_server_id for s in definition.servers if _is_fresh(draft, s)))


def resolved(draft: Draft, seen: Seen) -> g.Definition:
    """The definition with its servers, and with what reaches each of them.

    Raises:
        Refused: nobody is selected, or too many, or a server that has settings is not; or overrides are tied.
    """
    definition = draft.definition
    servers = _selected(draft, seen) if definition.server_selection_tags else definition.servers
    found = tuple(_reached(definition, s, seen) if _is_fresh(draft, s) else s for s in servers)
    _no_ties(definition, found)
    return definition.model_copy(update={"servers": found})


def in_words(tags: Mapping[str, str]) -> str:
    """``Plan=gold and Stage=prod``."""
    return " and ".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _is_fresh(draft: Draft, server: g.ServerDefinition) -> bool:
    return draft.fresh is None or server.source_server_id in draft.fresh


def _selected(draft: Draft, seen: Seen) -> tuple[g.ServerDefinition, ...]:
    tags = draft.definition.server_selection_tags
    ids = sorted(id_ for id_, one in seen.items() if tags.items() <= one.tags.items())
    if not ids:
        raise Refused(
            "NO_SERVERS_MATCH",
            f"no source server carries {in_words(tags)} (case counts): tag the servers in DRS, or mend the tags here",
            field="serverSelectionTags",
        )
    if len(ids) > g.MAX_SERVERS:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"{len(ids)} servers carry {in_words(tags)}; DRS recovers at most {g.MAX_SERVERS} at once: add a tag that"
            " tells them apart, and make more groups",
            field="serverSelectionTags",
        )
    own = {server.source_server_id: server for server in draft.definition.servers}
    strangers = sorted(own.keys() - {*ids})
    if strangers and draft.own_given:
        raise Refused(
            "SERVER_NOT_SELECTED",
            f"{', '.join(strangers[:5])}: does not carry {in_words(tags)}: tag it in DRS first, or leave it out",
            field="servers",
            sourceServerIds=strangers,
        )
    return tuple(own.get(id_) or g.ServerDefinition(source_server_id=id_) for id_ in ids)


def _reached(definition: g.Definition, server: g.ServerDefinition, seen: Seen) -> g.ServerDefinition:
    one = seen.get(server.source_server_id, _UNKNOWN)
    excluded = _excluded(definition.exclusions, server.source_server_id, one.hostname)
    reaches = server.use_group_defaults and excluded != "all"
    carried = [over for over in definition.tag_overrides if reaches and one.tags.get(over.key) == over.value]
    rank = {key: place for place, key in enumerate(definition.precedence)}
    in_order = sorted(carried, key=lambda over: (rank.get(over.key, -1), over.name))
    return server.model_copy(update={"tag_overrides": tuple(over.name for over in in_order), "excluded": excluded})


def _excluded(exclusions: Sequence[g.Exclusion], id_: str, host: str) -> Literal["all", "network"] | None:
    """All that are for this server count, and the widest wins; a server without a host name is in none by name."""
    mine = [one for one in exclusions if one.source_server_id == id_ or _names(one.hostname, host)]
    if any(one.exclude_all for one in mine):
        return "all"
    return "network" if any(one.exclude_network_configuration for one in mine) else None


def _names(hostname: str | None, host: str) -> bool:
    if hostname is None:
        return False
    return hostname == EVERYONE or (bool(host) and hostname.lower().partition(".")[0] == host)


def _no_ties(definition: g.Definition, servers: Sequence[g.ServerDefinition]) -> None:
    """The first tie, with every server that it is about."""
    found: dict[Tie, list[str]] = {}
    for server in servers:
        for tie in _ties(definition, server):
            found.setdefault(tie, []).append(server.source_server_id)
    for tie, ids in found.items():
        one, other = tie.overrides
        raise Refused(
            "TAG_OVERRIDE_TIE",
            f"{', '.join(ids[:5])}: the tag overrides {one} and {other} say different things about {tie.setting}:"
            " list both tag keys in precedence, the one that is to win last",
            field="precedence",
            sourceServerIds=ids,
            setting=tie.setting,
            tagOverrides=[one, other],
        )


def _ties(definition: g.Definition, server: g.ServerDefinition) -> Iterator[Tie]:
    named = {over.name: over for over in definition.tag_overrides}
    carried = [named[name] for name in server.tag_overrides]
    for one, other in combinations(carried, 2):
        if {one.key, other.key} <= {*definition.precedence}:
            continue
        left, right = _of(server, one.launch_config), _of(server, other.launch_config)
        for setting in sorted(left.keys() & right.keys()):
            if left.get(setting) != right.get(setting):
                yield Tie(setting, (one.name, other.name))


def _of(server: g.ServerDefinition, layer: LaunchConfiguration) -> LaunchConfiguration:
    """What of a layer reaches a server: about what does not there is no tie."""
    return without_network(layer) if server.excluded == "network" else layer
