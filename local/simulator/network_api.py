"""EC2's networks and what stands in them: moto keeps it, we read it, and refuse what moto lets pass.

moto describes interfaces slowly and by their first address only, gives an address to two interfaces, makes up a
security group that nobody made, deletes a subnet in use, and keeps the interface of a terminated instance.
"""

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult

from local.simulator import addresses, filter_paths
from local.simulator import network_shapes as shapes
from local.simulator.ec2_request import Ec2Request
from local.simulator.errors import AwsError
from local.simulator.instance_types import zone_ids
from local.simulator.launches import profile_faults
from local.simulator.render import Ec2Xml
from local.simulator.shapes import Shape


class NetworkApi(Ec2Request):
    """The requests about subnets, VPCs, security groups, interfaces, key pairs, instances."""

    def describe_subnets(self) -> Ec2Xml:
        """Subnets with the addresses that are left; InvalidSubnetID.NotFound for an id that is not here."""
        used = shapes.taken(self.ec2_backend)
        found = self.ec2_backend.describe_subnets(self.asked.get("SubnetIds"))
        return self.filtered("Subnets", [shapes.subnet(each, used) for each in found], filter_paths.SUBNETS)

    def describe_vpcs(self) -> Ec2Xml:
        """VPCs, the default one among them if there is one."""
        found = self.ec2_backend.describe_vpcs(self.asked.get("VpcIds"))
        return self.filtered("Vpcs", [shapes.vpc(each) for each in found], filter_paths.VPCS)

    def describe_security_groups(self) -> Ec2Xml:
        """Security groups of all VPCs."""
        asked, found = self.asked, self.ec2_backend.describe_security_groups()
        found = _named(found, asked.get("GroupIds"), "id")
        found = _named(found, asked.get("GroupNames"), "name")
        return self.filtered("SecurityGroups", [shapes.group(each) for each in found], filter_paths.SECURITY_GROUPS)

    def describe_network_interfaces(self) -> Ec2Xml:
        """Interfaces, found by any of their addresses."""
        found = self.ec2_backend.get_all_network_interfaces(self.asked.get("NetworkInterfaceIds"))
        described = [shapes.interface(each) for each in found]
        return self.filtered("NetworkInterfaces", described, filter_paths.NETWORK_INTERFACES, tags="TagSet")

    def describe_key_pairs(self) -> Ec2Xml:
        """Key pairs; InvalidKeyPair.NotFound for a name that is not here."""
        found = list(self.ec2_backend.key_pairs.values())
        if missing := set(self.asked.get("KeyNames", [])) - {each.key_name for each in found}:
            raise AwsError("InvalidKeyPair.NotFound", f"The key pair '{min(missing)}' does not exist")
        if names := self.asked.get("KeyNames"):
            found = [each for each in found if each.key_name in names]
        return self.filtered("KeyPairs", [shapes.key_pair(each) for each in found], filter_paths.KEY_PAIRS)

    def create_subnet(self) -> ActionResult:
        """A subnet, in some zone of the Region if none is named; never a default one."""
        if not {"AvailabilityZone", "AvailabilityZoneId"} & set(self.params):
            self.params["AvailabilityZone"] = next(iter(zone_ids(self.region)))
        answer = super().create_subnet()
        made = answer.result["Subnet"]
        made.default_for_az = made.map_public_ip_on_launch = False
        return answer

    def create_network_interface(self) -> ActionResult:
        """An interface with addresses that nobody else has, and groups that exist."""
        self._refuse_groups(self.params.get("Groups", []))
        subnet = self.ec2_backend.get_subnet(self.params["SubnetId"])
        self._settle(subnet, self.params)
        return super().create_network_interface()

    def run_instances(self) -> ActionResult:
        """Instances with such interfaces too; their profile is one of this account in this simulator."""
        self._refuse_profile(self.params.pop("IamInstanceProfile", {}))
        self._refuse_groups(self.params.get("SecurityGroupIds", []))
        for each in [self.params, *self.params.get("NetworkInterfaces", [])]:
            if each.get("SubnetId"):
                self._settle(self.ec2_backend.get_subnet(each["SubnetId"]), each, count=self.params.get("MaxCount", 1))
        return super().run_instances()

    def terminate_instances(self) -> ActionResult:
        """Ends instances; their first interface goes with them."""
        answer = super().terminate_instances()
        ended = set(self.params.get("InstanceIds", []))
        enis = self.ec2_backend.enis
        for each in [each for each in enis.values() if each.instance and each.instance.id in ended]:
            del enis[each.id]
        return answer

    def delete_subnet(self) -> ActionResult:
        """Deletes a subnet that holds no interface, else DependencyViolation."""
        subnet_id = self.params["SubnetId"]
        if addresses.in_use(self.ec2_backend, subnet_id):
            raise AwsError("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return super().delete_subnet()

    def _settle(self, subnet: Any, interface: Shape, count: int = 1) -> None:  # noqa: ANN401  moto's Subnet
        """Hold the addresses that are asked for against the others; choose one if none is."""
        used = addresses.in_use(self.ec2_backend, subnet.id)
        wanted = addresses.wanted_by(interface)
        for address in wanted:
            addresses.refuse(subnet, address, used)
        if not wanted and count == 1:
            interface["PrivateIpAddress"] = addresses.free(subnet, used)

    def _refuse_profile(self, profile: Shape) -> None:
        if why := next(profile_faults(profile, self.world.iam(self.current_account)), None):
            code, _, message = why.partition(": ")
            raise AwsError(code, message)

    def _refuse_groups(self, group_ids: Sequence[str]) -> None:
        known = {each.id for each in self.ec2_backend.describe_security_groups()}
        for group_id in group_ids:
            if group_id not in known:
                raise _no_group(group_id)


def _named(found: list[Any], names: Sequence[str] | None, attribute: str) -> list[Any]:
    """Those that were asked for, all of which must be there."""
    if not names:
        return found
    known = {getattr(each, attribute) for each in found}
    for name in names:
        if name not in known:
            raise _no_group(name)
    return [each for each in found if getattr(each, attribute) in names]


def _no_group(group_id: str) -> AwsError:
    return AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
