"""The protection groups that a synchronizer folder comes to, for the servers that DRS has."""

import re
from dataclasses import dataclass

from events.groups import MAX_SERVERS
from local.synchronizer import merge
from local.synchronizer import servers as seen
from local.synchronizer.findings import Finding, ImportRefused, Json
from local.synchronizer.folder import Folder
from local.synchronizer.leaves import Settings
from local.synchronizer.translate import Translated, translate

_NAME = re.compile(r"\S(.{0,62}\S)?")


@dataclass(frozen=True)
class Imported:
    """Bodies for `POST /protection-groups`, and whatever of the folder is not in them."""

    groups: tuple[dict[str, Json], ...]
    findings: tuple[Finding, ...]


def define(folder: Folder, servers: list[Json], group_name: str, region: str, account_id: str) -> Imported:
    """The groups of ``servers``, which are as `DescribeSourceServers` gives them; every 500 are a group.

    The subnet and the security group that the synchronizer finds by itself, from a server's address and the tags
    of subnets, are in none of its files, and so in no definition.

    Raises:
        ImportRefused: the groups cannot have such a name.
    """
    machines = seen.servers(folder, servers)
    active = [machine for machine in machines if not machine.left_alone]
    files = tuple(merge.one_address_each(translate(document), active) for document in folder.documents)
    defaults = tuple(file for file in files if file.document.tag is None)
    overrides = tuple(file for file in files if file.document.tag)
    used = merge.Used()
    bodies = [_server(machine, defaults, overrides, used) for machine in machines]
    groups = _groups(bodies, merge.base(defaults), group_name)
    about = {"description": f"imported from {folder.name}, a drs-configuration-synchronizer folder", "region": region}
    findings = (
        *folder.findings,
        *(finding for file in files for finding in file.findings),
        *seen.findings(folder, servers),
        *merge.findings(active, overrides, used),
    )
    account = {"accountId": account_id} if account_id else {}
    return Imported(tuple({**group, **about, **account} for group in groups), findings)


def _server(
    machine: seen.Server, defaults: tuple[Translated, ...], overrides: tuple[Translated, ...], used: merge.Used
) -> dict[str, Json]:
    if machine.left_alone:
        return {"sourceServerId": machine.source_server_id, "useGroupDefaults": False, "launchTemplate": {}}
    own = merge.override(machine, defaults, overrides, used)
    return {"sourceServerId": machine.source_server_id, **({"launchTemplate": own} if own else {})}


def _groups(bodies: list[dict[str, Json]], common: Settings, name: str) -> list[dict[str, Json]]:
    parts = [bodies[start : start + MAX_SERVERS] for start in range(0, len(bodies), MAX_SERVERS)] or [[]]
    names = [f"{name}-{number}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else [name]
    for each in names:
        if not _NAME.fullmatch(each):
            raise ImportRefused(f"{each!r}: a group's name has 1 to 64 characters, and no space at either end")
    return [
        {"groupName": each, "launchConfig": common, "servers": part} for each, part in zip(names, parts, strict=True)
    ]
