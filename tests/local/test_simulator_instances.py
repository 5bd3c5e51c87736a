"""Recovery instances as EC2 shows them: when they are there, as what, and what becomes of the older ones."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place
from local.simulator.recovery import LAUNCH_END

Json: TypeAlias = Any
Client: TypeAlias = Any
IMAGE = "ami-12c6146b"
NOBODYS = "i-0bad0bad0bad0bad0"


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=3) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        served.clock.freeze()
        yield served
    else:
        with Simulator.in_process(servers=3) as simulator:
            simulator.clock.freeze()
            yield simulator


@pytest.fixture
def ec2(sim: Simulator) -> Client:
    return sim.client("ec2")


def begin(sim: Simulator, *server_ids: str) -> str:
    asked = [{"sourceServerID": each} for each in server_ids]
    return str(sim.client("drs").start_recovery(sourceServers=asked)["job"]["jobID"])


def recover(sim: Simulator, *server_ids: str) -> list[str]:
    """The recovery instances of one job that has ended."""
    job_id = begin(sim, *server_ids)
    sim.advance(600)
    (job,) = sim.client("drs").describe_jobs(filters={"jobIDs": [job_id]})["items"]
    return [each["recoveryInstanceID"] for each in job["participatingServers"]]


def found(ec2: Client, **asked: Json) -> dict[str, Json]:
    reservations = ec2.describe_instances(**asked)["Reservations"]
    return {each["InstanceId"]: each for reservation in reservations for each in reservation["Instances"]}


def named(*instance_ids: str) -> list[Json]:
    return [{"Name": "instance-id", "Values": list(instance_ids)}]


def live(ec2: Client) -> set[str]:
    return {name for name, each in found(ec2).items() if each["State"]["Name"] != "terminated"}


def test_a_recovery_instance_is_answered_by_id_by_filter_and_among_all(sim: Simulator, ec2: Client) -> None:
    one, two = recover(sim, *sim.server_ids()[:2])
    assert set(found(ec2, InstanceIds=[two])) == {two}
    assert set(found(ec2, Filters=named(one, NOBODYS))) == {one}
    assert set(found(ec2)) == {one, two}


def test_it_is_what_its_template_version_and_its_interface_say(sim: Simulator, ec2: Client) -> None:
    server_id, home = sim.server_ids()[0], ec2.describe_subnets()["Subnets"][-1]
    address, further = (home["CidrBlock"].replace("0/20", last) for last in ("77", "78"))
    interfaces = [
        {"DeviceIndex": index, "SubnetId": home["SubnetId"], "PrivateIpAddress": each}
        for index, each in ((1, further), (0, address))
    ]
    sim.edit(server_id, template={"InstanceType": "m7i.large", "NetworkInterfaces": interfaces})
    (instance_id,) = recover(sim, server_id)
    (shown,) = found(ec2, InstanceIds=[instance_id]).values()
    assert (shown["InstanceType"], shown["PrivateIpAddress"]) == ("m7i.large", address)
    assert (shown["SubnetId"], shown["VpcId"]) == (home["SubnetId"], home["VpcId"])
    assert shown["State"] == {"Code": 16, "Name": "running"}
    tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
    assert tags["AWSElasticDisasterRecoverySourceServerID"] == server_id
    assert tags["AWSElasticDisasterRecoveryManaged"] == "drs.amazonaws.com"
    held = ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])
    assert {each["PrivateIpAddress"] for each in held["NetworkInterfaces"]} == {address, further}


def test_a_version_that_is_written_after_the_launch_does_not_change_it(sim: Simulator, ec2: Client) -> None:
    server_id = sim.server_ids()[0]
    begin(sim, server_id)
    sim.advance(260)
    sim.edit(server_id, {"launchDisposition": "STOPPED"}, {"InstanceType": "x2gd.medium"})
    sim.advance(300)
    (shown,) = found(ec2).values()
    assert (shown["InstanceType"], shown["State"]["Name"]) == ("c5.large", "running")


def test_one_whose_server_is_to_be_stopped_is_stopped(sim: Simulator, ec2: Client) -> None:
    stopped, started = sim.server_ids()[:2]
    sim.client("drs").update_launch_configuration(sourceServerID=stopped, launchDisposition="STOPPED")
    instance_ids = recover(sim, stopped, started)
    shown = found(ec2)
    assert [shown[each]["State"]["Name"] for each in instance_ids] == ["stopped", "running"]


def test_it_is_not_there_before_the_launch_has_ended_and_then_of_that_moment(sim: Simulator, ec2: Client) -> None:
    began = sim.clock.now()
    begin(sim, sim.server_ids()[0])
    sim.advance(LAUNCH_END - 1)
    assert found(ec2) == {}
    sim.advance(600)
    (shown,) = found(ec2).values()
    assert isinstance(shown["LaunchTime"], datetime)
    assert timedelta() <= began + timedelta(seconds=LAUNCH_END) - shown["LaunchTime"] < timedelta(seconds=1)


def test_a_job_that_ends_at_once_leaves_its_instances_at_once(sim: Simulator, ec2: Client) -> None:
    sim.job_speed(math.inf)
    begin(sim, *sim.server_ids())
    shown = found(ec2).values()
    assert len({each["PrivateIpAddress"] for each in shown}) == 3
    assert all(timedelta() <= sim.clock.now() - each["LaunchTime"] < timedelta(seconds=1) for each in shown)


def test_an_instance_that_nobody_has_is_refused_by_id_and_absent_by_filter(sim: Simulator, ec2: Client) -> None:
    (instance_id,) = recover(sim, sim.server_ids()[0])
    with pytest.raises(ClientError) as refused:
        ec2.describe_instances(InstanceIds=[instance_id, NOBODYS])
    assert refused.value.response["Error"]["Code"] == "InvalidInstanceID.NotFound"
    assert found(ec2, Filters=named(NOBODYS)) == {}


def test_instances_that_somebody_ran_are_answered_beside_them(sim: Simulator, ec2: Client) -> None:
    run = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="m5.large")["Instances"][0]
    (instance_id,) = recover(sim, sim.server_ids()[0])
    assert set(found(ec2, Filters=named(run["InstanceId"], instance_id))) == {run["InstanceId"], instance_id}


def test_another_account_and_another_region_do_not_see_it(sim: Simulator) -> None:
    (instance_id,) = recover(sim, sim.server_ids()[0])
    for place in (Place("999988887777", "us-east-1"), Place(sim.world.home.account, "eu-west-1")):
        assert found(sim.client("ec2", place), Filters=named(instance_id)) == {}


def test_a_newer_one_of_the_same_server_terminates_the_older_and_no_other(sim: Simulator, ec2: Client) -> None:
    mine, other = sim.server_ids()[:2]
    _, bystander = recover(sim, mine, other)
    (newer,) = recover(sim, mine)
    assert live(ec2) == {newer, bystander}


def test_a_launch_that_fails_leaves_the_older_one_running(sim: Simulator, ec2: Client) -> None:
    server_id = sim.server_ids()[0]
    (older,) = recover(sim, server_id)
    sim.edit(server_id, template={"KeyName": "nobodys"})
    begin(sim, server_id)
    sim.advance(600)
    assert live(ec2) == {older}


def test_a_server_whose_instance_somebody_terminated_is_launched_again(sim: Simulator, ec2: Client) -> None:
    server_id = sim.server_ids()[0]
    (older,) = recover(sim, server_id)
    ec2.terminate_instances(InstanceIds=[older])
    (newer,) = recover(sim, server_id)
    assert live(ec2) == {newer}


def test_a_launch_into_an_instance_makes_no_other(sim: Simulator, ec2: Client) -> None:
    server_id = sim.server_ids()[0]
    target = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[target], Tags=[{"Key": "AWSDRS", "Value": "AllowLaunchingIntoThisInstance"}])
    into = {"launchIntoEC2InstanceID": target}
    sim.client("drs").update_launch_configuration(sourceServerID=server_id, launchIntoInstanceProperties=into)
    assert recover(sim, server_id) == [target]
    assert set(found(ec2)) == {target}


def test_a_default_vpc_that_goes_while_a_job_runs_stops_nobody(sim: Simulator, ec2: Client) -> None:
    begin(sim, sim.server_ids()[0])
    sim.advance(260)
    sim.remove_default_vpc()
    sim.advance(300)
    assert [each["State"]["Name"] for each in found(ec2).values()] == ["running"]


def test_a_reset_forgets_them(sim: Simulator, ec2: Client) -> None:
    (instance_id,) = recover(sim, sim.server_ids()[0])
    sim.reset()
    assert found(ec2, Filters=named(instance_id)) == found(ec2) == {}
