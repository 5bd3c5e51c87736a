"""Configurations: what may be asked for, what two layers come to, and when two ask for the same."""

import json
import random
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from botocore.model import StructureShape
from botocore.session import get_session
from hypothesis import assume, given
from hypothesis import strategies as st

from commands.requests import CreateProtectionGroup
from events.configuration import (
    BLOCKED,
    ENTAILED,
    NETWORK,
    LaunchConfiguration,
    effective,
    fingerprint,
    without_network,
)
from events.doors import parse
from events.errors import Refused
from events.model import canonical
from events.values import (
    CapacityReservationSpecification,
    CpuOptions,
    CreditSpecification,
    MaintenanceOptions,
    MetadataOptions,
    PrivateDnsNameOptions,
)
from tests.events.given import LICENSE, SETTINGS, configurations

STRUCTURES: dict[str, Any] = {
    "CapacityReservationSpecification": CapacityReservationSpecification,
    "CpuOptions": CpuOptions,
    "CreditSpecification": CreditSpecification,
    "MaintenanceOptions": MaintenanceOptions,
    "MetadataOptions": MetadataOptions,
    "PrivateDnsNameOptions": PrivateDnsNameOptions,
}

GOLDEN = json.loads((Path(__file__).parent / "golden" / "fingerprints.json").read_text())


def read(configuration: dict[str, Any]) -> LaunchConfiguration:
    """As it comes through any door."""
    return parse(CreateProtectionGroup, {"groupName": "ERP", "launchConfig": configuration}).launch_config


def refused(configuration: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refused) as refusal:
        read(configuration)
    (fault,) = refusal.value.details["validationErrors"]
    return fault  # type: ignore[no-any-return]


def shuffled(value: Any, dice: random.Random) -> Any:  # noqa: ANN401  JSON
    """The same JSON, said in another order; lists of ours are sets."""
    if isinstance(value, dict):
        keys = dice.sample(list(value), len(value))
        return {key: shuffled(value[key], dice) for key in keys}
    if isinstance(value, list):
        return [shuffled(one, dice) for one in dice.sample(value, len(value))]
    return value


def test_every_setting_there_is_takes_part_in_these_tests() -> None:
    assert {*SETTINGS} == {*get_type_hints(LaunchConfiguration)}


# --- fingerprints ----------------------------------------------------------------------------------------------------


@given(configurations(), st.randoms(use_true_random=False))
def test_order_makes_no_difference(asked: dict[str, Any], dice: random.Random) -> None:
    assert fingerprint(read(shuffled(asked, dice))) == fingerprint(read(asked))


@given(configurations(), st.sets(st.sampled_from(sorted(SETTINGS))))
def test_a_setting_that_is_null_is_a_setting_that_is_not_there(asked: dict[str, Any], unset: set[str]) -> None:
    bare = {key: value for key, value in asked.items() if key not in unset}
    assert fingerprint(read({**asked, **dict.fromkeys(unset)})) == fingerprint(read(bare))


@given(configurations())
def test_a_security_group_named_twice_is_named_once(asked: dict[str, Any]) -> None:
    assume("securityGroupIds" in asked)
    twice = {**asked, "securityGroupIds": [*asked["securityGroupIds"], asked["securityGroupIds"][0]]}
    assert fingerprint(read(twice)) == fingerprint(read(asked))


@given(configurations(), st.data())
def test_any_value_that_differs_makes_a_difference(asked: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(SETTINGS)))
    value = data.draw(SETTINGS[key])
    one, two = read(asked), read({**asked, key: value})
    assert (fingerprint(one) == fingerprint(two)) == (canonical(one) == canonical(two))


@given(configurations(), configurations())
def test_two_configurations_have_one_fingerprint_exactly_if_they_ask_for_the_same(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    assert (fingerprint(read(one)) == fingerprint(read(two))) == (canonical(read(one)) == canonical(read(two)))


@given(configurations())
def test_a_fingerprint_survives_being_stored(asked: dict[str, Any]) -> None:
    stored = json.loads(canonical(read(asked)))
    assert fingerprint(read(stored)) == fingerprint(read(asked))


@pytest.mark.parametrize("known", GOLDEN, ids=lambda known: known["name"])
def test_fingerprints_that_were_recorded_once_are_found_again(known: dict[str, Any]) -> None:
    """They are in commits and in template versions: another algorithm would call every server drifted."""
    assert fingerprint(read(known["configuration"])) == known["fingerprint"]


# --- two layers ------------------------------------------------------------------------------------------------------


def entailed(found: LaunchConfiguration) -> dict[str, Any]:
    """What must be wanted because of what is."""
    return {key: value for cause, more in ENTAILED.items() if cause in found for key, value in more.items()}


@given(configurations(), configurations(nulls=True))
def test_an_override_wins_key_by_key(default: dict[str, Any], own: dict[str, Any]) -> None:
    found = effective(read(default), read(own))
    for key in SETTINGS:
        expected = read(own).get(key) if key in own else read(default).get(key)
        assert found.get(key) == (entailed(found).get(key) if expected is None else expected)


@given(configurations(nulls=True), configurations(nulls=True))
def test_nothing_that_is_wanted_is_null(default: dict[str, Any], own: dict[str, Any]) -> None:
    assert None not in effective(read(default), read(own)).values()


@given(configurations(nulls=True))
def test_a_configuration_over_itself_or_under_nothing_is_itself(asked: dict[str, Any]) -> None:
    once = effective(read(asked), {})
    assert effective(read(asked), read(asked)) == effective({}, read(asked)) == once
    assert effective(once, {}) == once


@given(st.lists(configurations(nulls=True), max_size=5))
def test_many_layers_are_the_last_word_on_each_setting_and_what_it_entails(layers: list[dict[str, Any]]) -> None:
    said = [read(layer) for layer in layers]
    found = effective(*said)
    for key in SETTINGS:
        words = [layer.get(key) for layer in said if key in layer]
        last = words[-1] if words else None
        assert found.get(key) == (entailed(found).get(key) if last is None else last)


@given(st.lists(configurations(nulls=True), max_size=5))
def test_what_is_excluded_from_networking_keeps_all_the_rest(layers: list[dict[str, Any]]) -> None:
    said = [read(layer) for layer in layers]
    found, whole = effective(*map(without_network, said)), effective(*said)
    assert found.keys().isdisjoint(NETWORK)
    assert not found.get("copyPrivateIp")
    rest = SETTINGS.keys() - {*NETWORK, "copyPrivateIp"}
    assert {key: found.get(key) for key in rest} == {key: whole.get(key) for key in rest}


def test_an_instance_type_wants_no_right_sizing_and_what_was_said_of_it_stays_said() -> None:
    typed = read({"instanceType": "m5.large"})
    assert effective(typed) == {"instanceType": "m5.large", "targetInstanceTypeRightSizingMethod": "NONE"}
    unset = read({"targetInstanceTypeRightSizingMethod": None})
    assert effective(typed, unset) == effective(typed)
    assert effective(typed, read({"instanceType": None})) == {}
    said = read({"targetInstanceTypeRightSizingMethod": "BASIC"})
    assert effective(typed, said)["targetInstanceTypeRightSizingMethod"] == "BASIC", "refused where it is defined"


def test_an_override_of_tags_or_devices_replaces_them_whole() -> None:
    default = read({"tags": {"Plan": "gold", "Team": "erp"}, "metadataOptions": {"httpTokens": "required"}})
    own = read({"tags": {"Plan": "iron"}, "metadataOptions": {"httpEndpoint": "enabled"}})
    assert effective(default, own) == {"tags": {"Plan": "iron"}, "metadataOptions": {"httpEndpoint": "enabled"}}


# --- what is refused, and by which name ------------------------------------------------------------------------------

ONE = {"capacityReservationId": "cr-0a1b2c3d4e5f60718"}
TWO_TARGETS = {
    **ONE, "capacityReservationResourceGroupArn": "arn:aws:resource-groups:us-east-1:123456789012:group/erp",
}  # fmt: skip
WRONG = [
    ("copyTags", "true"), ("copyTags", 1), ("monitoring", "yes"), ("licensing", True), ("licensing", {}),
    ("licensing", {"osByol": "true"}), ("licensing", {"osByol": True, "more": 1}),
    ("launchDisposition", "started"), ("launchDisposition", ""), ("targetInstanceTypeRightSizingMethod", "BEST"),
    ("instanceType", "m5"), ("instanceType", "M5.large"), ("instanceType", "m5.large\n"), ("instanceType", "m5 .large"),
    ("subnetId", "subnet-123"), ("subnetId", "subnet-12345678\n"), ("subnetId", "subnet-1234567G"), ("subnetId", 7),
    ("subnetId", "sg-12345678"), ("securityGroupIds", []), ("securityGroupIds", "sg-12345678"),
    ("securityGroupIds", ["sg-12345678\n"]), ("securityGroupIds", ["subnet-12345678"]), ("securityGroupIds", [None]),
    ("staticPrivateIp", "10.0.0.256"), ("staticPrivateIp", "10.0.0"), ("staticPrivateIp", "10.0.0.010"),
    ("staticPrivateIp", "10.0.0.1\n"), ("staticPrivateIp", " 10.0.0.1"), ("staticPrivateIp", "10.0.0.1/32"),
    ("staticPrivateIp", "::1"), ("staticPrivateIp", ""), ("staticPrivateIp", 167772161),
    ("instanceProfileName", "erp/app"), ("instanceProfileName", ""), ("instanceProfileName", "erp\n"),
    ("instanceProfileArn", "arn:aws:iam::123456789012:role/erp"), ("keyName", ""), ("keyName", "k" * 256),
    ("tags", {}), ("tags", {"aws:owner": "x"}), ("tags", {"Name": "x"}), ("tags", {"AWSElasticDisasterRecovery": "x"}),
    ("tags", {"": "x"}), ("tags", {"Plan": 7}), ("tags", {"Plan": None}), ("tags", ["Plan"]),
    ("blockDeviceMappings", []), ("blockDeviceMappings", [{}]), ("blockDeviceMappings", [{"deviceName": "a b"}]),
    ("blockDeviceMappings", [{"deviceName": "xvda"}, {"deviceName": "xvda"}]),
    ("blockDeviceMappings", [{"deviceName": "xvda", "volumeSize": "8"}]),
    ("blockDeviceMappings", [{"deviceName": "xvda", "volumeSize": 0}]),
    ("blockDeviceMappings", [{"deviceName": "xvda", "snapshotId": "snap-1"}]),
    ("metadataOptions", {"httpTokens": "REQUIRED"}), ("metadataOptions", {"httpPutResponseHopLimit": 65}),
    ("metadataOptions", {"httpPutResponseHopLimit": 1.5}), ("instanceInitiatedShutdownBehavior", "reboot"),
    ("name", 7), ("name", "n" * 129), ("recoveryMode", "fast"), ("recoveryMode", True),
    ("launchIntoInstanceProperties", {}), ("launchIntoInstanceProperties", "i-0a1b2c3d"),
    ("launchIntoInstanceProperties", {"launchIntoEC2InstanceID": "i-0A1B2C3D"}),
    ("launchIntoInstanceProperties", {"launchIntoEC2InstanceID": "i-0a1b2c3"}),
    ("creditSpecification", {}), ("creditSpecification", {"cpuCredits": "none"}), ("creditSpecification", "standard"),
    ("cpuOptions", {"coreCount": 2}), ("cpuOptions", {"threadsPerCore": 2}),
    ("cpuOptions", {"coreCount": 0, "threadsPerCore": 1}), ("cpuOptions", {"coreCount": 2, "threadsPerCore": 3}),
    ("cpuOptions", {"amdSevSnp": True}), ("cpuOptions", {"nestedVirtualization": "enabled"}),
    ("capacityReservationSpecification", {"capacityReservationPreference": "closed"}),
    ("capacityReservationSpecification", {"capacityReservationTarget": {}}),
    ("capacityReservationSpecification", {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}),
    ("capacityReservationSpecification", {"capacityReservationTarget": TWO_TARGETS}),
    ("capacityReservationSpecification", {"capacityReservationPreference": "open", "capacityReservationTarget": ONE}),
    ("licenseSpecifications", []), ("licenseSpecifications", [{}]),
    ("licenseSpecifications", [{"licenseConfigurationArn": "lic-1"}]),
    ("privateDnsNameOptions", {"hostnameType": "ip"}), ("privateDnsNameOptions", {"enableResourceNameDnsARecord": 1}),
    ("maintenanceOptions", {}), ("maintenanceOptions", {"autoRecovery": "enabled"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda one: str(one)[:40])
def test_a_malformed_value_is_refused_by_the_name_of_its_field(key: str, value: object) -> None:
    fault = refused({key: value})
    assert fault["field"].split(".")[:2] == ["launchConfig", key]


@pytest.mark.parametrize("key", sorted(BLOCKED))
def test_what_drs_manages_is_refused_with_that_reason(key: str) -> None:
    fault = refused({"copyTags": True, key: "anything"})
    assert (fault["field"], fault["error"]) == (f"launchConfig.{key}", "BLOCKED_FIELDS_PRESENT")


@pytest.mark.parametrize("key", ["encrypted", "kmsKeyId", "snapshotId", "virtualName", "noDevice"])
def test_what_drs_manages_of_a_volume_is_refused_with_that_reason(key: str) -> None:
    fault = refused({"blockDeviceMappings": [{"deviceName": "xvda", "volumeSize": 8, key: True}]})
    where = f"launchConfig.blockDeviceMappings.0.{key}"
    assert (fault["field"], fault["error"]) == (where, "BLOCKED_FIELDS_PRESENT")


def test_licences_are_a_set() -> None:
    both = [{"licenseConfigurationArn": LICENSE.format(number)} for number in (2, 1)]
    assert fingerprint(read({"licenseSpecifications": [*both, both[0]]})) == fingerprint(
        read({"licenseSpecifications": both[::-1]})
    )


def test_every_setting_is_one_of_awss_own_or_of_its_network_interface() -> None:
    """Names, enums and structures as botocore's models have them: what AWS calls otherwise is known here by name."""
    session = get_session()
    ec2 = session.get_service_model("ec2").shape_for("RequestLaunchTemplateData").members
    drs = session.get_service_model("drs").shape_for("UpdateLaunchConfigurationRequest").members
    ours = {"instanceProfileName", "instanceProfileArn", "tags", *NETWORK} - {"securityGroupIds"}
    assert {key for key in SETTINGS if key not in drs and key[0].upper() + key[1:] not in ec2} == ours


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_has_the_members_and_words_that_ec2_has_but_for_those_that_are_not_applied(name: str) -> None:
    shape = get_session().get_service_model("ec2").shape_for("RequestLaunchTemplateData").members[name]
    assert isinstance(shape, StructureShape)
    hints = get_type_hints(STRUCTURES[name])
    assert {member[0].lower() + member[1:] for member in shape.members} - {"nestedVirtualization"} == hints.keys()
    for member, one in shape.members.items():
        words = getattr(one, "enum", None)
        if words and member != "NestedVirtualization":
            assert {*get_args(hints[member[0].lower() + member[1:]])} == {*words}


@pytest.mark.parametrize("key", ["instancetype", "InstanceType", "instance_type", "colour", "", "copyTags "])
def test_a_setting_nobody_declared_is_refused_as_unknown(key: str) -> None:
    fault = refused({"copyTags": True, key: None})
    assert (fault["field"], fault["error"]) == (f"launchConfig.{key}", "UNKNOWN_FIELDS_PRESENT")


def test_a_bad_address_has_a_code_of_its_own() -> None:
    assert refused({"staticPrivateIp": "10.0.0.300"})["error"] == "INVALID_IP_FORMAT"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        read({"copyTags": "true", "userData": "#!/bin/sh", "subnetId": "subnet"})
    fields = {fault["field"].split(".")[1] for fault in refusal.value.details["validationErrors"]}
    assert fields == {"copyTags", "userData", "subnetId"}


@pytest.mark.parametrize(
    "server_id", ["s-1", "s-0123456789abcdef", "s-0123456789abcdefg", f"s-{'0' * 17}\n", f"S-{'0' * 17}", ""]
)
def test_a_malformed_server_id_is_refused(server_id: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(CreateProtectionGroup, {"groupName": "ERP", "sourceServerIds": [server_id]})
    assert refusal.value.details["field"] == "sourceServerIds.0"
