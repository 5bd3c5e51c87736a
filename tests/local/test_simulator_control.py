"""The call log, and the control API under `/_simulator/`."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
ELSEWHERE = Place("999988887777", "eu-west-1")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=3) as simulator:
        yield simulator


@pytest.fixture
def sim(served: Simulator) -> Simulator:
    served.reset()
    return served


def ask(sim: Simulator, method: str, path: str, body: Json = None) -> tuple[int, Json]:
    connection = HTTPConnection(urlsplit(sim.endpoint or "").netloc)
    connection.request(method, f"/_simulator/{path}", json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_nothing_asked_is_zero_calls(sim: Simulator) -> None:
    assert ask(sim, "GET", "calls") == (200, {"total": 0, "counts": {}, "throttled": {}, "calls": []})


def test_every_call_is_logged_in_order_with_whom_it_was_about(sim: Simulator) -> None:
    server = sim.server(sim.server_ids()[1])
    answer = sim.client("drs").get_launch_configuration(sourceServerID=server.id)
    sim.client("ec2").describe_launch_template_versions(LaunchTemplateId=server.template_id, Versions=["$Default"])
    with pytest.raises(ClientError):
        sim.client("drs", ELSEWHERE).get_launch_configuration(sourceServerID=server.id)
    sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": each} for each in sim.server_ids()])
    log = ask(sim, "GET", "calls")[1]
    keys = ("operation", "account", "region", "status", "error", "serverId", "templateId")
    home = (sim.world.home.account, sim.world.home.region)
    unknown = (ELSEWHERE.account, ELSEWHERE.region, 404, "ResourceNotFoundException")
    assert [tuple(call[key] for key in keys) for call in log["calls"]] == [
        ("GetLaunchConfiguration", *home, 200, None, server.id, None),
        ("DescribeLaunchTemplateVersions", *home, 200, None, server.id, server.template_id),
        ("GetLaunchConfiguration", *unknown, server.id, None),
        ("StartRecovery", *home, 202, None, None, None),
    ]
    assert log["counts"] == {
        "drs:GetLaunchConfiguration": 2,
        "drs:StartRecovery": 1,
        "ec2:DescribeLaunchTemplateVersions": 1,
    }
    assert log["calls"][0]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert log["calls"][3]["serverIds"] == sim.server_ids()


def test_both_services_tell_the_request_id_that_the_log_holds(sim: Simulator) -> None:
    drs, ec2 = sim.client("drs"), sim.client("ec2")
    for call in (drs.describe_jobs, ec2.describe_vpcs, ec2.describe_launch_templates):
        assert call()["ResponseMetadata"]["RequestId"] == sim.calls()[-1].request_id


def test_calls_can_be_read_from_where_one_was_and_forgotten(sim: Simulator) -> None:
    sim.client("drs").describe_source_servers()
    mark = ask(sim, "GET", "calls")[1]["total"]
    sim.client("drs").describe_jobs()
    later = ask(sim, "GET", f"calls?since={mark}")[1]
    assert (later["total"], later["counts"]) == (2, {"drs:DescribeJobs": 1})
    assert ask(sim, "DELETE", "calls")[1]["total"] == 0


def test_calls_of_sixteen_threads_are_all_counted(sim: Simulator) -> None:
    drs, servers = sim.client("drs"), sim.server_ids()
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda turn: drs.get_launch_configuration(sourceServerID=servers[turn % 3]), range(160)))
    log = ask(sim, "GET", "calls")[1]
    assert log["counts"] == {"drs:GetLaunchConfiguration": 160}
    assert [call["number"] for call in log["calls"]] == list(range(1, 161))


def test_the_control_api_itself_is_not_in_the_log(sim: Simulator) -> None:
    ask(sim, "POST", "edit", {"serverId": sim.server_ids()[0], "launchConfiguration": {"copyTags": True}})
    assert sim.calls() == []


def test_servers_are_added_to_an_account_that_alone_sees_them(sim: Simulator) -> None:
    wanted = {
        "count": 2,
        "account": "999988887777",
        "region": "eu-west-1",
        "names": ["garish-rug"],
        "tags": {"tier": "gold"},
    }
    status, added = ask(sim, "POST", "servers", wanted)
    found = sim.client("drs", ELSEWHERE).describe_source_servers()["items"]
    assert status == 200
    assert [each["sourceServerID"] for each in added["servers"]] == [each["sourceServerID"] for each in found]
    assert (found[0]["tags"]["Name"], found[1]["tags"]["tier"]) == ("garish-rug", "gold")
    assert len(sim.client("drs").describe_source_servers()["items"]) == 3


def test_a_server_can_lose_its_connection_and_be_removed(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    ask(
        sim,
        "POST",
        f"servers/{server_id}",
        {"dataReplicationState": "DISCONNECTED", "tags": {"Name": "lost"}},
    )
    shown = sim.client("drs").describe_source_servers()["items"][0]
    assert (shown["dataReplicationInfo"]["dataReplicationState"], shown["tags"]) == (
        "DISCONNECTED",
        {"Name": "lost"},
    )
    ask(sim, "DELETE", f"servers/{server_id}")
    assert ask(sim, "POST", f"servers/{server_id}", {}) == (
        404,
        {"error": f"SourceServer {server_id} not found"},
    )


def test_the_clock_is_moved_and_the_jobs_with_it(sim: Simulator) -> None:
    ask(sim, "POST", "clock", {"frozen": True})
    sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": sim.server_ids()[0]}])
    before = ask(sim, "GET", "clock")[1]
    assert ask(sim, "GET", "jobs")[1]["jobs"][0]["status"] == "PENDING"
    after = ask(sim, "POST", "clock", {"advance": 600})[1]
    assert (after["frozen"], after["now"] > before["now"]) == (True, True)
    job = ask(sim, "GET", "jobs")[1]["jobs"][0]
    assert (job["status"], job["launches"][0]["launchTemplateVersion"]) == ("COMPLETED", 1)


def test_someone_in_the_console_leaves_a_new_default_version(sim: Simulator) -> None:
    server = sim.server(sim.server_ids()[0])
    ask(sim, "POST", "edit", {"serverId": server.id, "launchTemplateData": {"InstanceType": "t3.nano"}})
    asked = {"LaunchTemplateId": server.template_id, "Versions": ["$Default"]}
    version = sim.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"][0]
    assert (version["VersionNumber"], version["LaunchTemplateData"]["InstanceType"]) == (2, "t3.nano")
    assert "NetworkInterfaces" in version["LaunchTemplateData"]
    assert version["CreatedBy"].endswith("user/someone-in-the-console")


def test_a_fault_comes_over_the_control_api_and_goes_again(sim: Simulator) -> None:
    fault = {"operation": "drs:*", "error": "ThrottlingException", "times": None, "retryAfter": 3}
    assert ask(sim, "POST", "faults", fault) == (200, {"queued": 1})
    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            sim.client("drs").describe_jobs()
    assert ask(sim, "DELETE", "faults") == (200, {"queued": 0})
    assert sim.client("drs").describe_jobs()["items"] == []


def test_limits_are_set_emptied_and_counted(sim: Simulator) -> None:
    ec2 = sim.client("ec2")
    ask(sim, "POST", "clock", {"frozen": True})
    ask(sim, "POST", "limits", {"operation": "ec2:DescribeSubnets", "burst": 3, "rate": 1})
    ask(sim, "POST", "limits", {"operation": "ec2:DescribeSubnets", "tokens": 1})
    ec2.describe_subnets()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        ec2.describe_subnets()
    (bucket,) = ask(sim, "GET", "limits")[1]["buckets"]
    assert (bucket["operation"], bucket["burst"], bucket["tokens"], bucket["overdrawn"]) == (
        "ec2:DescribeSubnets",
        3,
        0,
        1,
    )
    assert ask(sim, "GET", "calls")[1]["throttled"] == {"ec2:DescribeSubnets": 1}
    assert ask(sim, "POST", "limits", {"published": True})[1]["enforced"] is True
    assert ask(sim, "POST", "limits", {"operation": "drs:DescribeJobs", "tokens": 1})[0] == 400


def test_a_role_is_registered_assumed_and_its_sessions_ended(sim: Simulator) -> None:
    role = ask(sim, "POST", "roles", {"account": ELSEWHERE.account, "externalId": "garish-rug"})[1]["arn"]
    sts = sim.client("sts")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="wave")
    keys = sts.assume_role(RoleArn=role, RoleSessionName="wave", ExternalId="garish-rug")["Credentials"]
    drs = sim.client("drs", credentials=keys)
    drs.describe_jobs()
    (session,) = ask(sim, "GET", "roles")[1]["sessions"]
    assert (session["accessKey"], session["revoked"]) == (keys["AccessKeyId"], False)
    assert ask(sim, "DELETE", f"sessions?role={role}") == (200, {"revoked": 1})
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        drs.describe_jobs()


def test_what_is_offered_and_the_default_vpc_can_be_taken_away(sim: Simulator) -> None:
    ec2, asked = sim.client("ec2"), [{"Name": "instance-type", "Values": ["m5.large"]}]
    ask(sim, "POST", "offerings", {"instanceType": "m5.large"})
    assert ec2.describe_instance_type_offerings(Filters=asked)["InstanceTypeOfferings"] == []
    ask(sim, "POST", "offerings", {"instanceType": "m5.large", "offered": True})
    assert len(ec2.describe_instance_type_offerings(Filters=asked)["InstanceTypeOfferings"]) == 1
    ask(sim, "DELETE", "default-vpc")
    assert ec2.describe_vpcs()["Vpcs"] == []


def test_latency_is_set_for_one_operation(sim: Simulator) -> None:
    ask(sim, "POST", "latency", {"seconds": 1, "operation": "drs:DescribeJobs"})
    start = time.monotonic()
    sim.client("drs").describe_source_servers()
    quick = time.monotonic() - start
    sim.client("drs").describe_jobs()
    assert quick < 1 <= time.monotonic() - start


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("limits", {"operation": "ec2:DescribeSubnets", "burst": -1}),
        ("roles", {"account": "mine"}),
        ("latency", {"seconds": -1}),
        ("faults", {"error": "drop", "tims": 3}),
        ("servers", {"count": -1}),
        ("servers", {"count": 1, "account": "mine"}),
        ("clock", {"advance": -5}),
        ("edit", {}),
        ("edit", {"serverId": "s-c8b596a82fc3fa11d", "launchConfiguration": {"copyTag": True}}),
        ("edit", {"serverId": "s-c8b596a82fc3fa11d", "launchConfiguration": {"launchDisposition": "PAUSED"}}),
        ("edit", {"serverId": "s-c8b596a82fc3fa11d", "launchTemplateData": {"instanceType": "t3.nano"}}),
    ],
)
def test_a_control_request_with_a_mistake_is_refused_and_not_guessed_at(sim: Simulator, path: str, body: Json) -> None:
    status, answer = ask(sim, "POST", path, body)
    assert (status, "error" in answer) == (400, True)


def test_reset_is_as_at_the_start(sim: Simulator) -> None:
    before = ask(sim, "GET", "servers")[1]
    sim.add_servers(2)
    sim.client("drs").update_launch_configuration(sourceServerID=sim.server_ids()[0], copyPrivateIp=True)
    ask(sim, "POST", "faults", {"error": "drop"})
    ask(sim, "POST", "reset")
    after = ask(sim, "GET", "servers")[1]
    assert [each["launchConfiguration"] for each in after["servers"]] == [
        each["launchConfiguration"] for each in before["servers"]
    ]
    assert ask(sim, "GET", "calls")[1]["total"] == 0


def test_other_services_are_motos_own(sim: Simulator) -> None:
    kms = sim.client("kms")
    key_id = kms.create_key(Description="garish rug")["KeyMetadata"]["KeyId"]
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "garish rug"
    assert sim.calls() == []


def test_networks_belong_to_one_account_of_one_simulator(sim: Simulator) -> None:
    vpc_id = sim.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    with Simulator.serve() as another:
        for stranger in (sim.client("ec2", ELSEWHERE), another.client("ec2")):
            assert vpc_id not in [each["VpcId"] for each in stranger.describe_vpcs()["Vpcs"]]
    assert vpc_id in [each["VpcId"] for each in sim.client("ec2").describe_vpcs()["Vpcs"]]


def test_a_request_that_nobody_signed_is_refused(sim: Simulator) -> None:
    connection = HTTPConnection(urlsplit(sim.endpoint or "").netloc)
    connection.request("POST", "/DescribeSourceServers", "{}")
    assert connection.getresponse().status == 403


@pytest.mark.parametrize(
    ("service", "path", "body", "code"),
    [
        ("ec2", "/", "Action=LaunchRocket&Version=2016-11-15", "InvalidAction"),
        ("ec2", "/", "", "InvalidAction"),
        ("ec2", "/", "Action=DescribeInstanceConnectEndpoints&Version=2016-11-15", "InvalidAction"),
        ("drs", "/LaunchRocket", "{}", "ValidationException"),
        ("drs", "/DescribeJobs", "{", "ValidationException"),
        ("drs", "/DescribeJobs", "[]", "ValidationException"),
    ],
)
def test_nonsense_is_refused_and_logged(sim: Simulator, service: str, path: str, body: str, code: str) -> None:
    connection = HTTPConnection(urlsplit(sim.endpoint or "").netloc)
    form = "application/x-www-form-urlencoded" if service == "ec2" else "application/json"
    signed = f"AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/{service}/aws4_request, Signature=0"
    connection.request("POST", path, body, {"Authorization": signed, "Content-Type": form})
    assert connection.getresponse().status == 400
    assert [call.error for call in sim.calls()] == [code]
