"""Configurations: what may be asked for, what two layers come to, and when two ask for the same."""

import json
import random
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commands.requests import CreateProtectionGroup
from events.configuration import BLOCKED, LaunchConfiguration, effective, fingerprint
from events.doors import parse
from events.errors import Refused
from events.model import canonical
from tests.events.given import SETTINGS, configurations

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


@given(configurations(), configurations(nulls=True))
def test_an_override_wins_key_by_key(default: dict[str, Any], own: dict[str, Any]) -> None:
    found = effective(read(default), read(own))
    for key in SETTINGS:
        expected = read(own).get(key) if key in own else read(default).get(key)
        assert found.get(key) == expected


@given(configurations(nulls=True), configurations(nulls=True))
def test_nothing_that_is_wanted_is_null(default: dict[str, Any], own: dict[str, Any]) -> None:
    assert None not in effective(read(default), read(own)).values()


@given(configurations(nulls=True))
def test_a_configuration_over_itself_or_under_nothing_is_itself(asked: dict[str, Any]) -> None:
    once = effective(read(asked), {})
    assert effective(read(asked), read(asked)) == effective({}, read(asked)) == once
    assert effective(once, {}) == once


def test_an_override_of_tags_or_devices_replaces_them_whole() -> None:
    default = read({"tags": {"Plan": "gold", "Team": "erp"}, "metadataOptions": {"httpTokens": "required"}})
    own = read({"tags": {"Plan": "iron"}, "metadataOptions": {"httpEndpoint": "enabled"}})
    assert effective(default, own) == {"tags": {"Plan": "iron"}, "metadataOptions": {"httpEndpoint": "enabled"}}


# --- what is refused, and by which name ------------------------------------------------------------------------------

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
    ("name", 7), ("name", "n" * 129),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda one: str(one)[:40])
def test_a_malformed_value_is_refused_by_the_name_of_its_field(key: str, value: object) -> None:
    fault = refused({key: value})
    assert fault["field"].split(".")[:2] == ["launchConfig", key]


@pytest.mark.parametrize("key", sorted(BLOCKED))
def test_what_drs_manages_is_refused_with_that_reason(key: str) -> None:
    fault = refused({"copyTags": True, key: "anything"})
    assert (fault["field"], fault["error"]) == (f"launchConfig.{key}", "BLOCKED_FIELDS_PRESENT")


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
