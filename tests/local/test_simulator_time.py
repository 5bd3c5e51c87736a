"""What happens later: writes that land after their client gave up, reads that lag, what DRS does by itself."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ConnectionClosedError

from local.simulator import Simulator
from local.simulator.faults import Fault

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


def lost(call: Client, **asked: Json) -> None:
    with pytest.raises(ConnectionClosedError):
        call(**asked)


def settings(sim: Simulator, server_id: str) -> Json:
    return sim.client("drs").get_launch_configuration(sourceServerID=server_id)


def default(sim: Simulator, server_id: str) -> Json:
    asked = {"LaunchTemplateId": sim.server(server_id).template_id, "Versions": ["$Default"]}
    return sim.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"][0]


# --- zombies ---


def test_a_write_whose_client_was_cut_off_lands_seconds_later(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.fault(Fault("zombie", "UpdateLaunchConfiguration", seconds=30))
    lost(sim.client("drs").update_launch_configuration, sourceServerID=server_id, copyTags=True)
    sim.advance(29)
    assert (settings(sim, server_id)["copyTags"], sim.counts()) == (False, {"drs:GetLaunchConfiguration": 1})
    sim.clock.advance(1)
    assert settings(sim, server_id)["copyTags"] is True
    landed = sim.calls()[1]
    assert (landed.operation, landed.status, landed.delivered) == ("UpdateLaunchConfiguration", 200, False)
    assert landed.at == sim.clock.now()


def test_a_write_that_lands_late_buries_what_was_written_meanwhile(sim: Simulator) -> None:
    ec2, server = sim.client("ec2"), sim.server(sim.server_ids()[0])
    for kind in ("m7i.large", "c7i.large"):
        data = {"InstanceType": kind}
        ec2.create_launch_template_version(LaunchTemplateId=server.template_id, LaunchTemplateData=data)
    sim.fault(Fault("zombie", "ModifyLaunchTemplate", seconds=5))
    lost(ec2.modify_launch_template, LaunchTemplateId=server.template_id, DefaultVersion="2")
    ec2.modify_launch_template(LaunchTemplateId=server.template_id, DefaultVersion="3")
    assert default(sim, server.id)["VersionNumber"] == 3
    sim.advance(5)
    assert default(sim, server.id)["VersionNumber"] == 2


def test_late_writes_land_in_the_order_of_their_times_and_at_them(sim: Simulator) -> None:
    first, second, *_ = sim.server_ids()
    start = sim.client("drs").start_recovery
    for server_id, seconds in ((first, 600), (second, 20)):
        sim.fault(Fault("zombie", "StartRecovery", seconds=seconds))
        lost(start, sourceServers=[{"sourceServerID": server_id}])
    accepted = sim.clock.now()
    sim.advance(900)
    jobs = sim.client("drs").describe_jobs()["items"]
    assert [job["participatingServers"][0]["sourceServerID"] for job in jobs] == [first, second]
    assert [(call.at - accepted).total_seconds() for call in sim.calls()[:2] if call.at] == [20, 600]
    assert [job["status"] for job in jobs] == ["STARTED", "COMPLETED"]


def test_a_late_write_that_is_refused_by_then_changes_nothing(sim: Simulator) -> None:
    ec2, template_id = sim.client("ec2"), sim.server(sim.server_ids()[0]).template_id
    asked = {"LaunchTemplateId": template_id, "ClientToken": "epoch-7"}
    sim.fault(Fault("zombie", "CreateLaunchTemplateVersion", seconds=5))
    lost(ec2.create_launch_template_version, LaunchTemplateData={"KeyName": "late"}, **asked)
    ec2.create_launch_template_version(LaunchTemplateData={"KeyName": "early"}, **asked)
    sim.advance(5)
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id)["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in found] == [2, 1]
    assert sim.calls()[1].error == "IdempotentParameterMismatch"


def test_a_late_write_with_the_token_of_its_own_repetition_is_not_done_twice(sim: Simulator) -> None:
    ec2, template_id = sim.client("ec2"), sim.server(sim.server_ids()[0]).template_id
    asked = {"LaunchTemplateId": template_id, "ClientToken": "epoch-7", "LaunchTemplateData": {"KeyName": "k"}}
    sim.fault(Fault("zombie", "CreateLaunchTemplateVersion", seconds=5))
    lost(ec2.create_launch_template_version, **asked)
    ec2.create_launch_template_version(**asked)
    sim.advance(5)
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id)["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in found] == [2, 1]


def test_a_late_write_does_not_outlive_a_reset(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.fault(Fault("zombie", "UpdateLaunchConfiguration", seconds=5))
    lost(sim.client("drs").update_launch_configuration, sourceServerID=server_id, copyTags=True)
    sim.reset()
    sim.advance(60)
    assert settings(sim, server_id)["copyTags"] is False


# --- reads that lag ---


def test_a_read_sees_nothing_that_was_written_in_the_last_seconds(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    sim.lag(drs=5)
    seen = []
    for copy_tags in (True, False, True):
        drs.update_launch_configuration(sourceServerID=server_id, copyTags=copy_tags)
        sim.advance(2)
        seen.append(settings(sim, server_id)["copyTags"])
    for _ in range(4):
        sim.advance(1)
        seen.append(settings(sim, server_id)["copyTags"])
    assert seen == [False, False, True, False, False, True, True]


def test_writes_do_not_lag_and_answer_what_they_wrote(sim: Simulator) -> None:
    server_id = sim.server_ids()[0]
    sim.lag(drs=5, templates=5)
    update = sim.client("drs").update_launch_configuration
    update(sourceServerID=server_id, copyTags=True)
    after = update(sourceServerID=server_id, launchDisposition="STOPPED")
    assert (after["copyTags"], after["launchDisposition"]) == (True, "STOPPED")


def test_a_version_is_not_there_yet_for_a_read_that_lags(sim: Simulator) -> None:
    ec2, server = sim.client("ec2"), sim.server(sim.server_ids()[0])
    asked = {"LaunchTemplateId": server.template_id}
    sim.lag(templates=3)
    ec2.create_launch_template_version(**asked, SourceVersion="1", LaunchTemplateData={"KeyName": "k"})
    ec2.modify_launch_template(**asked, DefaultVersion="2")

    def numbers(**more: Json) -> list[int]:
        found = ec2.describe_launch_template_versions(**more)["LaunchTemplateVersions"]
        return [each["VersionNumber"] for each in found if each["LaunchTemplateId"] == server.template_id]

    def seen() -> tuple[list[int], list[int], list[int], tuple[int, int]]:
        (template,) = ec2.describe_launch_templates(LaunchTemplateIds=[server.template_id])["LaunchTemplates"]
        shown = template["DefaultVersionNumber"], template["LatestVersionNumber"]
        return numbers(**asked), numbers(Versions=["$Default"]), numbers(**asked, Versions=["$Latest"]), shown

    assert seen() == ([1], [1], [1], (1, 1))
    with pytest.raises(Exception, match="VersionNotFound"):
        numbers(**asked, Versions=["2"])
    sim.advance(3)
    assert seen() == ([2, 1], [2], [2], (2, 2))
    assert numbers(**asked, Versions=["2"]) == [2]


def test_settings_and_templates_lag_apart_and_no_more_than_is_asked_for(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    sim.lag(templates=60)
    drs.update_launch_configuration(sourceServerID=server_id, copyPrivateIp=True)
    assert settings(sim, server_id)["copyPrivateIp"] is True
    assert default(sim, server_id)["VersionNumber"] == 1
    sim.lag()
    assert default(sim, server_id)["VersionNumber"] == 2


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
