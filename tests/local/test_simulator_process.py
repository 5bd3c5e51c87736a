"""The simulator alone, as a process: driven with boto3 and through its control API, as any other program would."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from local.processes import ROOT
from local.remote import RemoteSimulator

Json: TypeAlias = Any
Client: TypeAlias = Any
ONCE = Config(retries={"total_max_attempts": 1})
THEIRS = "999988887777"
COMMAND = (sys.executable, "-m", "local", "simulator", "--servers", "3")


def started(*more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([*COMMAND, *more], stdout=subprocess.PIPE, text=True, cwd=ROOT)


def told(process: "subprocess.Popen[str]") -> Json:
    assert process.stdout
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def running() -> Iterator[RemoteSimulator]:
    with started() as process:
        yield RemoteSimulator(told(process)["endpoint"])
        process.terminate()


@pytest.fixture
def sim(running: RemoteSimulator) -> RemoteSimulator:
    running.reset()
    running.freeze()
    return running


def client(sim: RemoteSimulator, service: str, credentials: Json | None = None) -> Client:
    keys = credentials or {"AccessKeyId": "AKIASOMEBODY", "SecretAccessKey": "s", "SessionToken": None}
    make: Any = boto3.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=sim.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        config=ONCE,
    )


def refusal(call: Client, **asked: Json) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def test_a_server_is_configured_and_recovered_from_what_was_configured(sim: RemoteSimulator) -> None:
    drs, ec2 = client(sim, "drs"), client(sim, "ec2")
    server_id = sim.server_ids()[1]
    settings = drs.update_launch_configuration(
        sourceServerID=server_id, copyTags=True, targetInstanceTypeRightSizingMethod="NONE"
    )
    template = {"LaunchTemplateId": settings["ec2LaunchTemplateID"]}
    made = ec2.create_launch_template_version(
        **template, SourceVersion="$Default", LaunchTemplateData={"InstanceType": "m7i.large"}
    )["LaunchTemplateVersion"]
    ec2.modify_launch_template(**template, DefaultVersion=str(made["VersionNumber"]))
    drs.start_recovery(sourceServers=[{"sourceServerID": server_id}], isDrill=True)
    sim.advance(600)
    (job,) = sim.jobs()
    assert (job["status"], job["participatingServers"][0]["launchStatus"]) == ("COMPLETED", "LAUNCHED")
    assert job["launches"][0]["launchTemplateData"]["InstanceType"] == "m7i.large"
    assert sim.counts() == {
        "drs:StartRecovery": 1,
        "drs:UpdateLaunchConfiguration": 1,
        "ec2:CreateLaunchTemplateVersion": 1,
        "ec2:ModifyLaunchTemplate": 1,
    }


def test_another_account_is_entered_by_its_role_and_left_when_it_is_revoked(sim: RemoteSimulator) -> None:
    role = sim.add_role(THEIRS, externalId="garish-rug")
    (theirs,) = sim.add_servers(1, account=THEIRS)
    assume = client(sim, "sts").assume_role
    assert refusal(assume, RoleArn=role, RoleSessionName="wave") == "AccessDenied"
    keys = assume(RoleArn=role, RoleSessionName="wave", ExternalId="garish-rug")["Credentials"]
    drs = client(sim, "drs", keys)
    assert [each["sourceServerID"] for each in drs.describe_source_servers()["items"]] == [theirs["sourceServerID"]]
    assert sim.server_ids(THEIRS) == [theirs["sourceServerID"]]
    assert len(sim.server_ids()) == 3, "of the home account alone"
    assert sim.revoke(role) == 1
    assert refusal(drs.describe_source_servers) == "ExpiredTokenException"
    assert {call["account"] for call in sim.calls() if call["service"] == "drs"} == {THEIRS}


def test_a_process_has_the_published_limits_unless_it_is_told_not_to() -> None:
    for more, expected in ((), 1), (("--limits", "off"), 0):
        with started(*more) as process:
            sim = RemoteSimulator(told(process)["endpoint"])
            ec2 = client(sim, "ec2")
            ec2.describe_vpcs()
            sim.freeze()
            sim.set_limits(operation="ec2:DescribeVpcs", tokens=0)
            refused = 0
            try:
                ec2.describe_vpcs()
            except ClientError as error:
                refused += error.response["Error"]["Code"] == "RequestLimitExceeded"
            assert (refused, sum(sim.throttled().values())) == (expected, expected)
            process.terminate()


def test_limits_are_set_and_seen_from_outside(sim: RemoteSimulator) -> None:
    sim.set_limits(operation="drs:*", burst=1, rate=1)
    drs = client(sim, "drs")
    drs.describe_jobs()
    assert refusal(drs.describe_jobs) == "ThrottlingException"
    assert sim.throttled() == {"drs:DescribeJobs": 1}
    (bucket,) = sim.limits()["buckets"]
    assert (bucket["operation"], bucket["tokens"], bucket["overdrawn"]) == ("drs:DescribeJobs", 0, 1)


def test_reads_lag_and_writes_land_late_from_outside(sim: RemoteSimulator) -> None:
    drs, server_id = client(sim, "drs"), sim.server_ids()[0]
    sim.lag(drs=5)
    sim.fault("zombie", operation="UpdateLaunchConfiguration", seconds=10)
    with pytest.raises(ConnectionClosedError):
        drs.update_launch_configuration(sourceServerID=server_id, copyTags=True)
    seen = []
    for _ in range(3):
        sim.advance(5)
        seen.append(drs.get_launch_configuration(sourceServerID=server_id)["copyTags"])
    assert seen == [False, False, True]


def test_a_share_of_the_calls_fails_until_faults_are_cleared(sim: RemoteSimulator) -> None:
    drs = client(sim, "drs")
    sim.fault("InternalServerException", times=None, rate=0.5, seed=7)
    failed = 0
    for _ in range(40):
        try:
            drs.describe_jobs()
        except ClientError:
            failed += 1
    sim.clear_faults()
    drs.describe_jobs()
    assert 8 < failed < 32


def test_jobs_end_at_once_and_run_faster(sim: RemoteSimulator) -> None:
    drs, (first, second, _) = client(sim, "drs"), sim.server_ids()
    for speed, server_id in (("instant", first), (100, second)):
        sim.job_speed(speed)
        drs.start_recovery(sourceServers=[{"sourceServerID": server_id}])
    sim.advance(1)
    assert [job["status"] for job in sim.jobs()] == ["COMPLETED", "STARTED"]
    sim.advance(5)
    assert sim.jobs()[1]["status"] == "COMPLETED"
    with pytest.raises(ValueError, match="backwards"):
        sim.job_speed(-1)


def test_drs_works_by_itself_from_outside(sim: RemoteSimulator) -> None:
    server_id = sim.server_ids()[1]
    asked = {
        "LaunchTemplateId": sim.servers()[1]["launchConfiguration"]["ec2LaunchTemplateID"],
        "Versions": ["$Default"],
    }

    def number() -> int:
        found = client(sim, "ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
        return int(found[0]["VersionNumber"])

    sim.edit(server_id, template={"InstanceType": "x2gd.medium"})
    sim.advance(3600)
    assert number() == 3, "a process has DRS look at types every hour"
    sim.right_sizing(None)
    sim.edit(server_id, template={"InstanceType": "x2gd.medium"})
    sim.advance(7200)
    assert number() == 4
    sim.grow_disk(server_id, "/dev/sda", 60)
    assert number() == 5


def test_what_is_there_can_be_taken_away_from_outside(sim: RemoteSimulator) -> None:
    ec2, drs = client(sim, "ec2"), client(sim, "drs")
    sim.withdraw("m5.large")
    by_type = [{"Name": "instance-type", "Values": ["m5.large"]}]
    assert ec2.describe_instance_types(Filters=by_type)["InstanceTypes"] == []
    sim.remove_default_vpc()
    assert ec2.describe_vpcs()["Vpcs"] == []
    sim.uninitialize()
    assert refusal(drs.describe_jobs) == "UninitializedAccountException"
    drs.initialize_service()
    assert drs.describe_jobs()["items"] == []


def test_extended_servers_are_made_from_outside(sim: RemoteSimulator) -> None:
    (made,) = sim.add_servers(1, stagingAccount=THEIRS)
    assert made["stagingArea"]["stagingAccountID"] == THEIRS
    found = client(sim, "drs").describe_source_servers(filters={"stagingAccountIDs": [THEIRS]})["items"]
    assert [each["sourceServerID"] for each in found] == [made["sourceServerID"]]


def test_latency_is_set_from_outside(sim: RemoteSimulator) -> None:
    sim.latency(0.3)
    start = time.monotonic()
    client(sim, "drs").describe_jobs()
    assert time.monotonic() - start >= 0.3
