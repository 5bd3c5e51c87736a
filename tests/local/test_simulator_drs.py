"""DRS as the simulator plays it: the model it is anchored to, launch settings, and what DRS writes itself."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from local.simulator import Simulator

Json: TypeAlias = Any
Client: TypeAlias = Any
MODEL = ServiceModel(Loader().load_service_model("drs", "service-2"), "drs")
FREE = Config(parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=4) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        yield served
    else:
        with Simulator.in_process(servers=4) as simulator:
            yield simulator


def wrong_enums(shape: Shape, value: Json, path: str = "") -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, each in value.items():
            yield from wrong_enums(shape.members[name], each, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for each in value:
            yield from wrong_enums(shape.member, each, path)
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{path}={value}"


def misfits(operation: str, answer: dict[str, Any]) -> list[str]:
    """What botocore's own model finds wrong with an answer: types, required and unknown members, enums."""
    shape = MODEL.operation_model(operation).output_shape
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(body, shape)
    return [*filter(None, [report.generate_report()]), *wrong_enums(shape, body)]


def refusal(call: Client, **asked: Json) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return refused.value.response  # type: ignore[return-value]


def template_of(sim: Simulator, server_id: str) -> dict[str, Any]:
    template_id = sim.server(server_id).template_id
    answer = sim.client("ec2").describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Default"])
    version: dict[str, Any] = answer["LaunchTemplateVersions"][0]
    return version


def test_every_answer_is_what_botocore_expects(sim: Simulator) -> None:
    drs = sim.client("drs")
    first, second, *_ = sim.server_ids()
    job = drs.start_recovery(sourceServers=[{"sourceServerID": first}], isDrill=True, tags={"wave": "1"})
    sim.advance(300)
    answers = {
        "StartRecovery": job,
        "DescribeSourceServers": drs.describe_source_servers(),
        "GetLaunchConfiguration": drs.get_launch_configuration(sourceServerID=first),
        "UpdateLaunchConfiguration": drs.update_launch_configuration(sourceServerID=second, copyTags=True),
        "DescribeJobs": drs.describe_jobs(),
        "DescribeJobLogItems": drs.describe_job_log_items(jobID=job["job"]["jobID"]),
    }
    assert {name: misfits(name, answer) for name, answer in answers.items()} == {name: [] for name in answers}


def test_no_server_is_described_with_a_member_that_drs_does_not_have(sim: Simulator) -> None:
    drs = sim.client("drs")
    drs.start_recovery(sourceServers=[{"sourceServerID": each} for each in sim.server_ids()])
    sim.advance(600)
    described = [sim.server(each).description for each in sim.server_ids()]
    assert misfits("DescribeSourceServers", {"items": described}) == []


def test_servers_are_told_apart_by_name_and_template_tag(sim: Simulator) -> None:
    items = sim.client("drs").describe_source_servers()["items"]
    assert [each["tags"].get("template") for each in items] == ["web", "app", "sql", None]
    assert len({each["tags"]["Name"] for each in items}) == 4
    assert {each["dataReplicationInfo"]["dataReplicationState"] for each in items} == {"CONTINUOUS"}


def test_the_same_simulator_has_the_same_servers_again() -> None:
    with Simulator.serve(servers=3) as one, Simulator.serve(servers=3) as other:
        assert one.server_ids() == other.server_ids()
        assert [one.server(each).template_id for each in one.server_ids()] == [
            other.server(each).template_id for each in other.server_ids()
        ]


def test_a_filter_by_ids_finds_those_and_passes_over_the_unknown(sim: Simulator) -> None:
    wanted = sim.server_ids()[2]
    found = sim.client("drs").describe_source_servers(filters={"sourceServerIDs": [wanted, "s-" + "0" * 17]})
    assert [each["sourceServerID"] for each in found["items"]] == [wanted]


def test_pages_hold_every_server_once(sim: Simulator) -> None:
    pages = sim.client("drs").get_paginator("describe_source_servers").paginate(maxResults=3)
    found = [[each["sourceServerID"] for each in page["items"]] for page in pages]
    assert found == [sim.server_ids()[:3], sim.server_ids()[3:]]


NOBODY = {"sourceServerID": "s-" + "0" * 17}
FORBIDDEN: list[tuple[str, Json, str]] = [
    ("get_launch_configuration", {}, "sourceServerID"),
    ("get_launch_configuration", {"sourceServerID": "s-short"}, "sourceServerID"),
    ("get_launch_configuration", {"sourceServerID": "S-" + "0" * 17}, "sourceServerID"),
    ("update_launch_configuration", NOBODY | {"name": "n" * 129}, "name"),
    ("update_launch_configuration", NOBODY | {"copyTags": "yes"}, "copyTags"),
    ("update_launch_configuration", NOBODY | {"launchDisposition": "PAUSED"}, "launchDisposition"),
    ("update_launch_configuration", NOBODY | {"licensing": {"osByol": 1}}, "licensing.osByol"),
    ("describe_source_servers", {"filters": {"sourceServerIDs": ["x"] * 201}}, "filters.sourceServerIDs"),
    ("describe_source_servers", {"filters": {"hardwareId": "x"}}, "filters.hardwareId"),
    ("describe_source_servers", {"maxResults": 0}, "maxResults"),
    ("describe_source_servers", {"nextToken": "made-up"}, "nextToken"),
    ("start_recovery", {"sourceServers": []}, "sourceServers"),
    ("start_recovery", {"sourceServers": [{}]}, "sourceServers[0].sourceServerID"),
    ("start_recovery", {"sourceServers": [NOBODY, NOBODY]}, "sourceServers"),
    ("describe_jobs", {"filters": {"fromDate": "yesterday"}}, "filters.fromDate"),
]


@pytest.mark.parametrize(("operation", "asked", "field"), FORBIDDEN)
def test_a_request_that_the_model_forbids_is_refused_with_the_field(
    sim: Simulator, operation: str, asked: dict[str, Any], field: str
) -> None:
    refused = refusal(getattr(sim.client("drs", config=FREE), operation), **asked)
    assert refused["Error"]["Code"] == "ValidationException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert field in [each["name"] for each in refused["fieldList"]]
    assert refused["reason"] == "fieldValidationFailed"


def test_an_unknown_server_is_not_found(sim: Simulator) -> None:
    refused = refusal(sim.client("drs").get_launch_configuration, sourceServerID="s-" + "0" * 17)
    assert refused["Error"]["Code"] == "ResourceNotFoundException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_operation_that_is_not_simulated_is_refused_and_not_a_crash(sim: Simulator) -> None:
    refused = refusal(sim.client("drs").describe_recovery_instances)
    assert (refused["Error"]["Code"], refused["reason"]) == ("ValidationException", "unknownOperation")


def test_an_update_changes_what_it_names_and_answers_everything(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    before = drs.get_launch_configuration(sourceServerID=server_id)
    after = drs.update_launch_configuration(sourceServerID=server_id, launchDisposition="STOPPED")
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after == before | {"launchDisposition": "STOPPED"}
    assert after["ec2LaunchTemplateID"].startswith("lt-")


def test_settings_that_do_not_concern_the_template_leave_it_alone(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.client("drs").update_launch_configuration(
        sourceServerID=server_id,
        copyTags=True,
        launchDisposition="STOPPED",
        targetInstanceTypeRightSizingMethod="NONE",
    )
    assert template_of(sim, server_id)["VersionNumber"] == 1


def test_turning_on_copy_private_ip_makes_drs_write_a_default_version_with_the_address(
    sim: Simulator,
) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[1]
    drs.update_launch_configuration(sourceServerID=server_id, copyPrivateIp=True)
    version = template_of(sim, server_id)
    source = sim.server(server_id).description["sourceProperties"]["networkInterfaces"][0]["ips"]
    addresses = version["LaunchTemplateData"]["NetworkInterfaces"][0]["PrivateIpAddresses"]
    assert [each["PrivateIpAddress"] for each in addresses] == source
    assert (version["VersionNumber"], version["DefaultVersion"]) == (2, True)
    drs.update_launch_configuration(sourceServerID=server_id, copyPrivateIp=True)
    assert template_of(sim, server_id)["VersionNumber"] == 2


@pytest.mark.parametrize("method", ["BASIC", "IN_AWS"])
def test_right_sizing_buries_an_instance_type_that_somebody_chose(sim: Simulator, method: str) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[2]
    drs.update_launch_configuration(sourceServerID=server_id, targetInstanceTypeRightSizingMethod="NONE")
    sim.edit(server_id, template={"InstanceType": "x2gd.metal", "KeyName": "kept"})
    drs.update_launch_configuration(sourceServerID=server_id, targetInstanceTypeRightSizingMethod=method)
    data = template_of(sim, server_id)["LaunchTemplateData"]
    assert (data["InstanceType"], data["KeyName"]) == ("r5.2xlarge", "kept")


def test_settings_of_a_server_that_a_job_holds_cannot_be_changed(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    drs.start_recovery(sourceServers=[{"sourceServerID": server_id}])
    refused = refusal(drs.update_launch_configuration, sourceServerID=server_id, copyTags=True)
    assert refused["Error"]["Code"] == "ConflictException"
    sim.advance(600)
    assert drs.update_launch_configuration(sourceServerID=server_id, copyTags=True)["copyTags"] is True
