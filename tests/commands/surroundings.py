"""What settings name in an account, made beforehand: a subnet, its security groups, a profile, a key pair, an instance.

All under ids that a test can name before there is anything: `furnish(simulator)`.
"""

from commands.aws.preflight import LAUNCH_HERE
from local.simulator.machines import Place
from local.simulator.simulator import Simulator

SUBNET, CIDR, ZONE = "subnet-0a1b2c3d4e5f60718", "172.31.0.0/20", "us-east-1a"
"""Beside the default VPC's own, which has the same addresses."""
GROUPS = ("sg-00000000a", "sg-00000000b")
ADDRESS = "172.31.4.20"
PROFILE, KEY = "payments-dr", "break-glass"
PROFILE_ARN = f"arn:aws:iam::123456789012:instance-profile/{PROFILE}"
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb2Cx4fG0dYyuZ3bN1mQ0o2mPZ8C1v0qk8c2k3w5mJx a test's"
INSTANCE = "i-0a1b2c3d4e5f60718"
IMAGE = "ami-12c6146b"


def furnish(simulator: Simulator, place: Place | None = None) -> None:
    """All of it, in one account and Region."""
    network = simulator.world.estate(place or simulator.world.home).network
    vpc = network.create_vpc("172.31.0.0/16")
    a_subnet(simulator, SUBNET, CIDR, vpc_id=vpc.id, place=place)
    for group_id in GROUPS:
        a_security_group(simulator, group_id, vpc.id, place)
    simulator.client("ec2", place).import_key_pair(KeyName=KEY, PublicKeyMaterial=PUBLIC_KEY)
    simulator.client("iam", place).create_instance_profile(InstanceProfileName=PROFILE)
    an_instance(simulator, INSTANCE, place, **dict([LAUNCH_HERE]))
    simulator.world.calls.clear()


def a_subnet(simulator: Simulator, subnet_id: str, cidr: str, *, vpc_id: str = "", place: Place | None = None) -> str:
    """A subnet under this id, in a VPC of its own if none is named; the VPC's id."""
    network = simulator.world.estate(place or simulator.world.home).network
    vpc_id = vpc_id or network.create_vpc(cidr).id
    subnet = network.create_subnet(vpc_id, cidr, ZONE)
    in_zone = network.subnets[ZONE]
    in_zone[subnet_id] = in_zone.pop(subnet.id)
    subnet.id = subnet_id
    return str(vpc_id)


def a_security_group(simulator: Simulator, group_id: str, vpc_id: str, place: Place | None = None) -> None:
    """A security group under this id."""
    network = simulator.world.estate(place or simulator.world.home).network
    group = network.create_security_group(group_id, "a test's", vpc_id)
    in_vpc = network.groups[vpc_id]
    in_vpc[group_id] = in_vpc.pop(group.id)
    group.id = group_id


def an_instance(simulator: Simulator, instance_id: str, place: Place | None = None, **tags: str) -> None:
    """An instance under this id."""
    named = [{"Key": key, "Value": value} for key, value in tags.items()]
    asked = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    made = simulator.client("ec2", place).run_instances(**asked)
    network = simulator.world.estate(place or simulator.world.home).network
    instance = network.get_instance(made["Instances"][0]["InstanceId"])
    instance.id = instance_id
    if named:
        simulator.client("ec2", place).create_tags(Resources=[instance_id], Tags=named)
