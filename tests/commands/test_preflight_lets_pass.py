"""What looks wrong and is not: it is applied, for a refusal too many keeps a server from its recovery."""

from typing import Any

import pytest

from local.simulator.machines import Place
from tests.commands.bench import launched_from, written
from tests.commands.surroundings import ADDRESS, GROUPS, KEY, PROFILE, PROFILE_ARN, SUBNET, a_subnet
from tests.kit import Desk

TWIN = "subnet-0dddddddddddddddd"
HERE = {"subnetId": SUBNET, "staticPrivateIp": ADDRESS}


def victim(desk: Desk) -> str:
    return desk.simulator.server_ids()[0]


def ready(desk: Desk, own: dict[str, Any]) -> bool:
    """Whether the first server alone is ready with these settings."""
    servers = [{"sourceServerId": victim(desk), "launchTemplate": own}]
    group_id = desk.create(sourceServerIds=None, servers=servers, launchConfig={})
    shown = desk.status(group_id)
    assert shown["serverConfigs"][victim(desk)]["errors"] == []
    return bool(shown["status"] == "ready")


def test_an_address_that_is_held_in_a_subnet_of_another_vpc_is_free_here(desk: Desk) -> None:
    a_subnet(desk.simulator, TWIN, "172.31.0.0/20")
    desk.simulator.client("ec2").create_network_interface(SubnetId=TWIN, PrivateIpAddress=ADDRESS)
    assert ready(desk, HERE)


def test_an_address_that_is_held_in_another_account_is_free_here(desk: Desk) -> None:
    there = Place("999988887777", "us-east-1")
    a_subnet(desk.simulator, SUBNET, "172.31.0.0/20", place=there)
    desk.simulator.client("ec2", there).create_network_interface(SubnetId=SUBNET, PrivateIpAddress=ADDRESS)
    assert ready(desk, HERE)


def test_the_address_of_the_instance_that_drs_calls_the_servers_last_is_its_own(desk: Desk) -> None:
    ec2 = desk.simulator.client("ec2")
    nic = {"DeviceIndex": 0, "SubnetId": SUBNET, "PrivateIpAddress": ADDRESS}
    asked = {"ImageId": "ami-12c6146b", "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    made = ec2.run_instances(**asked, NetworkInterfaces=[nic])["Instances"][0]["InstanceId"]
    desk.simulator.server(victim(desk)).description["recoveryInstanceId"] = made
    assert ready(desk, HERE)


def test_the_last_address_before_the_reserved_ones_and_the_first_after_them_may_be_had(desk: Desk) -> None:
    servers = [
        {"sourceServerId": id_, "launchTemplate": {"subnetId": SUBNET, "staticPrivateIp": address}}
        for id_, address in zip(desk.simulator.server_ids(), ("172.31.0.4", "172.31.15.254"), strict=False)
    ]
    group_id = desk.create(sourceServerIds=None, servers=servers, launchConfig={})
    assert desk.status(group_id)["counts"]["ready"] == 2


def test_a_windows_licence_of_ones_own_is_taken_where_the_template_has_a_dedicated_host(desk: Desk) -> None:
    desk.simulator.server(victim(desk)).description["sourceProperties"]["os"]["fullString"] = "Windows Server 2022"
    desk.simulator.edit(victim(desk), template={"Placement": {"Tenancy": "host"}})
    assert ready(desk, {"licensing": {"osByol": True}})


def test_without_a_default_vpc_a_subnet_that_the_template_names_already_is_enough(desk: Desk) -> None:
    desk.simulator.edit(victim(desk), template={"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": SUBNET}]})
    desk.simulator.remove_default_vpc()
    assert ready(desk, {"monitoring": True})


def test_a_subnet_with_just_enough_addresses_for_the_group_is_enough(desk: Desk) -> None:
    a_subnet(desk.simulator, TWIN, "10.8.0.0/28")
    for _ in range(8):
        desk.simulator.client("ec2").create_network_interface(SubnetId=TWIN)
    assert desk.status(desk.create(launchConfig={"subnetId": TWIN}))["counts"]["ready"] == 3


@pytest.mark.parametrize("size", [8, 64])
def test_a_volume_as_large_as_its_disk_or_larger_is_taken(desk: Desk, size: int) -> None:
    device = {"deviceName": "/dev/nvme0n1", "volumeSize": size, "volumeType": "gp3"}
    assert ready(desk, {"blockDeviceMappings": [device]})


@pytest.mark.parametrize("profile", [{"instanceProfileName": PROFILE}, {"instanceProfileArn": PROFILE_ARN}])
def test_everything_that_is_there_may_be_named_together(desk: Desk, profile: dict[str, str]) -> None:
    assert ready(desk, {**HERE, **profile, "securityGroupIds": list(GROUPS), "keyName": KEY})
    assert launched_from(desk.simulator, victim(desk))["KeyName"] == KEY
    assert written(desk.simulator) >= 2
