"""Addresses of a subnet: which can be had, and how EC2 refuses the others.

https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: the first four and the last are AWS's. moto hands
out any address, also one that is on an interface already.
"""

from ipaddress import IPv4Address, ip_address
from typing import Any

from local.simulator.errors import AwsError
from local.simulator.network_shapes import RESERVED, Network, addresses_of
from local.simulator.shapes import Shape

Subnet = Any  # moto's


def in_use(network: Network, subnet_id: str, spared: frozenset[str] = frozenset()) -> set[str]:
    """The addresses that interfaces hold in a subnet; interfaces that are spared do not count."""
    return {
        address
        for interface in network.enis.values()
        if interface.subnet.id == subnet_id and interface.id not in spared
        for address in addresses_of(interface)
    }


def within(subnet: Subnet, address: str) -> bool:
    """Whether the subnet has such an address at all."""
    return ip_address(address) in subnet.cidr


def refuse(subnet: Subnet, address: str, used: set[str]) -> None:
    """Raise unless the address can be had in this subnet."""
    wanted = ip_address(address)
    if not within(subnet, address):
        raise AwsError("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")
    first, last = int(subnet.cidr.network_address), int(subnet.cidr.broadcast_address)
    if int(wanted) < first + RESERVED - 1 or int(wanted) == last:
        raise AwsError("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")
    if address in used:
        raise AwsError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def free(subnet: Subnet, used: set[str]) -> str:
    """The first address that can be had."""
    first, last = int(subnet.cidr.network_address) + RESERVED - 1, int(subnet.cidr.broadcast_address)
    for number in range(first, last):
        if (address := str(IPv4Address(number))) not in used:
            return address
    raise AwsError(
        "InsufficientFreeAddressesInSubnet",
        f"The specified subnet does not have enough free addresses to satisfy the request: {subnet.id}",
    )


def wanted_by(interface: Shape) -> list[str]:
    """The addresses that a request or a launch template names for an interface."""
    single = [interface["PrivateIpAddress"]] if interface.get("PrivateIpAddress") else []
    return single + [each["PrivateIpAddress"] for each in interface.get("PrivateIpAddresses", [])]
