"""DRS as an account has it: initialised or not, what new servers begin with, tags."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
THEIRS = Place("999988887777", "us-east-1")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        yield served
    else:
        with Simulator.in_process(servers=2) as simulator:
            yield simulator


@pytest.fixture
def drs(sim: Simulator) -> Client:
    return sim.client("drs")


def refusal(call: Client, **asked: Json) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    answer: Json = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


# --- initialisation ---


def test_drs_refuses_everything_in_a_region_until_it_is_initialised_there(sim: Simulator, drs: Client) -> None:
    server_id = sim.server_ids()[0]
    sim.uninitialize()
    calls: list[tuple[Client, Json]] = [
        (drs.describe_source_servers, {}),
        (drs.get_launch_configuration, {"sourceServerID": server_id}),
        (drs.update_launch_configuration, {"sourceServerID": server_id, "copyTags": True}),
        (drs.start_recovery, {"sourceServers": [{"sourceServerID": server_id}]}),
        (drs.list_tags_for_resource, {"resourceArn": sim.server(server_id).description["arn"]}),
    ]
    assert {refusal(call, **asked) for call, asked in calls} == {("UninitializedAccountException", 400)}
    for elsewhere in (THEIRS, Place(sim.world.home.account, "eu-west-1")):
        assert sim.client("drs", elsewhere).describe_source_servers()["items"] == []
    assert sim.client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert drs.initialize_service()["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert drs.get_launch_configuration(sourceServerID=server_id)["copyTags"] is False


# --- launch configuration templates ---

GENERAL = {
    "launchDisposition": "STOPPED",
    "targetInstanceTypeRightSizingMethod": "NONE",
    "copyPrivateIp": True,
    "copyTags": True,
    "licensing": {"osByol": True},
    "postLaunchEnabled": True,
    "recoveryMode": "FAST",
}


def test_new_servers_begin_with_what_the_template_says_and_old_ones_keep_theirs(sim: Simulator, drs: Client) -> None:
    old = sim.server(sim.server_ids()[0])
    before = old.settings
    drs.create_launch_configuration_template(**GENERAL)
    (new,) = sim.add_servers(1)
    settings = drs.get_launch_configuration(sourceServerID=new.id)
    assert {name: settings[name] for name in GENERAL} == GENERAL
    assert old.settings == before
    version = sim.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=new.template_id, Versions=["$Default"]
    )["LaunchTemplateVersions"][0]
    addresses = version["LaunchTemplateData"]["NetworkInterfaces"][0]["PrivateIpAddresses"]
    source = new.description["sourceProperties"]["networkInterfaces"][0]["ips"]
    assert ([each["PrivateIpAddress"] for each in addresses], version["VersionNumber"]) == (source, 1)


def test_a_template_says_what_it_was_not_told_by_defaults_and_is_patched(sim: Simulator, drs: Client) -> None:
    made = drs.create_launch_configuration_template(copyTags=True, tags={"owner": "lynx"})[
        "launchConfigurationTemplate"
    ]
    template_id = made["launchConfigurationTemplateID"]
    assert (made["copyTags"], made["copyPrivateIp"], made["tags"]) == (True, False, {"owner": "lynx"})
    patched = drs.update_launch_configuration_template(
        launchConfigurationTemplateID=template_id, launchDisposition="STOPPED"
    )["launchConfigurationTemplate"]
    assert patched == made | {"launchDisposition": "STOPPED"}
    for asked in ({}, {"launchConfigurationTemplateIDs": [template_id]}):
        assert drs.describe_launch_configuration_templates(**asked)["items"] == [patched]
    assert sim.client("drs", THEIRS).describe_launch_configuration_templates()["items"] == []
    assert drs.delete_launch_configuration_template(launchConfigurationTemplateID=template_id)
    assert drs.describe_launch_configuration_templates()["items"] == []
    assert sim.add_servers(1)[0].settings["launchDisposition"] == "STARTED"


def test_there_is_one_template_and_those_that_are_not_there_are_not_found(drs: Client) -> None:
    unknown = {"launchConfigurationTemplateID": "lct-" + "0" * 17}
    for call in (drs.update_launch_configuration_template, drs.delete_launch_configuration_template):
        assert refusal(call, **unknown) == ("ResourceNotFoundException", 404)
    drs.create_launch_configuration_template()
    assert refusal(drs.create_launch_configuration_template) == ("ServiceQuotaExceededException", 402)


# --- tags ---


def test_a_server_gets_tags_and_loses_them(sim: Simulator, drs: Client) -> None:
    server = sim.server(sim.server_ids()[0])
    arn, before = server.description["arn"], dict(server.description["tags"])
    drs.tag_resource(resourceArn=arn, tags={"tier": "gold", "Name": "garish-rug"})
    tags = before | {"tier": "gold", "Name": "garish-rug"}
    assert drs.list_tags_for_resource(resourceArn=arn)["tags"] == tags
    found = drs.describe_source_servers(filters={"sourceServerIDs": [server.id]})["items"][0]
    assert found["tags"] == tags
    drs.untag_resource(resourceArn=arn, tagKeys=["tier", "not there"])
    assert drs.list_tags_for_resource(resourceArn=arn)["tags"] == before | {"Name": "garish-rug"}
    about = [call.server_ids for call in sim.calls() if call.operation != "DescribeSourceServers"]
    assert about == [(server.id,)] * 4


def test_jobs_and_templates_have_tags_too(sim: Simulator, drs: Client) -> None:
    asked = [{"sourceServerID": sim.server_ids()[0]}]
    arns = (
        drs.start_recovery(sourceServers=asked, tags={"a": "b"})["job"]["arn"],
        drs.create_launch_configuration_template(tags={"a": "b"})["launchConfigurationTemplate"]["arn"],
    )
    for arn in arns:
        drs.tag_resource(resourceArn=arn, tags={"wave": "7"})
        assert drs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b", "wave": "7"}


def test_what_another_account_has_cannot_be_tagged(sim: Simulator) -> None:
    arn, theirs = sim.server(sim.server_ids()[0]).description["arn"], sim.client("drs", THEIRS)
    unknown = ("ResourceNotFoundException", 404)
    assert refusal(theirs.tag_resource, resourceArn=arn, tags={"a": "b"}) == unknown
    assert refusal(theirs.untag_resource, resourceArn=arn, tagKeys=["Name"]) == unknown
    assert refusal(theirs.list_tags_for_resource, resourceArn=arn) == unknown
