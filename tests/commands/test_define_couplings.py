"""What settings need of each other: wanted with them where unsaid, refused by name where contradicted."""

from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given

from commands import requests as ask
from events.doors import parse
from events.errors import Refused
from tests.commands.bench import in_aws, launched_from, refused
from tests.events import given as g
from tests.kit import Desk

SUBNET = {"subnetId": "subnet-0a1b2c3d4e5f60718"}
INSTANCE = {"launchIntoInstanceProperties": {"launchIntoEC2InstanceID": "i-0a1b2c3d4e5f60718"}}
ADDRESS = {"staticPrivateIp": "172.31.4.20", **SUBNET}
PROFILE = "arn:aws:iam::123456789012:instance-profile/payments-dr"


def defined(own: dict[str, Any], default: dict[str, Any] | None = None) -> Refused:
    """The refusal of a group that wants this of its second server; nothing is written."""
    servers = [{"sourceServerId": g.sid(1)}, {"sourceServerId": g.sid(2), "launchTemplate": own}]
    request = {"groupName": "Payments", "servers": servers, "launchConfig": default or {}}
    desk = g.service()
    no = refused(lambda: g.ask(desk, "pg-pay", parse(ask.CreateProtectionGroup, request)))
    assert not [*desk.store.born("group"), *desk.store.born("roster")]
    return no


@pytest.mark.parametrize(
    ("own", "code", "field"),
    [
        ({"instanceType": "m5.large", "targetInstanceTypeRightSizingMethod": "BASIC"},
         "INSTANCE_TYPE_NEEDS_NO_RIGHT_SIZING", "targetInstanceTypeRightSizingMethod"),
        ({"instanceType": "m5.large", "targetInstanceTypeRightSizingMethod": "IN_AWS"},
         "INSTANCE_TYPE_NEEDS_NO_RIGHT_SIZING", "targetInstanceTypeRightSizingMethod"),
        ({**ADDRESS, "copyPrivateIp": True}, "STATIC_IP_EXCLUDES_COPY", "copyPrivateIp"),
        ({"staticPrivateIp": "172.31.4.20"}, "MISSING_FIELD", "subnetId"),
        ({**INSTANCE, "copyPrivateIp": True}, "LAUNCH_INTO_INSTANCE_EXCLUDES", "launchIntoInstanceProperties"),
        ({**INSTANCE, "copyTags": True}, "LAUNCH_INTO_INSTANCE_EXCLUDES", "launchIntoInstanceProperties"),
        ({"securityGroupIds": ["sg-0a1b2c3d"]}, "SECURITY_GROUPS_NEED_SUBNET", "securityGroupIds"),
        ({"instanceProfileName": "payments-dr", "instanceProfileArn": PROFILE}, "INSTANCE_PROFILE_TWICE",
         "instanceProfileArn"),
    ],
)  # fmt: skip
def test_what_contradicts_a_setting_is_refused_by_server_and_field(own: dict[str, Any], code: str, field: str) -> None:
    no = defined(own)
    assert (no.code, no.details["field"], no.details["sourceServerIds"]) == (code, field, [g.sid(2)])
    assert g.sid(2) in no.message
    assert field in no.message


def test_a_contradiction_between_layers_is_refused_for_the_servers_that_get_both() -> None:
    no = defined({"instanceType": "m5.large"}, {"targetInstanceTypeRightSizingMethod": "BASIC"})
    assert (no.code, no.details["sourceServerIds"]) == ("INSTANCE_TYPE_NEEDS_NO_RIGHT_SIZING", [g.sid(2)])


@pytest.mark.parametrize("setting", [ADDRESS, INSTANCE], ids=["address", "instance"])
def test_what_is_one_servers_alone_is_no_groups_default_and_no_override(setting: dict[str, Any]) -> None:
    key = next(iter(setting))
    assert defined({}, setting).details["field"] == f"launchConfig.{key}"
    request = {"groupName": "Payments", "tagOverrides": [{"key": "Role", "value": "db", "launchConfig": setting}]}
    no = refused(lambda: g.ask(g.service(), "pg-pay", parse(ask.CreateProtectionGroup, request)))
    assert (no.code, no.details["field"]) == ("INVALID_PARAMETER", f"tagOverrides.0.launchConfig.{key}")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "0.0.0.1", "0.1.2.3", "169.254.169.254", "224.0.0.1", "239.1.1.1", "255.255.255.255"]
)
def test_an_address_that_no_server_can_have_is_refused(address: str) -> None:
    no = defined({**SUBNET, "staticPrivateIp": address})
    assert (no.code, no.details["field"]) == ("IP_RESERVED", "launchTemplate.staticPrivateIp")
    assert no.details["sourceServerIds"] == [g.sid(2)]


def test_an_address_of_shared_space_is_legal() -> None:
    servers = [{"sourceServerId": g.sid(1), "launchTemplate": {**SUBNET, "staticPrivateIp": "100.64.0.10"}}]
    request = parse(ask.CreateProtectionGroup, {"groupName": "Payments", "servers": servers})
    assert g.ask(g.service(), "pg-pay", request).version == 1


@pytest.mark.parametrize(
    ("device", "legal"),
    [
        ({"volumeType": "gp3", "iops": 4000, "throughput": 250}, True),
        ({"volumeType": "io1", "iops": 4000}, True),
        ({"volumeType": "io2", "iops": 4000}, True),
        ({"iops": 4000, "throughput": 250}, True),
        ({"volumeType": "io2", "throughput": 250}, False),
        ({"volumeType": "gp2", "iops": 4000}, False),
        ({"volumeType": "st1", "throughput": 250}, False),
        ({"volumeType": "standard", "iops": 400}, False),
    ],
)
def test_iops_and_throughput_go_with_the_volume_types_that_have_them(device: dict[str, Any], *, legal: bool) -> None:
    own = {"blockDeviceMappings": [{"deviceName": "xvda", **device}]}
    if legal:
        servers = [{"sourceServerId": g.sid(1), "launchTemplate": own}]
        g.ask(g.service(), "pg-pay", parse(ask.CreateProtectionGroup, {"groupName": "Payments", "servers": servers}))
    else:
        no = defined(own)
        assert (no.code, no.details["field"]) == ("INVALID_PARAMETER", "launchTemplate.blockDeviceMappings")


@pytest.mark.parametrize(
    "hollow", ["metadataOptions", "cpuOptions", "capacityReservationSpecification", "privateDnsNameOptions"]
)
def test_a_structure_that_asks_for_nothing_is_refused(hollow: str) -> None:
    assert defined({hollow: {}}).details["field"] == hollow
    assert defined({}, {hollow: {}}).details["field"] == hollow


COUPLED = {
    "INSTANCE_TYPE_NEEDS_NO_RIGHT_SIZING", "STATIC_IP_EXCLUDES_COPY", "LAUNCH_INTO_INSTANCE_EXCLUDES", "MISSING_FIELD",
    "SECURITY_GROUPS_NEED_SUBNET", "INSTANCE_PROFILE_TWICE",
}  # fmt: skip
SHARED = g.configurations(nulls=True, without=("staticPrivateIp", "launchIntoInstanceProperties"))


@given(SHARED, g.configurations(nulls=True))
def test_whatever_two_layers_say_it_is_refused_with_its_reason_or_no_server_gets_a_contradiction(
    default: dict[str, Any], own: dict[str, Any]
) -> None:
    desk = g.service()
    servers = [{"sourceServerId": g.sid(1), "launchTemplate": own}]
    request = parse(ask.CreateProtectionGroup, {"groupName": "P", "servers": servers, "launchConfig": default})
    try:
        wanted = g.ask(desk, "pg-pay", request).state.wanted(g.sid(1))
    except Refused as no:
        named = no.details["sourceServerIds"] == [g.sid(1)] and not [*desk.store.born("group")]
        assert named and no.code in COUPLED  # noqa: PT017, PT018  refused is one of two right answers
        return
    assert "instanceType" not in wanted or wanted.get("targetInstanceTypeRightSizingMethod") == "NONE"
    alone = {"staticPrivateIp", "launchIntoInstanceProperties"} & wanted.keys()
    assert not alone or wanted.get("copyPrivateIp") is False
    assert "launchIntoInstanceProperties" not in wanted or wanted.get("copyTags") is False
    assert "subnetId" in wanted or not {"staticPrivateIp", "securityGroupIds"} & wanted.keys()
    assert not {"instanceProfileName", "instanceProfileArn"} <= wanted.keys()


def test_one_instance_is_one_servers_to_launch_into_in_a_group_and_across_groups() -> None:
    desk = g.service()
    twice = [{"sourceServerId": g.sid(n), "launchTemplate": INSTANCE} for n in (1, 2)]
    no = refused(lambda: g.ask(desk, "pg-1", parse(ask.CreateProtectionGroup, {"groupName": "A", "servers": twice})))
    assert (no.code, no.details["instances"]) == ("DUPLICATE_INSTANCE", ["i-0a1b2c3d4e5f60718"])
    g.ask(desk, "pg-1", parse(ask.CreateProtectionGroup, {"groupName": "A", "servers": twice[:1]}))
    no = refused(
        lambda: g.ask(desk, "pg-2", parse(ask.CreateProtectionGroup, {"groupName": "B", "servers": twice[1:]}))
    )
    assert no.code == "DUPLICATE_INSTANCE"
    assert "pg-1" in no.message


def test_an_instance_type_alone_turns_right_sizing_off_in_aws(desk: Desk) -> None:
    [server_id, *_] = desk.simulator.server_ids()
    desk.simulator.edit(server_id, settings={"targetInstanceTypeRightSizingMethod": "BASIC"})
    group_id = desk.create(launchConfig={"instanceType": "m5.xlarge"})
    assert desk.status(group_id)["status"] == "ready"
    found = in_aws(desk.simulator, server_id)
    assert (found["instanceType"], found["targetInstanceTypeRightSizingMethod"]) == ("m5.xlarge", "NONE")


def test_a_static_address_alone_turns_copying_off_in_aws(desk: Desk) -> None:
    [server_id, *_] = desk.simulator.server_ids()
    desk.simulator.edit(server_id, settings={"copyPrivateIp": True})
    [subnet, *_] = desk.simulator.client("ec2").describe_subnets()["Subnets"]
    address = str(IPv4Network(subnet["CidrBlock"])[20])
    own = {"staticPrivateIp": address, "subnetId": subnet["SubnetId"]}
    servers = [{"sourceServerId": server_id, "launchTemplate": own}]
    group_id = desk.create(sourceServerIds=None, servers=servers, launchConfig={})
    assert desk.status(group_id)["status"] == "ready"
    assert desk.simulator.server(server_id).settings["copyPrivateIp"] is False
    [interface] = launched_from(desk.simulator, server_id)["NetworkInterfaces"]
    assert interface["PrivateIpAddress"] == address
