"""What stands around a launch: subnets, groups, addresses, instances, as a preflight reads them in bulk."""

import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
IMAGE = "ami-12c6146b"
ZONE = "us-east-1c"


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve() as simulator:
        yield simulator


@pytest.fixture
def sim(served: Simulator) -> Simulator:
    served.reset()
    return served


@pytest.fixture
def ec2(sim: Simulator) -> Client:
    return sim.client("ec2")


@pytest.fixture
def vpc_id(ec2: Client) -> str:
    return str(ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet_id(ec2: Client, vpc_id: str) -> str:
    made = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.1.0/24", AvailabilityZone=ZONE)
    return str(made["Subnet"]["SubnetId"])


def having(**filters: str | list[str]) -> list[Json]:
    return [
        {"Name": name.replace("__", ".").replace("_", "-"), "Values": values if isinstance(values, list) else [values]}
        for name, values in filters.items()
    ]


def refusal(call: Client, **asked: Json) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def left(ec2: Client, subnet_id: str) -> int:
    (found,) = ec2.describe_subnets(Filters=having(subnet_id=subnet_id))["Subnets"]
    return int(found["AvailableIpAddressCount"])


def interface(ec2: Client, subnet_id: str, *addresses: str, **more: Json) -> str:
    named = [{"PrivateIpAddress": each, "Primary": not place} for place, each in enumerate(addresses)]
    made = ec2.create_network_interface(SubnetId=subnet_id, PrivateIpAddresses=named, **more)
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def holders(ec2: Client, *addresses: str) -> list[str]:
    found = ec2.describe_network_interfaces(Filters=having(addresses__private_ip_address=list(addresses)))
    return [each["NetworkInterfaceId"] for each in found["NetworkInterfaces"]]


def run(ec2: Client, **asked: Json) -> Json:
    return ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="m5.large", **asked)["Instances"][0]


def test_subnets_that_exist_are_found_among_ids_that_do_not(ec2: Client, vpc_id: str, subnet_id: str) -> None:
    (found,) = ec2.describe_subnets(Filters=having(subnet_id=[subnet_id, "subnet-0bad"]))["Subnets"]
    assert (found["SubnetId"], found["VpcId"], found["CidrBlock"]) == (subnet_id, vpc_id, "10.7.1.0/24")
    assert (found["AvailabilityZone"], found["AvailableIpAddressCount"]) == (ZONE, 251)
    assert ec2.describe_subnets(Filters=having(subnet_id="subnet-0bad"))["Subnets"] == []
    assert refusal(ec2.describe_subnets, SubnetIds=["subnet-0bad"]) == "InvalidSubnetID.NotFound"


def test_filters_must_all_hold_and_know_wildcards(ec2: Client, vpc_id: str, subnet_id: str) -> None:
    def ids(**filters: str | list[str]) -> list[str]:
        return [each["SubnetId"] for each in ec2.describe_subnets(Filters=having(**filters))["Subnets"]]

    ec2.create_tags(Resources=[subnet_id], Tags=[{"Key": "tier", "Value": "gold"}])
    assert ids(vpc_id=vpc_id, availability_zone=ZONE) == ids(cidr_block="10.7.*") == ids(vpc_id=vpc_id) == [subnet_id]
    assert ids(vpc_id=vpc_id, availability_zone="us-east-1a") == []
    assert ids(tag_key="tier") == [subnet_id]
    by_tag = [{"Name": "tag:tier", "Values": ["gold", "silver"]}]
    assert [each["SubnetId"] for each in ec2.describe_subnets(Filters=by_tag)["Subnets"]] == [subnet_id]
    assert refusal(ec2.describe_subnets, Filters=having(colour="red")) == "InvalidParameterValue"


def test_there_is_a_default_vpc_with_a_subnet_in_each_zone_until_it_is_removed(sim: Simulator, ec2: Client) -> None:
    (vpc,) = ec2.describe_vpcs(Filters=having(is_default="true"))["Vpcs"]
    own = ec2.describe_subnets(Filters=having(vpc_id=vpc["VpcId"], default_for_az="true"))["Subnets"]
    assert len({each["AvailabilityZone"] for each in own}) == 6
    sim.remove_default_vpc()
    assert ec2.describe_vpcs(Filters=having(is_default="true"))["Vpcs"] == []
    assert ec2.describe_subnets()["Subnets"] == ec2.describe_security_groups()["SecurityGroups"] == []
    elsewhere = sim.client("ec2", Place(sim.world.home.account, "eu-west-1"))
    assert len(elsewhere.describe_vpcs(Filters=having(is_default="true"))["Vpcs"]) == 1


def test_a_subnet_that_somebody_makes_is_in_its_region_and_no_default_one(sim: Simulator) -> None:
    sim.remove_default_vpc(Place(sim.world.home.account, "eu-west-1"))
    ec2 = sim.client("ec2", Place(sim.world.home.account, "eu-west-1"))
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]
    assert (made["AvailabilityZone"], made["DefaultForAz"]) == ("eu-west-1a", False)


def test_security_groups_are_found_by_id_and_by_vpc(ec2: Client, vpc_id: str) -> None:
    made = ec2.create_security_group(GroupName="garish-rug", Description="d", VpcId=vpc_id)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    (found,) = ec2.describe_security_groups(Filters=having(group_id=[made, "sg-0bad"]))["SecurityGroups"]
    assert (found["GroupId"], found["VpcId"], found["GroupName"]) == (made, vpc_id, "garish-rug")
    assert found["IpPermissions"] == [rule | {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}]
    names = ec2.describe_security_groups(Filters=having(vpc_id=vpc_id))["SecurityGroups"]
    assert {each["GroupName"] for each in names} == {"default", "garish-rug"}
    assert refusal(ec2.describe_security_groups, GroupIds=["sg-0bad"]) == "InvalidGroup.NotFound"


def test_an_interface_takes_an_address_and_gives_it_back(ec2: Client, subnet_id: str) -> None:
    assert left(ec2, subnet_id) == 251
    made = interface(ec2, subnet_id, "10.7.1.20", "10.7.1.21")
    assert left(ec2, subnet_id) == 249
    assert holders(ec2, "10.7.1.20") == holders(ec2, "10.7.1.21", "10.7.1.99") == [made]
    ec2.delete_network_interface(NetworkInterfaceId=made)
    assert (left(ec2, subnet_id), holders(ec2, "10.7.1.20")) == (251, [])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.7.1.20", "InvalidIPAddress.InUse"),
        ("10.7.2.20", "InvalidParameterValue"),
        ("10.7.1.0", "InvalidParameterValue"),
        ("10.7.1.3", "InvalidParameterValue"),
        ("10.7.1.255", "InvalidParameterValue"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(ec2: Client, subnet_id: str, address: str, code: str) -> None:
    interface(ec2, subnet_id, "10.7.1.20")
    assert refusal(ec2.create_network_interface, SubnetId=subnet_id, PrivateIpAddress=address) == code
    assert left(ec2, subnet_id) == 250


def test_an_interface_that_names_no_address_gets_one_until_there_are_none(ec2: Client, vpc_id: str) -> None:
    made = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.9.0/28", AvailabilityZone=ZONE)["Subnet"]
    small = made["SubnetId"]
    given = {ec2.create_network_interface(SubnetId=small)["NetworkInterface"]["PrivateIpAddress"] for _ in range(11)}
    assert given == {f"10.7.9.{number}" for number in range(4, 15)}
    assert left(ec2, small) == 0
    assert refusal(ec2.create_network_interface, SubnetId=small) == "InsufficientFreeAddressesInSubnet"


def test_a_group_that_nobody_made_is_not_made_up(ec2: Client, subnet_id: str) -> None:
    before = ec2.describe_security_groups()["SecurityGroups"]
    assert refusal(ec2.create_network_interface, SubnetId=subnet_id, Groups=["sg-0bad"]) == "InvalidGroup.NotFound"
    assert ec2.describe_security_groups()["SecurityGroups"] == before


def test_an_instance_holds_its_address_until_it_is_terminated(ec2: Client, subnet_id: str) -> None:
    instance = run(ec2, SubnetId=subnet_id, PrivateIpAddress="10.7.1.50")
    assert len(holders(ec2, "10.7.1.50")) == 1
    again = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet_id, "PrivateIpAddress": "10.7.1.50"}
    assert refusal(ec2.run_instances, **again) == "InvalidIPAddress.InUse"
    by_instance = having(attachment__instance_id=instance["InstanceId"])
    assert len(ec2.describe_network_interfaces(Filters=by_instance)["NetworkInterfaces"]) == 1
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert (left(ec2, subnet_id), holders(ec2, "10.7.1.50")) == (251, [])


def test_an_instance_is_run_with_a_profile_of_its_own_account(sim: Simulator, ec2: Client, subnet_id: str) -> None:
    asked = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet_id}
    asked["IamInstanceProfile"] = {"Name": "Recovery"}
    sim.client("iam", Place("999988887777", "us-east-1")).create_instance_profile(InstanceProfileName="Recovery")
    assert refusal(ec2.run_instances, **asked) == "InvalidParameterValue"
    sim.client("iam").create_instance_profile(InstanceProfileName="Recovery")
    assert len(ec2.run_instances(**asked)["Instances"]) == 1


def test_instances_are_found_by_id_and_by_tag(ec2: Client, subnet_id: str) -> None:
    tag = {"Key": "AWSDRS", "Value": "AllowLaunchingIntoThisInstance"}
    tagged = run(ec2, SubnetId=subnet_id, TagSpecifications=[{"ResourceType": "instance", "Tags": [tag]}])
    plain = run(ec2, SubnetId=subnet_id)

    def found(*filters: Json) -> list[Json]:
        answer = ec2.describe_instances(Filters=list(filters))
        return [each for reservation in answer["Reservations"] for each in reservation["Instances"]]

    both = {"Name": "instance-id", "Values": [tagged["InstanceId"], plain["InstanceId"], "i-0bad"]}
    assert {each["InstanceId"] for each in found(both)} == {tagged["InstanceId"], plain["InstanceId"]}
    allowing = {"Name": "tag:AWSDRS", "Values": ["AllowLaunchingIntoThisInstance"]}
    assert [(each["InstanceId"], each["Tags"]) for each in found(both, allowing)] == [(tagged["InstanceId"], [tag])]


def test_a_subnet_in_use_is_not_deleted(ec2: Client, subnet_id: str) -> None:
    made = interface(ec2, subnet_id, "10.7.1.20")
    assert refusal(ec2.delete_subnet, SubnetId=subnet_id) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=made)
    ec2.delete_subnet(SubnetId=subnet_id)
    assert ec2.describe_subnets(Filters=having(subnet_id=subnet_id))["Subnets"] == []


def test_key_pairs_are_found_by_name_or_absent(ec2: Client) -> None:
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    found = ec2.describe_key_pairs(Filters=having(key_name=["mine", "nobodys"]))["KeyPairs"]
    assert [(each["KeyName"], each["KeyType"]) for each in found] == [("mine", "ed25519")]
    assert refusal(ec2.describe_key_pairs, KeyNames=["nobodys"]) == "InvalidKeyPair.NotFound"


def test_long_answers_come_in_pages(ec2: Client, subnet_id: str) -> None:
    for _ in range(7):
        ec2.create_network_interface(SubnetId=subnet_id)
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=having(subnet_id=subnet_id), PaginationConfig={"PageSize": 5}
    )
    assert [len(page["NetworkInterfaces"]) for page in pages] == [5, 2]


def test_a_filtered_read_takes_no_longer_for_all_that_stands_around(ec2: Client, subnet_id: str) -> None:
    """The best of ten: what the machine does meanwhile is not the simulator's."""
    for number in range(400):
        interface(
            ec2, subnet_id if number < 200 else other(ec2, subnet_id), f"10.7.{1 + number // 200}.{number % 200 + 10}"
        )
    reads: list[tuple[Client, Json]] = [
        (ec2.describe_network_interfaces, having(addresses__private_ip_address=["10.7.1.10", "10.7.2.11"])),
        (ec2.describe_subnets, having(subnet_id=subnet_id)),
        (ec2.describe_instance_types, having(instance_type=["m5.large", "m7i.large"])),
        (ec2.describe_instance_type_offerings, having(instance_type=["m5.large", "m7i.large"])),
        (ec2.describe_security_groups, having(group_id="sg-0bad")),
    ]
    for call, filters in reads:
        times = []
        for _ in range(10):
            start = time.perf_counter()
            call(Filters=filters)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.02, call.__name__


def other(ec2: Client, subnet_id: str) -> str:
    """The subnet beside it, made when it is first asked for."""
    vpc_id = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]["VpcId"]
    found = ec2.describe_subnets(Filters=having(vpc_id=vpc_id, cidr_block="10.7.2.0/24"))["Subnets"]
    made = found or [ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.7.2.0/24", AvailabilityZone=ZONE)["Subnet"]]
    return str(made[0]["SubnetId"])
