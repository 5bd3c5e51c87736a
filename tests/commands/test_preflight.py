"""What AWS would not launch is refused before anything is written: by code, field and server; the others go on."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from local.simulator.faults import Fault
from tests.commands.bench import asked, fresh, in_aws, launched_from, written
from tests.commands.surroundings import ADDRESS, GROUPS, KEY, PROFILE, SUBNET, ZONE, a_subnet, an_instance
from tests.kit import SETTINGS, Desk

Own = dict[str, Any]
OTHER, SMALL, ELSEWHERE = "subnet-0ffffffffffffffff", "subnet-0eeeeeeeeeeeeeeee", "i-0ffffffffffffffff"
HERE: Own = {"subnetId": SUBNET}


def nothing(_desk: Desk) -> None:
    """The world is as it is."""


def held(desk: Desk) -> None:
    """Somebody's interface has the address."""
    desk.simulator.client("ec2").create_network_interface(SubnetId=SUBNET, PrivateIpAddress=ADDRESS)


def not_there(desk: Desk) -> None:
    """The type is offered, but in another Availability Zone."""
    desk.simulator.withdraw("m7i.large", ZONE)


def no_default_vpc(desk: Desk) -> None:
    desk.simulator.remove_default_vpc()


def another_vpc(desk: Desk) -> None:
    a_subnet(desk.simulator, OTHER, "10.9.0.0/24")


def full(desk: Desk) -> None:
    """A subnet with 11 addresses, 11 of them taken."""
    a_subnet(desk.simulator, SMALL, "10.8.0.0/28")
    for _ in range(11):
        desk.simulator.client("ec2").create_network_interface(SubnetId=SMALL)


def untagged(desk: Desk) -> None:
    an_instance(desk.simulator, ELSEWHERE)


def description(desk: Desk) -> dict[str, Any]:
    return desk.simulator.server(victim(desk)).description


def windows(desk: Desk) -> None:
    description(desk)["sourceProperties"]["os"]["fullString"] = "Microsoft Windows Server 2022"


def arm(desk: Desk) -> None:
    description(desk)["sourceProperties"]["architecture"] = "arm64"


def no_nitro(desk: Desk) -> None:
    description(desk)["sourceProperties"]["supportsNitroInstances"] = False


def volume(**said: Any) -> Own:  # noqa: ANN401  a device
    return {"blockDeviceMappings": [{"deviceName": "/dev/nvme0n1", **said}]}


CASES: dict[str, tuple[Callable[[Desk], None], Own, str]] = {
    # code: what is so in the world, what a server wants, the field that is named
    "SUBNET_NOT_FOUND": (nothing, {"subnetId": "subnet-00000000"}, "subnetId"),
    "SUBNET_FULL": (full, {"subnetId": SMALL}, "subnetId"),
    "SUBNET_REQUIRED": (no_default_vpc, {"copyTags": True}, "subnetId"),
    "IP_OUT_OF_RANGE": (nothing, {**HERE, "staticPrivateIp": "10.0.0.10"}, "staticPrivateIp"),
    "IP_RESERVED": (nothing, {**HERE, "staticPrivateIp": "172.31.0.3"}, "staticPrivateIp"),
    "IP_RESERVED last": (nothing, {**HERE, "staticPrivateIp": "172.31.15.255"}, "staticPrivateIp"),
    "IP_IN_USE": (held, {**HERE, "staticPrivateIp": ADDRESS}, "staticPrivateIp"),
    "SECURITY_GROUPS_NOT_FOUND": (nothing, {**HERE, "securityGroupIds": ["sg-0badbadba"]}, "securityGroupIds"),
    "SECURITY_GROUPS_WRONG_VPC": (
        another_vpc,
        {"subnetId": OTHER, "securityGroupIds": list(GROUPS)},
        "securityGroupIds",
    ),
    "INSTANCE_TYPE_UNAVAILABLE": (not_there, {**HERE, "instanceType": "m7i.large"}, "instanceType"),
    "INSTANCE_TYPE_UNAVAILABLE nowhere": (nothing, {"instanceType": "m99.huge"}, "instanceType"),
    "INSTANCE_TYPE_UNSUITED processor": (arm, {"instanceType": "m5.large"}, "instanceType"),
    "INSTANCE_TYPE_UNSUITED nitro": (no_nitro, {"instanceType": "m5.large"}, "instanceType"),
    "IAM_PROFILE_NOT_FOUND": (nothing, {"instanceProfileName": "nobody"}, "instanceProfileName"),
    "IAM_PROFILE_NOT_FOUND arn": (
        nothing,
        {"instanceProfileArn": f"arn:aws:iam::999988887777:instance-profile/{PROFILE}"},
        "instanceProfileArn",
    ),
    "KEY_PAIR_NOT_FOUND": (nothing, {"keyName": "nobody-has-it"}, "keyName"),
    "DEVICE_NOT_FOUND": (
        nothing,
        {"blockDeviceMappings": [{"deviceName": "/dev/sdz", "volumeType": "gp3"}]},
        "blockDeviceMappings./dev/sdz",
    ),
    "VOLUME_TOO_SMALL": (nothing, volume(volumeSize=7), "blockDeviceMappings./dev/nvme0n1.volumeSize"),
    "BYOL_NEEDS_DEDICATED_HOST": (windows, {"licensing": {"osByol": True}}, "licensing.osByol"),
    "TARGET_INSTANCE_NOT_FOUND": (
        nothing,
        {"launchIntoInstanceProperties": {"launchIntoEC2InstanceID": ELSEWHERE}},
        "launchIntoInstanceProperties",
    ),
    "TARGET_INSTANCE_NOT_ALLOWED": (
        untagged,
        {"launchIntoInstanceProperties": {"launchIntoEC2InstanceID": ELSEWHERE}},
        "launchIntoInstanceProperties",
    ),
}


def victim(desk: Desk) -> str:
    return desk.simulator.server_ids()[0]


def wanting(desk: Desk, own: Own, **more: Any) -> str:  # noqa: ANN401  fields of a group
    """A group of all servers, the first of which wants something of its own."""
    one = {"sourceServerId": victim(desk), "useGroupDefaults": False, "launchTemplate": own}
    return desk.create(servers=[one], **{"launchConfig": {**HERE, **SETTINGS}, **more})


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_code_and_field_with_nothing_written_and_the_other_servers_are_ready(
    desk: Desk, case: str
) -> None:
    so, own, field = CASES[case]
    so(desk)
    since = len(desk.simulator.calls())
    group_id = wanting(desk, own)
    shown = desk.status(group_id)
    [error] = shown["serverConfigs"][victim(desk)]["errors"]
    assert error["code"] == case.partition(" ")[0]
    assert error["message"].startswith(f"{field}: ")
    assert (shown["counts"]["failed"], shown["counts"]["ready"]) == (1, 2)
    touched = [call for call in desk.simulator.calls(since) if victim(desk) in call.server_ids]
    assert {call.operation for call in touched} <= {"GetLaunchConfiguration", "DescribeLaunchTemplateVersions"}


@pytest.mark.parametrize("case", CASES)
def test_a_dry_run_says_the_same(desk: Desk, case: str) -> None:
    so, own, _ = CASES[case]
    so(desk)
    group_id = wanting(desk, own, respondAsync=True)
    plan = desk.ask("apply_launch_configs", groupId=group_id, dryRun=True)
    errors = {one["sourceServerId"]: [error["code"] for error in one["errors"]] for one in plan["servers"]}
    assert case.partition(" ")[0] in errors[victim(desk)]
    assert written(desk.simulator) == 0


def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    group_id = wanting(desk, {"subnetId": "subnet-00000000", "keyName": "nobody-has-it", "instanceType": "m99.huge"})
    [error] = desk.status(group_id)["serverConfigs"][victim(desk)]["errors"]
    assert error["code"] == "SUBNET_NOT_FOUND"
    assert all(f"{field}: " in error["message"] for field in ("subnetId", "instanceType"))


def test_what_was_refused_is_applied_once_it_is_mended_and_asked_for_again(desk: Desk) -> None:
    group_id = wanting(desk, {"keyName": "break-glass-2"})
    desk.simulator.client("ec2").create_key_pair(KeyName="break-glass-2")
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert launched_from(desk.simulator, victim(desk))["KeyName"] == "break-glass-2"


def test_the_address_of_a_servers_own_last_recovery_instance_is_its_own(desk: Desk) -> None:
    """DRS ends that instance when it launches the server again."""
    ec2 = desk.simulator.client("ec2")
    made = ec2.create_network_interface(SubnetId=SUBNET, PrivateIpAddress=ADDRESS)["NetworkInterface"]
    tag = {"Key": "AWSElasticDisasterRecoverySourceServerID", "Value": victim(desk)}
    ec2.create_tags(Resources=[made["NetworkInterfaceId"]], Tags=[tag])
    group_id = wanting(desk, {**HERE, "staticPrivateIp": ADDRESS})
    assert desk.status(group_id)["status"] == "ready"


def test_a_carrier_grade_address_is_legal_in_a_subnet_that_has_it(desk: Desk) -> None:
    a_subnet(desk.simulator, OTHER, "100.64.0.0/24")
    group_id = wanting(desk, {"subnetId": OTHER, "staticPrivateIp": "100.64.0.10"})
    assert desk.status(group_id)["status"] == "ready"


@pytest.mark.parametrize("named", ["c7i-flex.large", "m7i.metal-24xl", "u-6tb1.metal"])
def test_a_type_of_an_unusual_name_is_taken_where_it_is_offered(desk: Desk, named: str) -> None:
    group_id = desk.create(launchConfig={"instanceType": named})
    assert desk.status(group_id)["status"] == "ready"


def test_thirty_servers_take_one_describe_of_each_kind_and_one_profile_one_read(desk: Desk) -> None:
    desk.simulator.add_servers(27)
    since = len(desk.simulator.calls())
    shared = {**HERE, "securityGroupIds": list(GROUPS), "keyName": KEY, "instanceProfileName": PROFILE}
    group_id = desk.create(launchConfig={**SETTINGS, **shared})
    assert desk.status(group_id)["counts"]["ready"] == 30
    counts = Counter(asked(desk.simulator, since))
    kinds = {"DescribeSourceServers", "DescribeSubnets", "DescribeSecurityGroups", "DescribeInstanceTypes",
             "DescribeInstanceTypeOfferings", "DescribeKeyPairs", "GetInstanceProfile"}  # fmt: skip
    assert {name: counts[name] for name in kinds} == dict.fromkeys(kinds, 1)


def test_a_describe_that_is_denied_fails_those_who_need_it_naming_the_action_and_no_other(desk: Desk) -> None:
    desk.simulator.fault(Fault("UnauthorizedOperation", "DescribeKeyPairs", times=None))
    group_id = wanting(desk, {"keyName": KEY})
    shown = desk.status(group_id)
    [error] = shown["serverConfigs"][victim(desk)]["errors"]
    assert error["code"] == "UnauthorizedOperation"
    assert error["message"].startswith("ec2:DescribeKeyPairs is not allowed")
    assert shown["counts"]["ready"] == 2


def test_more_servers_than_free_addresses_are_refused_before_one_of_them_is_written(desk: Desk) -> None:
    """Eleven addresses, nine of them taken, three servers."""
    desk = fresh(desk.simulator)
    a_subnet(desk.simulator, SMALL, "10.8.0.0/28")
    for _ in range(9):
        desk.simulator.client("ec2").create_network_interface(SubnetId=SMALL)
    group_id = desk.create(launchConfig={"subnetId": SMALL})
    assert desk.status(group_id)["reasons"] == [{"reason": "SUBNET_FULL", "servers": 3}]
    assert written(desk.simulator) == 0


def test_tags_by_which_drs_knows_its_template_come_back_if_somebody_lost_them(desk: Desk) -> None:
    """A version that was made without SourceVersion has only what was sent: DRS would not launch from it."""
    lost = victim(desk)
    desk.simulator.edit(lost, template={"TagSpecifications": []})
    group_id = desk.create()
    assert desk.status(group_id)["status"] == "ready"
    assert in_aws(desk.simulator, lost) == SETTINGS
    [tags] = [
        {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        for one in launched_from(desk.simulator, lost)["TagSpecifications"]
        if one["ResourceType"] == "instance"
    ]
    assert tags["AWSElasticDisasterRecoveryManaged"] == "drs.amazonaws.com"
    assert tags["AWSElasticDisasterRecoverySourceServerID"] == lost
