"""What one server gets: the defaults, and over them the overrides whose tag it carries.

The synchronizer applies matching overrides in an arbitrary order. Here two that disagree about a key of a server
are a tie, and neither counts: the server keeps the default, which was chosen for any server. A guess between the
two would be right by luck and change with a file's name.

A key of an override replaces that key of the defaults whole; if nothing of it could be taken, the default stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from events.configuration import NETWORK
from local.synchronizer.documents import at
from local.synchronizer.findings import Finding
from local.synchronizer.leaves import Settings
from local.synchronizer.servers import Server
from local.synchronizer.translate import Translated

_SHOWN_SERVERS = 5


@dataclass
class Used:
    """What became of the overrides, over all servers."""

    settings: set[tuple[str, str]] = field(default_factory=set)
    """File and setting that reached a server."""
    ties: dict[tuple[str, tuple[str, ...]], list[str]] = field(default_factory=dict)
    """Key and the files that disagree about it, with the servers."""


def base(defaults: Iterable[Translated]) -> Settings:
    """The defaults of both layers; no setting is in both."""
    return {setting: v for file in defaults for said in file.settings.values() for setting, v in said.items()}


def override(
    server: Server, defaults: tuple[Translated, ...], overrides: tuple[Translated, ...], used: Used
) -> Settings:
    """What ``server`` gets that differs from the defaults; None for a default it must not get."""
    wanted: Settings = {}
    matching = [file for file in overrides if file.document.tag and server.carries(file.document.tag)]
    for key in dict.fromkeys(key for file in matching for key in file.settings):
        files = [file for file in matching if key in file.settings]
        said = [file.settings[key] for file in files]
        if any(settings != said[0] for settings in said):
            used.ties.setdefault((key, tuple(f.document.file for f in files)), []).append(server.source_server_id)
            continue
        replaced = {setting for file in defaults for setting in file.settings.get(key, {})}
        wanted |= {**dict.fromkeys(replaced), **said[0]}
        used.settings |= {(file.document.file, setting) for file in files for setting in _reach(server, said[0])}
    if server.without_network:
        wanted |= {**dict.fromkeys(NETWORK), "copyPrivateIp": False}
    common = base(defaults)
    return {setting: value for setting, value in wanted.items() if value != common.get(setting)}


def _reach(server: Server, said: Settings) -> set[str]:
    """The settings that get through to a server whose network may be excluded."""
    if not server.without_network:
        return set(said)
    return {s for s, value in said.items() if s not in NETWORK and (s != "copyPrivateIp" or value is False)}


def one_address_each(file: Translated, active: list[Server]) -> Translated:
    """``file`` without its static address if it is for more servers than one: an address serves one."""
    tag = file.document.tag
    many = sum(server.carries(tag) for server in active if not server.without_network) > 1 if tag else True
    message = "one address serves one server: put it in an override whose tag only that server carries"
    return file.without("staticPrivateIp", message) if many else file


def findings(active: list[Server], overrides: tuple[Translated, ...], used: Used) -> list[Finding]:
    """The ties, and what of the overrides reached no server."""
    found = [_tie(file, key, files, used) for key, files in used.ties for file in overrides if _in(file, files)]
    for file in overrides:
        tag = file.document.tag
        if tag and not any(server.carries(tag) for server in active):
            message = f"no server that is not excluded carries {tag[0]}={tag[1]}"
            found.append(file.finding("UNMATCHED", (), f"{tag[0]}={tag[1]}", message))
            continue
        tied = {key for key, files in used.ties if _in(file, files)}
        message = "every server it is for is excluded from network configuration"
        found += [
            file.finding("EXCLUDED", taken.path, taken.value, message)
            for taken in file.taken
            if (file.document.file, taken.setting) not in used.settings and taken.path[0] not in tied
        ]
    return found


def _in(file: Translated, files: tuple[str, ...]) -> bool:
    return file.document.file in files


def _tie(file: Translated, key: str, files: tuple[str, ...], used: Used) -> Finding:
    servers = used.ties[key, files]
    more = f" and {len(servers) - _SHOWN_SERVERS} more" if len(servers) > _SHOWN_SERVERS else ""
    others = ", ".join(name for name in files if name != file.document.file)
    message = f"{others} says otherwise for {', '.join(servers[:_SHOWN_SERVERS])}{more}: the default stays"
    return file.finding("TIE", (key,), at(file.document.content, (key,)), message)
