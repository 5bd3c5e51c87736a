"""What goes wrong when DRS launches a template: EC2 never looked at it before, so here it shows."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from local.simulator.launch_settings import MANAGED_BY, MANAGED_TAG
from local.simulator.network_shapes import Network
from local.simulator.shapes import Shape


def faults_in(template: Shape, network: Network) -> Iterator[str]:
    """Why an instance cannot be launched from this data; `network` is the rest of EC2 there."""
    if {"Key": MANAGED_TAG, "Value": MANAGED_BY} not in _tags(template, "instance"):
        yield f"UnauthorizedOperation: the instance would not carry the tag {MANAGED_TAG}"
    for interface in template.get("NetworkInterfaces", []):
        yield from _faults_in_interface(interface, network)


def _tags(template: Shape, kind: str) -> list[Shape]:
    return [
        tag
        for specification in template.get("TagSpecifications", [])
        if specification.get("ResourceType") == kind
        for tag in specification.get("Tags", [])
    ]


def _faults_in_interface(interface: Shape, network: Network) -> Iterator[str]:
    subnets = {subnet.id: subnet for subnet in network.describe_subnets()}
    groups = {group.id: group for group in network.describe_security_groups()}
    named = interface.get("SubnetId")
    if named and named not in subnets:
        yield f"InvalidSubnetID.NotFound: the subnet ID '{named}' does not exist"
        return
    within = [subnets[named]] if named else [subnet for subnet in subnets.values() if subnet.default_for_az]
    for group in interface.get("Groups", []):
        if group not in groups or groups[group].vpc_id not in {subnet.vpc_id for subnet in within}:
            yield f"InvalidGroup.NotFound: the security group '{group}' does not exist in the subnet's VPC"
    for address in _addresses(interface):
        if not any(ip_address(address) in ip_network(subnet.cidr_block) for subnet in within):
            yield f"InvalidParameterValue: address {address} does not fall within the subnet's address range"


def _addresses(interface: Shape) -> list[str]:
    single = [interface["PrivateIpAddress"]] if interface.get("PrivateIpAddress") else []
    return single + [each["PrivateIpAddress"] for each in interface.get("PrivateIpAddresses", [])]
