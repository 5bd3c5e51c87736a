"""What comes late: writes that land after their client gave up, reads that lag behind writes."""

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


@pytest.mark.parametrize(("seconds", "launched"), [(240, 2), (260, 1)], ids=["before the launch", "after it"])
def test_a_late_write_changes_a_launch_only_if_it_lands_before_it(sim: Simulator, seconds: int, launched: int) -> None:
    ec2, server = sim.client("ec2"), sim.server(sim.server_ids()[0])
    asked = {"LaunchTemplateId": server.template_id}
    ec2.create_launch_template_version(**asked, SourceVersion="1", LaunchTemplateData={"InstanceType": "m7i.large"})
    sim.client("drs").start_recovery(sourceServers=[{"sourceServerID": server.id}])
    sim.fault(Fault("zombie", "ModifyLaunchTemplate", seconds=seconds))
    lost(ec2.modify_launch_template, **asked, DefaultVersion="2")
    sim.advance(600)
    (job,) = sim.world.estate(sim.world.home).jobs.by_id.values()
    assert job.participants[0].version == launched


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
