"""What DRS does by itself: it looks at instance types, lets volumes grow, and carries out jobs at its pace."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from local.simulator import Simulator

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
        served.clock.freeze()
        yield served
    else:
        with Simulator.in_process(servers=3) as simulator:
            simulator.clock.freeze()
            yield simulator


def default(sim: Simulator, server_id: str) -> Json:
    asked = {"LaunchTemplateId": sim.server(server_id).template_id, "Versions": ["$Default"]}
    return sim.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"][0]


# --- what DRS does by itself ---


def test_right_sizing_buries_an_instance_type_within_the_hour_unless_it_is_none(sim: Simulator) -> None:
    sized, kept, untouched = sim.server_ids()
    sim.right_sizing()
    sim.client("drs").update_launch_configuration(sourceServerID=kept, targetInstanceTypeRightSizingMethod="NONE")
    for server_id in (sized, kept):
        sim.edit(server_id, template={"InstanceType": "x2gd.medium", "KeyName": "stays"})
    sim.advance(3599)
    assert [default(sim, each)["VersionNumber"] for each in (sized, kept, untouched)] == [2, 2, 1]
    sim.advance(1)
    version = default(sim, sized)
    assert (version["VersionNumber"], version["LaunchTemplateData"]["KeyName"]) == (3, "stays")
    assert version["LaunchTemplateData"]["InstanceType"] == "c5.large"
    assert "AWSServiceRoleForElasticDisasterRecovery" in version["CreatedBy"]
    assert [default(sim, each)["VersionNumber"] for each in (kept, untouched)] == [2, 1]


def test_right_sizing_looks_every_hour_and_writes_only_when_it_must(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.right_sizing()
    sim.advance(24 * 3600)
    assert default(sim, server_id)["VersionNumber"] == 1
    for turn in range(2):
        sim.edit(server_id, template={"InstanceType": "x2gd.medium"})
        sim.advance(3600)
        assert default(sim, server_id)["VersionNumber"] == 3 + 2 * turn


def test_in_a_test_drs_does_not_look_unless_it_is_asked_to(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.edit(server_id, template={"InstanceType": "x2gd.medium"})
    sim.advance(24 * 3600)
    assert default(sim, server_id)["VersionNumber"] == 2


def test_a_server_that_outgrows_its_type_gets_the_newly_recommended_one(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.right_sizing()
    sim.server(server_id).description["sourceProperties"]["recommendedInstanceType"] = "c5.4xlarge"
    sim.advance(3600)
    assert default(sim, server_id)["LaunchTemplateData"]["InstanceType"] == "c5.4xlarge"


def volumes(sim: Simulator, server_id: str) -> dict[str, int]:
    mappings = default(sim, server_id)["LaunchTemplateData"]["BlockDeviceMappings"]
    return {each["DeviceName"]: each["Ebs"]["VolumeSize"] for each in mappings}


def test_a_volume_grows_with_the_disk_of_its_source(sim: Simulator) -> None:
    server_id = sim.server_ids()[1]
    assert volumes(sim, server_id) == {"/dev/sda": 50, "/dev/sdb": 100}
    sim.grow_disk(server_id, "/dev/sda", 60)
    assert (volumes(sim, server_id), default(sim, server_id)["VersionNumber"]) == ({"/dev/sda": 60, "/dev/sdb": 100}, 2)
    shown = sim.client("drs").describe_source_servers(filters={"sourceServerIDs": [server_id]})["items"][0]
    assert shown["sourceProperties"]["disks"][0]["bytes"] == 60 * 1024**3
    assert shown["dataReplicationInfo"]["replicatedDisks"][0]["totalStorageBytes"] == 60 * 1024**3


def test_a_volume_that_is_large_enough_is_left_as_it_is(sim: Simulator) -> None:
    server_id = sim.server_ids()[1]
    larger = [{"DeviceName": "/dev/sda", "Ebs": {"VolumeSize": 500}}]
    sim.edit(server_id, template={"BlockDeviceMappings": larger})
    sim.grow_disk(server_id, "/dev/sda", 60)
    assert (volumes(sim, server_id), default(sim, server_id)["VersionNumber"]) == ({"/dev/sda": 500}, 2)


@pytest.mark.parametrize(("device", "gib"), [("/dev/sda", 49), ("/dev/sdz", 100)])
def test_a_disk_neither_shrinks_nor_comes_from_nowhere(sim: Simulator, device: str, gib: int) -> None:
    with pytest.raises(ValueError, match=device):
        sim.grow_disk(sim.server_ids()[1], device, gib)


# --- the pace of jobs ---


def statuses(sim: Simulator) -> list[str]:
    return [job["status"] for job in sim.client("drs").describe_jobs()["items"]]


def test_a_job_can_end_at_once(sim: Simulator) -> None:
    sim.job_speed(math.inf)
    accepted = sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": sim.server_ids()[0]}])["job"]
    (job,) = sim.client("drs").describe_jobs()["items"]
    assert (accepted["status"], job["status"]) == ("PENDING", "COMPLETED")
    assert [each["launchStatus"] for each in job["participatingServers"]] == ["LAUNCHED"]
    assert job["endDateTime"] == job["creationDateTime"]


def test_a_job_can_run_at_many_times_the_speed_of_the_real_one(sim: Simulator) -> None:
    drs, (first, second, _) = sim.client("drs"), sim.server_ids()
    sim.job_speed(10)
    fast = drs.start_recovery(sourceServers=[{"sourceServerID": first}])["job"]["jobID"]
    sim.job_speed(1)
    drs.start_recovery(sourceServers=[{"sourceServerID": second}])
    sim.advance(54)
    assert statuses(sim) == ["STARTED", "COMPLETED"]
    items = drs.describe_job_log_items(jobID=fast)["items"]
    assert [each["event"] for each in items][-2:] == ["LAUNCH_END", "JOB_END"]
