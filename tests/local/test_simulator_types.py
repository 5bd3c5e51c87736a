"""Instance types and the zones that offer them, as a preflight reads them in bulk."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
ZONE = "us-east-1c"
BEYOND_MOTO = ("c7i-flex.large", "m7i.metal-24xl", "u-6tb1.metal")


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


def having(**filters: str | list[str]) -> list[Json]:
    return [
        {"Name": name.replace("__", ".").replace("_", "-"), "Values": values if isinstance(values, list) else [values]}
        for name, values in filters.items()
    ]


def refusal(call: Client, **asked: Json) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def zones(ec2: Client, *names: str, **filters: str | list[str]) -> dict[str, set[str]]:
    asked = having(instance_type=list(names), **filters)
    answer = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=asked)
    found: dict[str, set[str]] = {}
    for each in answer["InstanceTypeOfferings"]:
        found.setdefault(each["InstanceType"], set()).add(each["Location"])
    return found


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"])
def test_types_with_unusual_names_are_offered(sim: Simulator, region: str) -> None:
    ec2 = sim.client("ec2", Place(sim.world.home.account, region))
    assert set(zones(ec2, *BEYOND_MOTO)) == set(BEYOND_MOTO)
    described = ec2.describe_instance_types(Filters=having(instance_type=[*BEYOND_MOTO, "no.such"]))["InstanceTypes"]
    assert {each["InstanceType"]: each["BareMetal"] for each in described} == {
        "c7i-flex.large": False,
        "m7i.metal-24xl": True,
        "u-6tb1.metal": True,
    }


def test_a_type_tells_its_hypervisor_architecture_and_boot_modes(ec2: Client) -> None:
    names = ["m5.large", "m4.large", "m8g.large"]
    found = {
        each["InstanceType"]: (each["Hypervisor"], each["ProcessorInfo"]["SupportedArchitectures"])
        for each in ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"]
    }
    assert found == {
        "m5.large": ("nitro", ["x86_64"]),
        "m4.large": ("xen", ["x86_64"]),
        "m8g.large": ("nitro", ["arm64"]),
    }
    (arm,) = ec2.describe_instance_types(
        Filters=having(instance_type=names, processor_info__supported_architecture="arm64")
    )["InstanceTypes"]
    assert (arm["InstanceType"], arm["SupportedBootModes"]) == ("m8g.large", ["uefi"])
    assert refusal(ec2.describe_instance_types, InstanceTypes=["no.such"]) == "InvalidInstanceType"


def test_a_type_can_be_withdrawn_from_a_zone_and_from_everywhere(sim: Simulator, ec2: Client) -> None:
    before = zones(ec2, "m7i.large", "m5.large")
    assert zones(ec2, "m7i.large", location=ZONE) == {"m7i.large": {ZONE}}
    sim.withdraw("m7i.large", ZONE)
    assert zones(ec2, "m7i.large", location=ZONE) == {}
    assert zones(ec2, "m7i.large", "m5.large") == before | {"m7i.large": before["m7i.large"] - {ZONE}}
    assert len(ec2.describe_instance_types(Filters=having(instance_type="m7i.large"))["InstanceTypes"]) == 1
    sim.withdraw("m7i.large")
    assert zones(ec2, "m7i.large") == {}
    assert ec2.describe_instance_types(Filters=having(instance_type="m7i.large"))["InstanceTypes"] == []
    regional = ec2.describe_instance_type_offerings(Filters=having(instance_type=["m7i.large", "m5.large"]))
    assert [(each["InstanceType"], each["Location"]) for each in regional["InstanceTypeOfferings"]] == [
        ("m5.large", "us-east-1")
    ]


def test_zones_have_ids_too(ec2: Client) -> None:
    answer = ec2.describe_instance_type_offerings(
        LocationType="availability-zone-id", Filters=having(instance_type="m5.large", location="use1-az6")
    )
    assert [each["Location"] for each in answer["InstanceTypeOfferings"]] == ["use1-az6"]


def test_the_whole_catalogue_comes_in_pages_of_a_hundred(ec2: Client) -> None:
    pages = list(ec2.get_paginator("describe_instance_types").paginate())
    names = [each["InstanceType"] for page in pages for each in page["InstanceTypes"]]
    assert {len(page["InstanceTypes"]) for page in pages[:-1]} == {100}
    assert len(names) == len(set(names)) > 800
