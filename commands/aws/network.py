"""Whether a server would find its place in the network: subnet, address, security groups. Pure.

Source: VPC User Guide, Subnet CIDR blocks (reserved addresses); DRS User Guide, Launch settings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from commands.aws.calls import Data
from commands.aws.lenses import LENSES
from commands.aws.settings import SERVER
from commands.aws.survey import Survey
from commands.outcomes import Ask

RESERVED = 4
"""The first addresses of a subnet that AWS keeps for itself, beside the last one."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a server would not launch: a code of its own, the field, and what to do."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def network_refusals(ask: Ask, subnet: Data | None, server: Data, found: Survey, template: Data) -> Iterator[Refusal]:
    """Every reason why the network would not take it. ``subnet``: the one that is named, if it is there."""
    yield from _subnet(ask, subnet, found, template)
    if subnet:
        yield from _address(ask, subnet, server, found)
        yield from _copied(ask.configuration, subnet, server)
    yield from _security_groups(ask.configuration, subnet, found)


def _subnet(ask: Ask, subnet: Data | None, found: Survey, template: Data) -> Iterator[Refusal]:
    named = ask.configuration.get("subnetId")
    if named and not subnet:
        yield Refusal("SUBNET_NOT_FOUND", "subnetId", f"{named} is not in this account and Region: name one that is")
    elif subnet and (left := _free(subnet, found)) < ask.sharing:
        yield Refusal(
            "SUBNET_FULL",
            "subnetId",
            f"{named} has {left} free addresses, and {ask.sharing} servers of the group go there: use another too",
        )
    elif not named and not found.default_vpcs() and not LENSES["subnetId"].get(template):
        yield Refusal("SUBNET_REQUIRED", "subnetId", "there is no default VPC in this Region: name a subnet")


def _free(subnet: Data, found: Survey) -> int:
    """Free addresses, and those of the servers' own recovery instances, which end when they are launched again."""
    again = sum(1 for server in found.servers().values() if server.get("recoveryInstanceId"))
    return int(subnet["AvailableIpAddressCount"]) + again


def _copied(wanted: Mapping[str, Any], subnet: Data, server: Data) -> Iterator[Refusal]:
    """An address that DRS copies must be one of the subnet."""
    source = server.get("sourceProperties", {}).get("networkInterfaces", [])
    addresses = [ip for one in source if one.get("isPrimary") for ip in one.get("ips", [])[:1]]
    strangers = [ip for ip in addresses if IPv4Address(ip) not in IPv4Network(subnet["CidrBlock"])]
    if wanted.get("copyPrivateIp") and strangers:
        named = f"{', '.join(strangers)}, the source's own, is not in {subnet['SubnetId']} ({subnet['CidrBlock']})"
        yield Refusal("IP_OUT_OF_RANGE", "copyPrivateIp", f"{named}: say false, or another subnet")


def _address(ask: Ask, subnet: Data, server: Data, found: Survey) -> Iterator[Refusal]:
    said = ask.configuration.get("staticPrivateIp")
    if not said:
        return
    address, network = IPv4Address(said), IPv4Network(subnet["CidrBlock"])
    field = "staticPrivateIp"
    if address not in network:
        yield Refusal("IP_OUT_OF_RANGE", field, f"{said} is not in {subnet['SubnetId']} ({network})")
    elif int(address) - int(network.network_address) < RESERVED or address == network.broadcast_address:
        yield Refusal(
            "IP_RESERVED", field, f"AWS keeps the first four and the last address of {network}, so {said} too"
        )
    interface = found.addresses().get((subnet["SubnetId"], said))
    if interface and not _own(interface, ask.server_id, server):
        holder = interface.get("NetworkInterfaceId", "an interface")
        yield Refusal("IP_IN_USE", field, f"{said} is held by {holder}: choose another, or free it")


def _own(interface: Data, server_id: str, server: Data) -> bool:
    """Whether the interface is of this server's last recovery instance, which DRS ends when it launches again."""
    tags = {tag["Key"]: tag["Value"] for tag in interface.get("TagSet", [])}
    instance = interface.get("Attachment", {}).get("InstanceId")
    return tags.get(SERVER) == server_id or bool(instance and instance == server.get("recoveryInstanceId"))


def _security_groups(wanted: Mapping[str, Any], subnet: Data | None, found: Survey) -> Iterator[Refusal]:
    groups = wanted.get("securityGroupIds", ())
    there = found.security_groups()
    missing = [group for group in groups if group not in there]
    field = "securityGroupIds"
    if missing:
        yield Refusal("SECURITY_GROUPS_NOT_FOUND", field, f"{', '.join(missing)}: not in this account and Region")
    elsewhere = [group for group in groups if group in there and subnet and there[group]["VpcId"] != subnet["VpcId"]]
    if elsewhere and subnet:
        yield Refusal(
            "SECURITY_GROUPS_WRONG_VPC", field, f"{', '.join(elsewhere)}: not in {subnet['VpcId']}, the subnet's"
        )
