"""What the settings of a group or a server need of each other, and what they exclude: refused by name. Pure.

Sources: DRS User Guide, launch settings; EC2 API Reference, RunInstances; VPC User Guide, subnet sizing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from commands.aws.lenses import HAVING
from events.configuration import ENTAILED, LaunchConfiguration
from events.errors import Refused
from events.groups import Definition

_RESERVED = tuple(
    IPv4Network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32")
)
_ONE_SERVERS = {
    "staticPrivateIp": "an address serves one server",
    "launchIntoInstanceProperties": "an instance is one server's to launch into",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a configuration may not be; `advice` says what to do next."""

    code: str
    field: str
    advice: str
    broken: Callable[[LaunchConfiguration], bool]


def _contradicted(cause: str) -> Callable[[LaunchConfiguration], bool]:
    return lambda said: cause in said and any(said.get(key) != value for key, value in ENTAILED[cause].items())


def _alone(setting: str, needs: str) -> Callable[[LaunchConfiguration], bool]:
    return lambda said: setting in said and needs not in said


def _reserved(said: LaunchConfiguration) -> bool:
    address = said.get("staticPrivateIp")
    return bool(address) and any(IPv4Address(address) in net for net in _RESERVED)


def _too_much(said: LaunchConfiguration) -> bool:
    return any(
        what in device and "volumeType" in device and device["volumeType"] not in types
        for device in said.get("blockDeviceMappings") or ()
        for what, types in HAVING.items()
    )


IN_EFFECT = (
    Rule(
        "INSTANCE_TYPE_NEEDS_NO_RIGHT_SIZING",
        "targetInstanceTypeRightSizingMethod",
        "with an instanceType it is NONE, or DRS would choose another: leave it out, or leave instanceType out",
        _contradicted("instanceType"),
    ),
    Rule(
        "STATIC_IP_EXCLUDES_COPY",
        "copyPrivateIp",
        "with a staticPrivateIp it is false: leave it out, or unset staticPrivateIp",
        _contradicted("staticPrivateIp"),
    ),
    Rule(
        "LAUNCH_INTO_INSTANCE_EXCLUDES",
        "launchIntoInstanceProperties",
        "with it copyPrivateIp and copyTags are false: leave both out, or leave it out",
        _contradicted("launchIntoInstanceProperties"),
    ),
    Rule(
        "MISSING_FIELD",
        "subnetId",
        "staticPrivateIp needs the subnetId it is an address of",
        _alone("staticPrivateIp", "subnetId"),
    ),
    Rule(
        "SECURITY_GROUPS_NEED_SUBNET",
        "securityGroupIds",
        "need the subnetId in whose VPC they are: say it, too, or unset them",
        _alone("securityGroupIds", "subnetId"),
    ),
    Rule(
        "INSTANCE_PROFILE_TWICE",
        "instanceProfileArn",
        "EC2 takes instanceProfileName or instanceProfileArn: unset one of the two with null",
        lambda said: {"instanceProfileName", "instanceProfileArn"} <= said.keys(),
    ),
)
"""Of what one server gets in the end."""
AS_SAID = (
    Rule(
        "IP_RESERVED",
        "staticPrivateIp",
        "no server can have this address (loopback, link-local, multicast, broadcast): choose one of the subnet's",
        _reserved,
    ),
    Rule(
        "INVALID_PARAMETER",
        "blockDeviceMappings",
        "iops go with gp3, io1 and io2, throughput with gp3: leave them out, or choose such a volumeType",
        _too_much,
    ),
)
"""Of every configuration that is said."""


def consistent(definition: Definition) -> None:
    """Refuses a definition that contradicts itself; which servers and which field is in the refusal."""
    _shared(definition)
    for where, said, servers in _layers(definition):
        _something_said(where, said, servers)
        for rule in AS_SAID:
            if rule.broken(said):
                raise _refused(rule, f"{where}.{rule.field}", servers or [where])
    wanted = {server.source_server_id: definition.wanted(server) for server in definition.servers}
    for rule in IN_EFFECT:
        servers = [id_ for id_, one in wanted.items() if rule.broken(one)]
        if servers:
            raise _refused(rule, rule.field, servers)


def _refused(rule: Rule, field: str, servers: list[str]) -> Refused:
    names = ", ".join(servers[:5])
    more = f" and {len(servers) - 5} more" if len(servers) > 5 else ""  # noqa: PLR2004  as many as are named
    ids = [id_ for id_ in servers if id_.startswith("s-")]
    return Refused(
        rule.code,
        f"{names}{more}: {rule.field}: {rule.advice}",
        field=field,
        **({"sourceServerIds": ids} if ids else {}),
    )


def _layers(definition: Definition) -> Iterator[tuple[str, LaunchConfiguration, list[str]]]:
    """Everything that is said: where in the request, what, and of which server alone."""
    yield "launchConfig", definition.launch_config, []
    for number, override in enumerate(definition.tag_overrides):
        yield f"tagOverrides.{number}.launchConfig", override.launch_config, []
    for server in definition.servers:
        yield "launchTemplate", server.launch_template, [server.source_server_id]


def _shared(definition: Definition) -> None:
    for where, said, servers in _layers(definition):
        for setting, why in _ONE_SERVERS.items():
            if setting in said and not servers:
                raise Refused(
                    "INVALID_PARAMETER",
                    f"{setting}: {why}; say it in that server's launchTemplate",
                    field=f"{where}.{setting}",
                )


def _something_said(where: str, said: LaunchConfiguration, servers: list[str]) -> None:
    """What asks for nothing would be proved by looking at nothing."""
    devices = said.get("blockDeviceMappings") or ()
    hollow = {key for key, value in said.items() if value == {}}
    hollow |= {"blockDeviceMappings"} if any(len(device) == 1 for device in devices) else set()
    if hollow:
        names = ", ".join(sorted(hollow))
        raise Refused(
            "INVALID_PARAMETER",
            f"{', '.join(servers or [where])}: {names}: say something in it, or leave it out",
            field=names,
            **({"sourceServerIds": servers} if servers else {}),
        )
