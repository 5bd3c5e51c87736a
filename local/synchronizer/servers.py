"""DRS's source servers, as the synchronizer's two tables and its overrides see them."""

from collections import defaultdict
from dataclasses import dataclass

from local.synchronizer.findings import Finding, Json
from local.synchronizer.folder import EXCLUSIONS, MAPPING, Folder
from local.synchronizer.tables import Row

EVERYONE = "*"
ALL, NETWORK = "ExcludeAll", "ExcludeNetworkConfiguration"
_NETWORK_TAG = "exclude-auto-network-configuration-matching"
"""The tag that the synchronizer gives a server whose network it leaves alone; overrides may be for it."""


@dataclass(frozen=True)
class Server:
    """One source server: what selects overrides for it, and what it is excluded from."""

    source_server_id: str
    tags: dict[str, str]
    left_alone: bool
    without_network: bool

    def carries(self, tag: tuple[str, str]) -> bool:
        """Whether it has exactly this tag; case counts, as in the synchronizer."""
        return self.tags.get(tag[0]) == tag[1]


def servers(folder: Folder, described: list[Json]) -> tuple[Server, ...]:
    """The servers as `DescribeSourceServers` gives them, by id.

    A table names a server by its host name up to the first dot, without regard to case. The synchronizer leaves a
    server without a host name alone, and so do we.
    """
    return tuple(sorted((_server(folder, item) for item in described), key=lambda server: server.source_server_id))


def _server(folder: Folder, item: Json) -> Server:
    host = _host(item)
    excluded = _excluded(folder.exclusions.get(host)) | _excluded(folder.exclusions.get(EVERYONE))
    own = folder.mapping[host].cells if host in folder.mapping else {}
    network = {_NETWORK_TAG: "true"} if NETWORK in excluded else {}
    return Server(
        source_server_id=item["sourceServerID"],
        tags={**(item.get("tags") or {}), **own, **network},
        left_alone=ALL in excluded or not host,
        without_network=NETWORK in excluded,
    )


def _host(item: Json) -> str:
    hints = item.get("sourceProperties", {}).get("identificationHints", {})
    return str(hints.get("hostname") or "").lower().partition(".")[0]


def _excluded(row: Row | None) -> set[str]:
    return {column for column, value in row.cells.items() if value == "true"} if row else set()


def findings(folder: Folder, described: list[Json]) -> list[Finding]:
    """What the tables say that reaches no server or no override, and the servers they cannot name."""
    hosts = {_host(item) for item in described} - {""}
    tags = {document.tag for document in folder.documents if document.tag}
    nameless = [item["sourceServerID"] for item in described if not _host(item)]
    return [
        *(
            Finding("NO_HOSTNAME", id_, "", None, "DRS knows no host name of it: left alone, nothing is configured")
            for id_ in nameless
        ),
        *_strangers(MAPPING, folder.mapping, hosts),
        *_strangers(EXCLUSIONS, folder.exclusions, hosts | {EVERYONE}),
        *_exclusions(folder.exclusions),
        *_tags(folder.mapping, tags),
    ]


def _strangers(file: str, rows: dict[str, Row], hosts: set[str]) -> list[Finding]:
    message = "DRS has no server with this host name (up to its first dot, in upper or lower case)"
    return [
        Finding("UNKNOWN_SERVER", file, row.name, dict(row.cells), f"line {row.line}: {message}")
        for host, row in rows.items()
        if host not in hosts
    ]


def _exclusions(rows: dict[str, Row]) -> list[Finding]:
    found = []
    for row in rows.values():
        for column, value in row.cells.items():
            key, line = f"{row.name}.{column}", f"line {row.line}: "
            if column not in {ALL, NETWORK}:
                message = f"{line}the synchronizer has no such exclusion"
                found.append(Finding("NOT_APPLIED", EXCLUSIONS, key, value, message))
            elif value not in {"true", "false"}:
                message = f"{line}only `true`, in lower case, excludes: not excluded"
                found.append(Finding("INVALID_VALUE", EXCLUSIONS, key, value, message))
    return found


def _tags(rows: dict[str, Row], selecting: set[tuple[str, str]]) -> list[Finding]:
    """A tag that selects no override, once, however many servers have it."""
    idle: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows.values():
        for tag in set(row.cells.items()) - selecting:
            idle[tag].append(row.name)
    message = "no override is for this tag, and tags of source servers are not ours to write"
    return [
        Finding("UNMATCHED", MAPPING, key, value, f"{', '.join(names)}: {message}")
        for (key, value), names in sorted(idle.items())
    ]
