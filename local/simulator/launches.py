"""What goes wrong when DRS launches a template: EC2 never looked at it before, so here it shows."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from local.simulator import addresses
from local.simulator.addresses import Subnet
from local.simulator.errors import AwsError
from local.simulator.instance_types import Catalogue
from local.simulator.launch_settings import MANAGED_BY, MANAGED_TAG
from local.simulator.network_shapes import Network
from local.simulator.shapes import Shape


class Around(NamedTuple):
    """What stands around a launch. `spared` are the interfaces of the server's own earlier recovery instance."""

    network: Network
    catalogue: Catalogue
    region: str
    iam: Any
    spared: frozenset[str] = frozenset()

    def subnets(self, template: Shape, interface: Shape) -> list[Subnet]:
        """Where an interface can be: in the subnet it names, or in a default one whose zone offers the type."""
        every = self.network.describe_subnets()
        if named := interface.get("SubnetId"):
            return [subnet for subnet in every if subnet.id == named]
        zones = self.catalogue.zones(self.region, template.get("InstanceType", ""))
        return [subnet for subnet in every if subnet.default_for_az and subnet.availability_zone in zones]


class Placing(NamedTuple):
    """Where an interface of a recovery instance is."""

    subnet: Subnet
    addresses: list[str]
    groups: list[str]


def faults_in(template: Shape, around: Around) -> Iterator[str]:
    """Why an instance cannot be launched from this data."""
    if {"Key": MANAGED_TAG, "Value": MANAGED_BY} not in tags_for(template, "instance"):
        yield f"UnauthorizedOperation: the instance would not carry the tag {MANAGED_TAG}"
    kind, key = template.get("InstanceType", ""), template.get("KeyName")
    if not around.catalogue.zones(around.region, kind):
        yield f"Unsupported: the instance type '{kind}' is not offered in {around.region}"
    if key and key not in around.network.key_pairs:
        yield f"InvalidKeyPair.NotFound: the key pair '{key}' does not exist"
    yield from profile_faults(template.get("IamInstanceProfile", {}), around.iam)
    for interface in _interfaces(template):
        yield from _faults_in_interface(template, interface, around)


def placing(template: Shape, around: Around) -> list[Placing]:
    """Where the interfaces of a template without faults are put; those that name no address get the first free one."""
    places = []
    for interface in _interfaces(template):
        for subnet in around.subnets(template, interface):
            wanted, used = addresses.wanted_by(interface), addresses.in_use(around.network, subnet.id, around.spared)
            if all(addresses.within(subnet, address) for address in wanted):
                given = wanted or [addresses.free(subnet, used)]
                places.append(Placing(subnet, given, interface.get("Groups", [])))
                break
    return places


def _interfaces(template: Shape) -> list[Shape]:
    """The primary one first."""
    named = template.get("NetworkInterfaces") or [{"DeviceIndex": 0}]
    return sorted(named, key=lambda interface: interface.get("DeviceIndex", 0))


def tags_for(template: Shape, kind: str) -> list[Shape]:
    """The tags that the data gives to an `instance`, or to another kind of resource."""
    return [
        tag
        for specification in template.get("TagSpecifications", [])
        if specification.get("ResourceType") == kind
        for tag in specification.get("Tags", [])
    ]


def profile_faults(profile: Shape, iam: Any) -> Iterator[str]:  # noqa: ANN401  moto's IAMBackend
    """Why an instance cannot have this profile, if any is asked for."""
    known = iam.instance_profiles.values()
    if (name := profile.get("Name")) and name not in {each.name for each in known}:
        yield f"InvalidParameterValue: Invalid IAM Instance Profile name '{name}'"
    if (arn := profile.get("Arn")) and arn not in {each.arn for each in known}:
        yield f"InvalidParameterValue: Invalid IAM Instance Profile ARN '{arn}'"


def _faults_in_interface(template: Shape, interface: Shape, around: Around) -> Iterator[str]:
    within, named = around.subnets(template, interface), interface.get("SubnetId")
    if not within and named:
        yield f"InvalidSubnetID.NotFound: the subnet ID '{named}' does not exist"
    elif not within:
        yield "VPCIdNotSpecified: no default VPC for this user"
    if not within:
        return
    groups = {group.id: group.vpc_id for group in around.network.describe_security_groups()}
    for group in interface.get("Groups", []):
        if groups.get(group) not in {subnet.vpc_id for subnet in within}:
            yield f"InvalidGroup.NotFound: the security group '{group}' does not exist in the subnet's VPC"
    zone, kind = within[0].availability_zone, template.get("InstanceType", "")
    if zone not in around.catalogue.zones(around.region, kind):
        yield f"Unsupported: the instance type '{kind}' is not supported in the Availability Zone {zone}"
    yield from _faults_in_addresses(interface, within, around)


def _faults_in_addresses(interface: Shape, within: list[Subnet], around: Around) -> Iterator[str]:
    wanted = addresses.wanted_by(interface)
    subnet = next((each for each in within if all(addresses.within(each, address) for address in wanted)), within[0])
    used = addresses.in_use(around.network, subnet.id, around.spared)
    for address in wanted:
        try:
            addresses.refuse(subnet, address, used)
        except AwsError as error:
            yield f"{error.code}: {error.message}"
    if not wanted:
        try:
            addresses.free(subnet, used)
        except AwsError as error:
            yield f"{error.code}: {error.message}"
