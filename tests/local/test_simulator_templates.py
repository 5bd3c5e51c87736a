"""EC2 launch templates as the simulator plays them: versions, defaults, tokens, races."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=3) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        yield served
    else:
        with Simulator.in_process(servers=3) as simulator:
            yield simulator


@pytest.fixture
def ec2(sim: Simulator) -> Client:
    return sim.client("ec2")


@pytest.fixture
def template_id(sim: Simulator) -> str:
    return sim.server(sim.server_ids()[1]).template_id


def read(ec2: Client, template_id: str, *versions: str) -> list[dict[str, Any]]:
    answer = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=list(versions))
    found: list[dict[str, Any]] = answer["LaunchTemplateVersions"]
    return found


def write(ec2: Client, template_id: str, data: dict[str, Any], **more: Json) -> dict[str, Any]:
    answer = ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data, **more)
    version: dict[str, Any] = answer["LaunchTemplateVersion"]
    return version


def code(call: Client, **asked: Json) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return refused.value.response["Error"]["Code"]


def tags(data: dict[str, Any]) -> list[dict[str, str]]:
    return [tag for each in data.get("TagSpecifications", []) for tag in each["Tags"]]


def test_version_1_is_what_drs_makes_from_the_server(sim: Simulator, ec2: Client, template_id: str) -> None:
    server = sim.server(sim.server_ids()[1]).description
    (version,) = read(ec2, template_id, "$Default")
    data = version["LaunchTemplateData"]
    assert (version["VersionNumber"], version["DefaultVersion"]) == (1, True)
    assert data["InstanceType"] == server["sourceProperties"]["recommendedInstanceType"]
    assert [each["ResourceType"] for each in data["TagSpecifications"]] == ["instance", "volume"]
    assert {each["Key"]: each["Value"] for each in tags(data)} == {
        "AWSElasticDisasterRecoveryManaged": "drs.amazonaws.com",
        "AWSElasticDisasterRecoverySourceServerID": server["sourceServerID"],
        "Name": server["tags"]["Name"],
    }
    assert [each["DeviceIndex"] for each in data["NetworkInterfaces"]] == [0]
    assert [(each["DeviceName"], each["Ebs"]["VolumeSize"]) for each in data["BlockDeviceMappings"]] == [
        ("/dev/sda", 50),
        ("/dev/sdb", 100),
    ]


def test_with_a_source_version_whole_top_level_keys_are_replaced(ec2: Client, template_id: str) -> None:
    write(
        ec2,
        template_id,
        {"MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"}},
        SourceVersion="1",
    )
    version = write(ec2, template_id, {"MetadataOptions": {"HttpTokens": "optional"}}, SourceVersion="2")
    before = read(ec2, template_id, "1")[0]["LaunchTemplateData"]
    assert version["LaunchTemplateData"] == before | {"MetadataOptions": {"HttpTokens": "optional"}}


def test_without_a_source_version_the_tags_and_disks_of_drs_are_lost(ec2: Client, template_id: str) -> None:
    version = write(ec2, template_id, {"InstanceType": "m7i.large"})
    assert version["LaunchTemplateData"] == {"InstanceType": "m7i.large"}


def test_a_new_version_is_not_the_default_until_it_is_made_so(ec2: Client, template_id: str) -> None:
    version = write(ec2, template_id, {"InstanceType": "m7i.large"}, SourceVersion="1")
    assert (version["VersionNumber"], version["DefaultVersion"]) == (2, False)
    assert [each["VersionNumber"] for each in read(ec2, template_id, "$Default", "$Latest")] == [1, 2]
    modified = ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="2")["LaunchTemplate"]
    assert (modified["DefaultVersionNumber"], modified["LatestVersionNumber"]) == (2, 2)
    assert [each["DefaultVersion"] for each in read(ec2, template_id, "1", "2")] == [False, True]


def test_latest_as_default_takes_the_version_of_whoever_wrote_last(ec2: Client, template_id: str) -> None:
    mine = write(ec2, template_id, {"InstanceType": "m7i.large"}, SourceVersion="1")
    theirs = write(ec2, template_id, {"InstanceType": "x2gd.metal"}, SourceVersion="1")
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion="$Latest")
    assert read(ec2, template_id, "$Default")[0]["VersionNumber"] == theirs["VersionNumber"]
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion=str(mine["VersionNumber"]))
    assert read(ec2, template_id, "$Default")[0]["LaunchTemplateData"]["InstanceType"] == "m7i.large"


def test_a_client_token_writes_once_and_answers_the_same_again(ec2: Client, template_id: str) -> None:
    asked = {"SourceVersion": "1", "ClientToken": "epoch-7"}
    first = write(ec2, template_id, {"InstanceType": "m7i.large"}, **asked)
    again = write(ec2, template_id, {"InstanceType": "m7i.large"}, **asked)
    assert again == first
    assert read(ec2, template_id, "$Latest")[0]["VersionNumber"] == 2


def test_a_client_token_with_other_parameters_is_a_mismatch(ec2: Client, template_id: str) -> None:
    write(ec2, template_id, {"InstanceType": "m7i.large"}, ClientToken="epoch-7")
    asked = {"LaunchTemplateId": template_id, "ClientToken": "epoch-7"}
    other = code(ec2.create_launch_template_version, LaunchTemplateData={"InstanceType": "c7i.large"}, **asked)
    assert other == "IdempotentParameterMismatch"
    assert read(ec2, template_id, "$Latest")[0]["VersionNumber"] == 2


def test_a_version_never_changes(ec2: Client, template_id: str) -> None:
    before = read(ec2, template_id, "1")[0]["LaunchTemplateData"]
    write(
        ec2,
        template_id,
        {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0a"}]},
        SourceVersion="1",
    )
    assert read(ec2, template_id, "1")[0]["LaunchTemplateData"] == before


def test_ec2_does_not_look_at_what_a_version_holds(ec2: Client, template_id: str) -> None:
    nonsense = {
        "InstanceType": "no.such",
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-nowhere"}],
    }
    assert write(ec2, template_id, nonsense)["LaunchTemplateData"] == nonsense


def test_a_description_has_at_most_255_characters(ec2: Client, template_id: str) -> None:
    asked = {"LaunchTemplateId": template_id, "LaunchTemplateData": {"KeyName": "k"}}
    assert code(ec2.create_launch_template_version, VersionDescription="d" * 256, **asked) == "InvalidParameterValue"
    assert write(ec2, template_id, {"KeyName": "k"}, VersionDescription="d" * 255)["VersionDescription"] == "d" * 255


def test_all_versions_of_a_template_are_listed_newest_first(ec2: Client, template_id: str) -> None:
    write(ec2, template_id, {"KeyName": "k"}, SourceVersion="1")
    listed = ec2.describe_launch_template_versions(LaunchTemplateId=template_id)["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in listed] == [2, 1]


def test_default_versions_of_all_templates_are_read_in_pages(sim: Simulator, ec2: Client) -> None:
    sim.add_servers(200)
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(Versions=["$Default"])
    found = [[each["LaunchTemplateId"] for each in page["LaunchTemplateVersions"]] for page in pages]
    everyones = [sim.server(each).template_id for each in sim.server_ids()]
    assert found == [everyones[:200], everyones[200:]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"LaunchTemplateId": "lt-" + "0" * 17}, "InvalidLaunchTemplateId.NotFound"),
        ({"LaunchTemplateName": "nobody"}, "InvalidLaunchTemplateName.NotFoundException"),
        ({}, "MissingParameter"),
        ({"Versions": ["1"]}, "InvalidParameterValue"),
        ({"Versions": ["$Default"], "MaxResults": 201}, "InvalidParameterValue"),
        ({"Versions": ["$Default"], "NextToken": "made-up"}, "InvalidNextToken"),
    ],
)
def test_a_read_that_cannot_be_answered_is_refused(ec2: Client, asked: dict[str, Any], expected: str) -> None:
    assert code(ec2.describe_launch_template_versions, **asked) == expected


def test_a_version_that_does_not_exist_is_not_found(ec2: Client, template_id: str) -> None:
    unknown = "InvalidLaunchTemplateId.VersionNotFound"
    asked = {"LaunchTemplateId": template_id}
    assert code(ec2.describe_launch_template_versions, Versions=["2"], **asked) == unknown
    assert code(ec2.modify_launch_template, DefaultVersion="2", **asked) == unknown
    assert (
        code(
            ec2.create_launch_template_version,
            SourceVersion="9",
            LaunchTemplateData={"KeyName": "k"},
            **asked,
        )
        == unknown
    )


def test_another_account_does_not_see_a_template(sim: Simulator, template_id: str) -> None:
    for elsewhere in (
        Place("999988887777", sim.world.home.region),
        Place(sim.world.home.account, "eu-west-1"),
    ):
        stranger = sim.client("ec2", elsewhere)
        asked = {"LaunchTemplateId": template_id, "Versions": ["$Default"]}
        assert code(stranger.describe_launch_template_versions, **asked) == "InvalidLaunchTemplateId.NotFound"
        assert stranger.describe_launch_templates()["LaunchTemplates"] == []


def test_a_deleted_template_comes_back_under_another_id_with_defaults(sim: Simulator, ec2: Client) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    old = sim.server(server_id).template_id
    write(ec2, old, {"InstanceType": "m7i.large"}, SourceVersion="1")
    ec2.delete_launch_template(LaunchTemplateId=old)
    new = drs.get_launch_configuration(sourceServerID=server_id)["ec2LaunchTemplateID"]
    assert new != old
    assert [each["VersionNumber"] for each in read(ec2, new, "$Latest")] == [1]
    assert (
        code(ec2.modify_launch_template, LaunchTemplateId=old, DefaultVersion="1") == "InvalidLaunchTemplateId.NotFound"
    )


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads change places at every chance, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_sixteen_writers_never_get_the_same_number(sim: Simulator, ec2: Client, template_id: str) -> None:
    def one(number: int) -> int:
        version = write(ec2, template_id, {"KeyName": f"writer-{number}"}, SourceVersion="1")
        assert version["LaunchTemplateData"]["KeyName"] == f"writer-{number}"
        return int(version["VersionNumber"])

    with ThreadPoolExecutor(16) as threads:
        numbers = list(threads.map(one, range(64)))
    assert sorted(numbers) == list(range(2, 66))
    assert sim.counts()["ec2:CreateLaunchTemplateVersion"] == 64


@pytest.mark.usefixtures("restless")
def test_sixteen_repeats_of_one_token_write_one_version(ec2: Client, template_id: str) -> None:
    def one(_: int) -> int:
        return int(write(ec2, template_id, {"KeyName": "k"}, ClientToken="same")["VersionNumber"])

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(one, range(16))) == {2}
