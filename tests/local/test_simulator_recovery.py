"""Recovery jobs as the simulator plays them: what is refused, how a job proceeds, what is launched."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator

Json: TypeAlias = Any
Client: TypeAlias = Any


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator.in_process(servers=4) as simulator:
        simulator.clock.freeze()
        yield simulator


@pytest.fixture
def drs(sim: Simulator) -> Client:
    return sim.client("drs")


def start(drs: Client, *server_ids: str, is_drill: bool = False) -> Json:
    asked = [{"sourceServerID": each} for each in server_ids]
    return drs.start_recovery(sourceServers=asked, isDrill=is_drill)["job"]


def refusal(drs: Client, *server_ids: str) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        start(drs, *server_ids)
    answer: Json = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def job_of(drs: Client, job_id: str) -> Json:
    return drs.describe_jobs(filters={"jobIDs": [job_id]})["items"][0]


def fates(job: Json) -> list[str]:
    return [each["launchStatus"] for each in job["participatingServers"]]


def launches(sim: Simulator) -> list[Json]:
    jobs = sim.world.estate(sim.world.home).jobs.by_id.values()
    return [launch for job in jobs for launch in job.shape_with_launches()["launches"]]


def test_a_recovery_is_accepted_with_202_and_a_pending_job(sim: Simulator, drs: Client) -> None:
    answer = drs.start_recovery(sourceServers=[{"sourceServerID": sim.server_ids()[0]}], isDrill=True)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (answer["job"]["status"], answer["job"]["initiatedBy"]) == ("PENDING", "START_DRILL")
    assert start(drs, sim.server_ids()[1])["initiatedBy"] == "START_RECOVERY"


def test_a_job_goes_from_pending_over_started_to_completed_as_the_clock_says(sim: Simulator, drs: Client) -> None:
    job_id = start(drs, *sim.server_ids()[:2])["jobID"]
    seen = []
    for wait in (0, 1, 249, 2, 278, 3):
        sim.advance(wait)
        job = job_of(drs, job_id)
        seen.append((job["status"], *fates(job)))
    assert seen == [
        ("PENDING", "PENDING", "PENDING"),
        ("STARTED", "IN_PROGRESS", "IN_PROGRESS"),
        ("STARTED", "IN_PROGRESS", "IN_PROGRESS"),
        ("STARTED", "IN_PROGRESS", "IN_PROGRESS"),
        ("STARTED", "LAUNCHED", "LAUNCHED"),
        ("STARTED", "LAUNCHED", "LAUNCHED"),
    ]
    sim.advance(5)
    assert job_of(drs, job_id)["status"] == "COMPLETED"


def test_a_call_alone_lets_happen_what_is_due(sim: Simulator, drs: Client) -> None:
    server = sim.server(sim.server_ids()[0])
    job_id = start(drs, server.id)["jobID"]
    sim.clock.advance(260)
    sim.client("ec2").create_launch_template_version(
        LaunchTemplateId=server.template_id, SourceVersion="1", LaunchTemplateData={"KeyName": "too-late"}
    )
    sim.client("ec2").modify_launch_template(LaunchTemplateId=server.template_id, DefaultVersion="2")
    sim.clock.advance(300)
    assert job_of(drs, job_id)["status"] == "COMPLETED"
    assert launches(sim)[0]["launchTemplateVersion"] == 1


def test_the_server_tells_of_its_last_launch(sim: Simulator, drs: Client) -> None:
    server_id = sim.server_ids()[0]
    job = start(drs, server_id, is_drill=True)
    described = drs.describe_source_servers(filters={"sourceServerIDs": [server_id]})["items"][0]
    assert described["lastLaunchResult"] == "PENDING"
    assert described["lifeCycle"]["lastLaunch"]["initiated"] == {
        "apiCallDateTime": job["creationDateTime"],
        "jobID": job["jobID"],
        "type": "DRILL",
    }
    sim.advance(600)
    described = drs.describe_source_servers(filters={"sourceServerIDs": [server_id]})["items"][0]
    instance = job_of(drs, job["jobID"])["participatingServers"][0]["recoveryInstanceID"]
    assert (described["lastLaunchResult"], described["recoveryInstanceId"]) == ("SUCCEEDED", instance)


def test_what_is_launched_is_the_default_version_at_launch_and_not_at_acceptance(sim: Simulator, drs: Client) -> None:
    early, late, after = sim.server_ids()[:3]
    start(drs, early, late, after)
    sim.edit(late, template={"InstanceType": "m7i.large"})
    sim.advance(260)
    sim.edit(after, template={"InstanceType": "m7i.large"})
    sim.advance(600)
    drs.describe_jobs()
    assert [each["launchTemplateVersion"] for each in launches(sim)] == [1, 2, 1]
    assert launches(sim)[1]["launchTemplateData"]["InstanceType"] == "m7i.large"


def subnet(sim: Simulator) -> Json:
    return sim.client("ec2").describe_subnets()["Subnets"][0]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ({"TagSpecifications": []}, "AWSElasticDisasterRecoveryManaged"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0bad"}]}, "InvalidSubnetID.NotFound"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-0bad"]}]}, "InvalidGroup.NotFound"),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "PrivateIpAddress": "10.9.9.9"}]}, "10.9.9.9"),
    ],
)
def test_a_template_that_cannot_be_launched_fails_its_server_alone_in_a_completed_job(
    sim: Simulator, drs: Client, template: Json, why: str
) -> None:
    good, bad = sim.server_ids()[:2]
    sim.edit(bad, template=template)
    job_id = start(drs, good, bad)["jobID"]
    sim.advance(600)
    job = job_of(drs, job_id)
    assert (job["status"], *fates(job)) == ("COMPLETED", "LAUNCHED", "FAILED")
    assert why in launches(sim)[1]["error"]
    assert sim.server(bad).description["lastLaunchResult"] == "FAILED"
    assert "LAUNCH_FAILED" in [each["event"] for each in drs.describe_job_log_items(jobID=job_id)["items"]]


def test_a_template_with_a_real_subnet_group_and_address_is_launched(sim: Simulator, drs: Client) -> None:
    ec2, server_id, home = sim.client("ec2"), sim.server_ids()[0], subnet(sim)
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [home["VpcId"]]}])["SecurityGroups"][0]
    address = home["CidrBlock"].replace("0/20", "77")
    interface = {"DeviceIndex": 0, "SubnetId": home["SubnetId"], "Groups": [group["GroupId"]]}
    sim.edit(server_id, template={"NetworkInterfaces": [interface | {"PrivateIpAddress": address}]})
    job_id = start(drs, server_id)["jobID"]
    sim.advance(600)
    assert fates(job_of(drs, job_id)) == ["LAUNCHED"]


def test_copied_addresses_are_legal_in_the_default_vpc(sim: Simulator, drs: Client) -> None:
    for server_id in sim.server_ids():
        drs.update_launch_configuration(sourceServerID=server_id, copyPrivateIp=True)
    job_id = start(drs, *sim.server_ids())["jobID"]
    sim.advance(600)
    assert fates(job_of(drs, job_id)) == ["LAUNCHED"] * 4


@pytest.mark.parametrize("state", ["DISCONNECTED", "STOPPED", "INITIATING", "INITIAL_SYNC"])
def test_one_server_that_cannot_be_recovered_rejects_the_whole_call(sim: Simulator, drs: Client, state: str) -> None:
    sim.replication(sim.server_ids()[2], state)
    assert refusal(drs, *sim.server_ids()) == ("ConflictException", 409)
    assert drs.describe_jobs()["items"] == []
    assert sim.server(sim.server_ids()[0]).description["lastLaunchResult"] == "NOT_STARTED"


def test_one_busy_server_rejects_the_whole_call_until_its_job_is_over(sim: Simulator, drs: Client) -> None:
    busy, *others = sim.server_ids()
    start(drs, busy)
    assert refusal(drs, *others, busy) == ("ConflictException", 409)
    assert len(drs.describe_jobs()["items"]) == 1
    sim.advance(600)
    assert start(drs, *others, busy)["status"] == "PENDING"


def test_an_unknown_server_rejects_the_whole_call(sim: Simulator, drs: Client) -> None:
    assert refusal(drs, *sim.server_ids(), "s-" + "0" * 17) == ("ResourceNotFoundException", 404)
    assert drs.describe_jobs()["items"] == []


def test_a_job_holds_at_most_100_servers(sim: Simulator, drs: Client) -> None:
    sim.add_servers(97)
    assert refusal(drs, *sim.server_ids()) == ("ServiceQuotaExceededException", 402)
    assert len(start(drs, *sim.server_ids()[:100])["participatingServers"]) == 100


def test_at_most_20_jobs_run_at_once(sim: Simulator, drs: Client) -> None:
    sim.add_servers(17)
    *running, one_more = sim.server_ids()
    for server_id in running:
        start(drs, server_id)
    assert refusal(drs, one_more) == ("ServiceQuotaExceededException", 402)
    sim.advance(600)
    assert start(drs, one_more)["status"] == "PENDING"


def test_at_most_500_servers_are_in_jobs_at_once(sim: Simulator, drs: Client) -> None:
    sim.add_servers(296)
    sim.add_servers(201, staging_account="999988887777")
    servers = sim.server_ids()
    for first in range(0, 500, 100):
        start(drs, *servers[first : first + 100])
    assert refusal(drs, servers[500]) == ("ServiceQuotaExceededException", 402)


def test_jobs_are_found_by_when_they_were_created(sim: Simulator, drs: Client) -> None:
    older = start(drs, sim.server_ids()[0])["jobID"]
    sim.advance(60)
    between = f"{sim.clock.now() - timedelta(seconds=30):%Y-%m-%dT%H:%M:%SZ}"
    newer = start(drs, sim.server_ids()[1])["jobID"]
    since = drs.describe_jobs(filters={"fromDate": between})["items"]
    until = drs.describe_jobs(filters={"toDate": between})["items"]
    assert ([each["jobID"] for each in since], [each["jobID"] for each in until]) == ([newer], [older])
    assert [each["jobID"] for each in drs.describe_jobs()["items"]] == [newer, older]
    pages = drs.get_paginator("describe_jobs").paginate(maxResults=1)
    assert [[each["jobID"] for each in page["items"]] for page in pages] == [[newer], [older]]


# The log of the first wave of the real drill of 2022-12-07, kept by aws-samples/drs-tools: two servers.
DRILL = [
    (0.36, "JOB_START"),
    (0.76, "SNAPSHOT_START"),
    (0.79, "SNAPSHOT_START"),
    (0.95, "SNAPSHOT_END"),
    (0.98, "SNAPSHOT_END"),
    (52.92, "CONVERSION_START"),
    (52.95, "CONVERSION_START"),
    (250.43, "CONVERSION_END"),
    (250.50, "CONVERSION_END"),
    (251.01, "LAUNCH_START"),
    (251.20, "LAUNCH_START"),
    (529.13, "LAUNCH_END"),
    (530.53, "LAUNCH_END"),
    (533.34, "JOB_END"),
]


def test_a_job_proceeds_as_the_real_drill_did(sim: Simulator, drs: Client) -> None:
    job = start(drs, *sim.server_ids()[:2])
    sim.advance(600)
    items = drs.describe_job_log_items(jobID=job["jobID"])["items"]
    accepted = datetime.fromisoformat(job["creationDateTime"])
    seconds = [(datetime.fromisoformat(each["logDateTime"]) - accepted).total_seconds() for each in items]
    assert [each["event"] for each in items] == [event for _, event in DRILL]
    assert seconds == pytest.approx([second for second, _ in DRILL], abs=2)


def test_a_job_log_grows_with_the_job(sim: Simulator, drs: Client) -> None:
    job_id = start(drs, sim.server_ids()[0])["jobID"]
    assert drs.describe_job_log_items(jobID=job_id)["items"] == []
    sim.advance(252)
    assert drs.describe_job_log_items(jobID=job_id)["items"][-1]["event"] == "LAUNCH_START"
