"""What a launch takes, and what it fails on: EC2 looks at a template only then."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
ZONE = "us-east-1c"
IMAGE = "ami-12c6146b"


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=3) as simulator:
        yield simulator


@pytest.fixture
def sim(served: Simulator) -> Simulator:
    served.reset()
    served.clock.freeze()
    return served


@pytest.fixture
def subnet_id(sim: Simulator) -> str:
    ec2 = sim.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.1.0/24", AvailabilityZone=ZONE)
    return str(made["Subnet"]["SubnetId"])


def recover(sim: Simulator, *server_ids: str) -> list[str | None]:
    """Why each server of one job was not launched, None if it was."""
    job = sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": each} for each in server_ids])["job"]
    sim.advance(600)
    estate = sim.world.estate(sim.world.home)
    launches = estate.jobs.by_id[job["jobID"]].participants
    fates = {None: "LAUNCHED"}
    assert all(each.status == fates.get(each.why, "FAILED") for each in launches)
    return [each.why for each in launches]


def placed(subnet_id: str, address: str | None = None, **more: Json) -> Json:
    named = {"PrivateIpAddress": address} if address else {}
    return {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet_id} | named | more]}


def left(sim: Simulator, subnet_id: str) -> int:
    asked = [{"Name": "subnet-id", "Values": [subnet_id]}]
    return int(sim.client("ec2").describe_subnets(Filters=asked)["Subnets"][0]["AvailableIpAddressCount"])


def test_an_address_on_somebody_elses_interface_fails_the_launch(sim: Simulator, subnet_id: str) -> None:
    server_id = sim.server_ids()[0]
    sim.client("ec2").create_network_interface(SubnetId=subnet_id, PrivateIpAddress="10.7.1.50")
    sim.edit(server_id, template=placed(subnet_id, "10.7.1.50"))
    assert recover(sim, server_id) == ["InvalidIPAddress.InUse: Address 10.7.1.50 is in use."]


def test_a_server_launched_again_gets_the_address_of_its_own_earlier_instance(sim: Simulator, subnet_id: str) -> None:
    mine, other, _ = sim.server_ids()
    sim.edit(mine, template=placed(subnet_id, "10.7.1.50"))
    sim.edit(other, template=placed(subnet_id, "10.7.1.50"))
    assert recover(sim, mine) == [None]
    assert recover(sim, mine) == [None]
    assert (recover(sim, other), left(sim, subnet_id)) == (
        ["InvalidIPAddress.InUse: Address 10.7.1.50 is in use."],
        250,
    )


def test_two_servers_of_one_job_do_not_get_one_address(sim: Simulator, subnet_id: str) -> None:
    first, second, _ = sim.server_ids()
    for server_id in (first, second):
        sim.edit(server_id, template=placed(subnet_id, "10.7.1.50"))
    why = recover(sim, first, second)
    assert (why[0], "InvalidIPAddress.InUse" in str(why[1])) == (None, True)


def test_an_address_is_taken_by_the_recovery_instance_and_seen_by_a_preflight(sim: Simulator, subnet_id: str) -> None:
    server_id = sim.server_ids()[0]
    sim.edit(server_id, template=placed(subnet_id, "10.7.1.50"))
    recover(sim, server_id)
    asked = [{"Name": "addresses.private-ip-address", "Values": ["10.7.1.50"]}]
    (found,) = sim.client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"]
    assert (found["SubnetId"], found["Status"], server_id in found["Description"]) == (subnet_id, "in-use", True)
    assert left(sim, subnet_id) == 250


def test_a_reserved_address_fails_the_launch(sim: Simulator, subnet_id: str) -> None:
    server_id = sim.server_ids()[0]
    sim.edit(server_id, template=placed(subnet_id, "10.7.1.3"))
    assert "reserved" in str(recover(sim, server_id)[0])


def test_addresses_that_no_one_subnet_holds_fail_the_launch(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    addresses = [{"Primary": first, "PrivateIpAddress": f"172.31.{0 if first else 16}.77"} for first in (True, False)]
    sim.edit(server_id, template={"NetworkInterfaces": [{"DeviceIndex": 0, "PrivateIpAddresses": addresses}]})
    assert "172.31.16.77 does not fall within" in str(recover(sim, server_id)[0])


def test_a_full_subnet_fails_the_launch(sim: Simulator, subnet_id: str) -> None:
    ec2 = sim.client("ec2")
    vpc_id = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.9.0/28", AvailabilityZone=ZONE)["Subnet"]
    for _ in range(10):
        ec2.create_network_interface(SubnetId=made["SubnetId"])
    for server_id in sim.server_ids()[:2]:
        sim.edit(server_id, template=placed(made["SubnetId"]))
    why = recover(sim, *sim.server_ids()[:2])
    assert (why[0], "InsufficientFreeAddressesInSubnet" in str(why[1])) == (None, True)


def test_a_type_that_the_zone_does_not_offer_fails_the_launch_there_and_not_elsewhere(
    sim: Simulator, subnet_id: str
) -> None:
    here, elsewhere, _ = sim.server_ids()
    sim.withdraw("m7i.large", ZONE)
    sim.edit(here, template=placed(subnet_id) | {"InstanceType": "m7i.large"})
    sim.edit(elsewhere, template={"InstanceType": "m7i.large"})
    why = recover(sim, here, elsewhere)
    assert why == [f"Unsupported: the instance type 'm7i.large' is not supported in the Availability Zone {ZONE}", None]


@pytest.mark.parametrize("kind", ["no.such", "m7i.large"])
def test_a_type_that_the_region_does_not_offer_fails_the_launch(sim: Simulator, kind: str) -> None:
    server_id = sim.server_ids()[0]
    sim.withdraw("m7i.large")
    sim.edit(server_id, template={"InstanceType": kind})
    assert str(recover(sim, server_id)[0]).startswith(f"Unsupported: the instance type '{kind}' is not offered")


@pytest.mark.parametrize("kind", ["c7i-flex.large", "m7i.metal-24xl", "u-6tb1.metal"])
def test_types_with_unusual_names_are_launched(sim: Simulator, kind: str) -> None:
    server_id = sim.server_ids()[0]
    sim.edit(server_id, template={"InstanceType": kind})
    assert recover(sim, server_id) == [None]


@pytest.mark.parametrize("by", ["Name", "Arn"])
def test_an_instance_profile_must_be_there(sim: Simulator, by: str) -> None:
    server_id, iam = sim.server_ids()[0], sim.client("iam")
    arn = f"arn:aws:iam::{sim.world.home.account}:instance-profile/Recovery"
    sim.edit(server_id, template={"IamInstanceProfile": {by: {"Name": "Recovery", "Arn": arn}[by]}})
    sim.client("iam", Place("999988887777", "us-east-1")).create_instance_profile(InstanceProfileName="Recovery")
    assert "Invalid IAM Instance Profile" in str(recover(sim, server_id)[0])
    iam.create_instance_profile(InstanceProfileName="Recovery")
    assert recover(sim, server_id) == [None]


def test_a_key_pair_must_be_there(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.edit(server_id, template={"KeyName": "mine"})
    assert recover(sim, server_id) == ["InvalidKeyPair.NotFound: the key pair 'mine' does not exist"]
    sim.client("ec2").create_key_pair(KeyName="mine", KeyType="ed25519")
    assert recover(sim, server_id) == [None]


def test_a_group_of_another_vpc_fails_the_launch(sim: Simulator, subnet_id: str) -> None:
    server_id, ec2 = sim.server_ids()[0], sim.client("ec2")
    default = [{"Name": "is-default", "Values": ["true"]}]
    vpc_id = ec2.describe_vpcs(Filters=default)["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="garish-rug", Description="d", VpcId=vpc_id)["GroupId"]
    sim.edit(server_id, template=placed(subnet_id, Groups=[group]))
    assert "InvalidGroup.NotFound" in str(recover(sim, server_id)[0])
    sim.edit(server_id, template={"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group]}]})
    assert recover(sim, server_id) == [None]


def test_without_a_default_vpc_a_subnet_must_be_named(sim: Simulator, subnet_id: str) -> None:
    without, named, _ = sim.server_ids()
    sim.remove_default_vpc()
    sim.edit(named, template=placed(subnet_id))
    assert recover(sim, without, named) == ["VPCIdNotSpecified: no default VPC for this user", None]


def test_a_launch_into_an_instance_needs_one_that_is_there_and_allows_it(sim: Simulator) -> None:
    server_id, ec2, drs = sim.server_ids()[0], sim.client("ec2"), sim.client("drs")

    def into(instance_id: str) -> str | None:
        properties = {"launchIntoEC2InstanceID": instance_id}
        drs.update_launch_configuration(sourceServerID=server_id, launchIntoInstanceProperties=properties)
        return recover(sim, server_id)[0]

    assert "InvalidInstanceID.NotFound" in str(into("i-0bad0bad0bad0bad0"))
    run = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="m5.large")
    target = run["Instances"][0]["InstanceId"]
    assert "AWSDRS=AllowLaunchingIntoThisInstance" in str(into(target))
    ec2.create_tags(Resources=[target], Tags=[{"Key": "AWSDRS", "Value": "AllowLaunchingIntoThisInstance"}])
    assert into(target) is None
    assert sim.server(server_id).description["recoveryInstanceId"] == target
