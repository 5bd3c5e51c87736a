"""Every setting that is accepted is applied, read back, and found where a recovery will look for it."""

from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest

from events.configuration import LaunchConfiguration, fingerprint
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import calls, facts, fresh, launched_from, meddle, versions, woken, written
from tests.commands.surroundings import KEY
from tests.kit import Desk

DRS, DEVICE = "DRS", "/dev/nvme0n1"
NIC = "NetworkInterfaces.0."
LICENSE = "arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-"
EXAMPLES: dict[str, tuple[Any, str, Any]] = {
    # key: what is asked for, where AWS keeps it, what is there afterwards
    "launchDisposition": ("STOPPED", DRS, "STOPPED"),
    "copyPrivateIp": (True, DRS, True),
    "copyTags": (True, DRS, True),
    "licensing": ({"osByol": True}, DRS, {"osByol": True}),
    "targetInstanceTypeRightSizingMethod": ("IN_AWS", DRS, "IN_AWS"),
    "postLaunchEnabled": (True, DRS, True),
    "name": ("otter-lisbon-dr", DRS, "otter-lisbon-dr"),
    "recoveryMode": ("FAST", DRS, "FAST"),
    "launchIntoInstanceProperties": (
        {"launchIntoEC2InstanceID": "i-0a1b2c3d4e5f60718"},
        DRS,
        {"launchIntoEC2InstanceID": "i-0a1b2c3d4e5f60718"},
    ),
    "instanceType": ("c7i-flex.large", "InstanceType", "c7i-flex.large"),
    "instanceProfileName": ("payments-dr", "IamInstanceProfile", {"Name": "payments-dr"}),
    "instanceProfileArn": (
        "arn:aws:iam::123456789012:instance-profile/payments-dr",
        "IamInstanceProfile",
        {"Arn": "arn:aws:iam::123456789012:instance-profile/payments-dr"},
    ),
    "monitoring": (True, "Monitoring", {"Enabled": True}),
    "disableApiTermination": (True, "DisableApiTermination", True),
    "disableApiStop": (True, "DisableApiStop", True),
    "instanceInitiatedShutdownBehavior": ("terminate", "InstanceInitiatedShutdownBehavior", "terminate"),
    "ebsOptimized": (True, "EbsOptimized", True),
    "keyName": ("break-glass", "KeyName", "break-glass"),
    "metadataOptions": (
        {"httpTokens": "required", "httpPutResponseHopLimit": 2, "instanceMetadataTags": "enabled"},
        "MetadataOptions",
        {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"},
    ),
    "creditSpecification": ({"cpuCredits": "unlimited"}, "CreditSpecification", {"CpuCredits": "unlimited"}),
    "cpuOptions": ({"coreCount": 2, "threadsPerCore": 1}, "CpuOptions", {"CoreCount": 2, "ThreadsPerCore": 1}),
    "capacityReservationSpecification": (
        {"capacityReservationTarget": {"capacityReservationId": "cr-0a1b2c3d4e5f60718"}},
        "CapacityReservationSpecification",
        {"CapacityReservationTarget": {"CapacityReservationId": "cr-0a1b2c3d4e5f60718"}},
    ),
    "licenseSpecifications": (
        [{"licenseConfigurationArn": LICENSE + "2"}, {"licenseConfigurationArn": LICENSE + "1"}],
        "LicenseSpecifications",
        [{"LicenseConfigurationArn": LICENSE + "1"}, {"LicenseConfigurationArn": LICENSE + "2"}],
    ),
    "privateDnsNameOptions": (
        {"hostnameType": "resource-name", "enableResourceNameDnsAAAARecord": True},
        "PrivateDnsNameOptions",
        {"HostnameType": "resource-name", "EnableResourceNameDnsAAAARecord": True},
    ),
    "maintenanceOptions": ({"autoRecovery": "disabled"}, "MaintenanceOptions", {"AutoRecovery": "disabled"}),
    "tags": ({"cost-centre": "4711"}, "TagSpecifications.0.Tags.3", {"Key": "cost-centre", "Value": "4711"}),
    "blockDeviceMappings": (
        [{"deviceName": DEVICE, "volumeType": "io2", "volumeSize": 64, "iops": 9000}],
        "BlockDeviceMappings.0.Ebs",
        {"VolumeType": "io2", "VolumeSize": 64, "Iops": 9000},
    ),
    "subnetId": ("subnet-0a1b2c3d4e5f60718", NIC + "SubnetId", "subnet-0a1b2c3d4e5f60718"),
    "securityGroupIds": (["sg-00000000b", "sg-00000000a"], NIC + "Groups", ["sg-00000000a", "sg-00000000b"]),
    "staticPrivateIp": ("172.31.4.20", NIC + "PrivateIpAddress", "172.31.4.20"),
    "associatePublicIp": (True, NIC + "AssociatePublicIpAddress", True),
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=1) as simulator:
        yield simulator


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    return fresh(simulator)


def the_server(desk: Desk) -> str:
    [server_id] = desk.simulator.server_ids()
    return server_id


IN_SUBNET = {"subnetId": EXAMPLES["subnetId"][0]}
NEEDED = {"staticPrivateIp": IN_SUBNET, "securityGroupIds": IN_SUBNET}
APART = {"instanceProfileName", "copyPrivateIp", "targetInstanceTypeRightSizingMethod", "launchIntoInstanceProperties"}
"""What excludes another setting: the profile's ARN, a static address, an instance type, copied tags."""
OF_THE_TEMPLATE = {key for key, (_, place, _) in EXAMPLES.items() if place != DRS}
OF_DRS_TOO = {"instanceType"}
"""What entails a setting of DRS that is not so at first."""


def wanting(desk: Desk, *keys: str) -> str:
    """A group that wants these settings of its one server, and what they cannot be without."""
    own = {key: EXAMPLES[key][0] for key in keys}
    for key in keys:
        own = NEEDED.get(key, {}) | own
    servers = [{"sourceServerId": the_server(desk), "launchTemplate": own}]
    return desk.create(sourceServerIds=None, servers=servers, launchConfig={})


def at(data: Any, path: str) -> Any:  # noqa: ANN401  JSON
    for step in path.split("."):
        data = next(iter(data[int(step) :]), None) if step.isdecimal() else data.get(step)
    return data


def found(desk: Desk, key: str, place: str) -> Any:  # noqa: ANN401  JSON
    """What AWS holds, read past our own code."""
    server = desk.simulator.server(the_server(desk))
    return server.settings[key] if place == DRS else at(launched_from(desk.simulator, server.id), place)


def test_there_is_an_example_for_every_setting_that_is_accepted() -> None:
    assert EXAMPLES.keys() == get_type_hints(LaunchConfiguration).keys()


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_setting_is_held_by_aws_once_its_server_is_ready(desk: Desk, key: str) -> None:
    _, place, there = EXAMPLES[key]
    assert found(desk, key, place) != there, "or this would prove nothing"
    group_id = wanting(desk, key)
    shown = desk.status(group_id)
    assert (shown["status"], found(desk, key, place)) == ("ready", there)
    assert shown["serverConfigs"][the_server(desk)]["configHash"] == fingerprint(
        desk.stream(group_id).state.wanted(the_server(desk))
    )


@pytest.mark.parametrize("key", sorted(OF_THE_TEMPLATE - OF_DRS_TOO))
def test_a_setting_of_the_template_costs_one_version_and_no_write_of_drs(desk: Desk, key: str) -> None:
    wanting(desk, key)
    assert "UpdateLaunchConfiguration" not in calls(desk.simulator)
    assert len(versions(desk.simulator, the_server(desk))) == 2


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_setting_that_is_held_already_is_read_and_not_written_again(desk: Desk, key: str) -> None:
    group_id = wanting(desk, key)
    desk.clock.sleep(24 * 3600)
    assert desk.status(group_id)["reasons"] == [{"reason": "STALE", "servers": 1}]
    since = len(desk.simulator.calls())
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert calls(desk.simulator, since) == ["GetLaunchConfiguration", "DescribeLaunchTemplateVersions"]


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_setting_that_someone_changed_in_the_console_is_put_back_by_the_next_look(desk: Desk, key: str) -> None:
    _, place, there = EXAMPLES[key]
    before = versions(desk.simulator, the_server(desk))[0]
    was = desk.simulator.server(the_server(desk)).settings
    group_id = wanting(desk, key)
    top = place.split(".")[0]
    if place == DRS:
        desk.simulator.edit(the_server(desk), settings={key: was[key]})
    else:
        desk.simulator.edit(the_server(desk), template={top: before.get(top)})
    assert found(desk, key, place) != there
    desk.clock.sleep(24 * 3600)
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert found(desk, key, place) == there
    assert facts(desk, group_id)[-2].type == "ServerConfigApplied", "it was put right, not merely verified"


def test_all_settings_at_once_are_one_write_of_drs_and_one_version(desk: Desk) -> None:
    together = [key for key in EXAMPLES if key not in APART]
    group_id = wanting(desk, *together)
    assert desk.status(group_id)["status"] == "ready"
    assert written(desk.simulator) == 3
    for key in together:
        _, place, there = EXAMPLES[key]
        assert found(desk, key, place) == there


def test_where_nothing_is_wanted_of_the_template_force_makes_no_version_of_it(desk: Desk) -> None:
    group_id = desk.create(launchConfig={"copyTags": True})
    answer = desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert (answer["status"], answer["errors"]) == ("ready", [])
    assert len(versions(desk.simulator, the_server(desk))) == 1


def test_what_drs_put_into_the_template_survives_an_apply(desk: Desk) -> None:
    before = versions(desk.simulator, the_server(desk))[0]
    desk.create(launchConfig={key: EXAMPLES[key][0] for key in ("tags", "blockDeviceMappings", "subnetId")})
    after = launched_from(desk.simulator, the_server(desk))
    for old, new in zip(before["TagSpecifications"], after["TagSpecifications"], strict=True):
        assert old["ResourceType"] == new["ResourceType"]
        assert new["Tags"] == [*old["Tags"], {"Key": "cost-centre", "Value": "4711"}]
    assert [device["DeviceName"] for device in after["BlockDeviceMappings"]] == [DEVICE]
    assert after["NetworkInterfaces"][0] == before["NetworkInterfaces"][0] | {"SubnetId": EXAMPLES["subnetId"][0]}
    assert after["InstanceType"] == before["InstanceType"]


def test_further_network_interfaces_survive_an_apply(desk: Desk) -> None:
    second = {"DeviceIndex": 1, "SubnetId": "subnet-0123456789abcdef0", "Groups": ["sg-00000000c"]}
    desk.simulator.edit(the_server(desk), template={"NetworkInterfaces": [second, {"DeviceIndex": 0}]})
    desk.create(launchConfig={"securityGroupIds": EXAMPLES["securityGroupIds"][0], **IN_SUBNET})
    interfaces = launched_from(desk.simulator, the_server(desk))["NetworkInterfaces"]
    first = {"DeviceIndex": 0, "Groups": ["sg-00000000a", "sg-00000000b"], "SubnetId": IN_SUBNET["subnetId"]}
    assert interfaces == [second, first]


def test_an_address_that_drs_copied_gives_way_to_a_static_one(desk: Desk) -> None:
    desk.simulator.edit(the_server(desk), settings={"copyPrivateIp": True})
    own = {"copyPrivateIp": False, "staticPrivateIp": "172.31.4.20", "subnetId": EXAMPLES["subnetId"][0]}
    servers = [{"sourceServerId": the_server(desk), "launchTemplate": own}]
    group_id = desk.create(sourceServerIds=None, servers=servers)
    assert desk.status(group_id)["status"] == "ready"
    [interface] = launched_from(desk.simulator, the_server(desk))["NetworkInterfaces"]
    assert interface["PrivateIpAddress"] == "172.31.4.20"
    assert "PrivateIpAddresses" not in interface


def test_an_address_that_drs_copies_survives_our_own_write(desk: Desk) -> None:
    desk.create(launchConfig={"copyPrivateIp": True, "associatePublicIp": True})
    [interface] = launched_from(desk.simulator, the_server(desk))["NetworkInterfaces"]
    assert [one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"]] == ["172.31.0.10"]
    assert interface["AssociatePublicIpAddress"]


def test_an_address_that_drs_copies_survives_our_own_write_even_if_the_read_between_lags(desk: Desk) -> None:
    desk.simulator.fault(Fault("lag", "DescribeLaunchTemplateVersions", times=2))
    group_id = desk.create(launchConfig={"copyPrivateIp": True, "associatePublicIp": True})
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
    [interface] = launched_from(desk.simulator, the_server(desk))["NetworkInterfaces"]
    assert [one["PrivateIpAddress"] for one in interface["PrivateIpAddresses"]] == ["172.31.0.10"]


def test_a_null_of_a_servers_own_unsets_what_the_group_says_and_an_override_wins(desk: Desk) -> None:
    own = {"sourceServerId": the_server(desk), "launchTemplate": {"instanceType": None, "keyName": KEY}}
    group_id = desk.create(
        sourceServerIds=None, servers=[own], launchConfig={"instanceType": "m7i.metal-24xl", "keyName": "nobody-has-it"}
    )
    before = versions(desk.simulator, the_server(desk))[0]
    after = launched_from(desk.simulator, the_server(desk))
    assert (after["InstanceType"], after["KeyName"]) == (before["InstanceType"], KEY)
    assert desk.stream(group_id).state.wanted(the_server(desk)) == {"keyName": KEY}


def test_a_drs_setting_that_someone_changes_between_read_and_write_is_seen_in_the_answer_and_put_right(
    desk: Desk,
) -> None:
    desk.simulator.edit(the_server(desk), settings={"copyTags": True})
    once = ["GetLaunchConfiguration"]

    def someone(name: str) -> None:
        if name in once:
            once.remove(name)
            desk.simulator.edit(the_server(desk), settings={"copyTags": False})

    meddle(desk, after=someone)
    group_id = desk.create(launchConfig={"copyTags": True, "launchDisposition": "STOPPED"})
    [error] = desk.status(group_id)["serverConfigs"][the_server(desk)]["errors"]
    assert (error["code"], error["message"]) == ("NOT_AS_WRITTEN", "DRS answers with another copyTags")
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert desk.simulator.server(the_server(desk)).settings["copyTags"] is True
