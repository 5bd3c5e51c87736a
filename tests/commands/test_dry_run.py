"""A dry run says what an apply would do, field by field, and does nothing."""

from datetime import timedelta

import pytest

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Fill, Limiter
from commands.aws.paces import PUBLISHED, Pace
from commands.drs import Door
from local.simulator.faults import Fault
from tests.commands.bench import asked, fresh, versions, written
from tests.kit import SETTINGS, Desk

READS = {"drs:GetLaunchConfiguration", "ec2:DescribeLaunchTemplateVersions"}


def planned(desk: Desk, group_id: str, **more: object) -> dict[str, object]:
    return desk.ask("apply_launch_configs", groupId=group_id, dryRun=True, **more)


def test_each_field_is_told_with_what_there_is_and_what_would_be(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    plan = planned(desk, group_id)
    [first] = [one for one in plan["servers"] if one["sourceServerId"] == desk.simulator.server_ids()[0]]
    changes = {one["field"]: (one["from"], one["to"]) for one in first["changes"]}
    assert changes["copyTags"] == (False, True)
    assert changes["targetInstanceTypeRightSizingMethod"] == ("BASIC", "NONE")
    assert changes["instanceType"] == (
        versions(desk.simulator, first["sourceServerId"])[0]["InstanceType"],
        "m5.xlarge",
    )
    assert changes["metadataOptions"] == ({}, {"httpTokens": "required"})
    assert "copyPrivateIp" not in changes, "it is so already"
    assert (plan["changedServers"], plan["refusedServers"]) == (3, 0)


def test_nothing_is_written_neither_to_aws_nor_to_the_events(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    before, status = desk.stream(group_id).version, desk.status(group_id)
    planned(desk, group_id)
    planned(desk, group_id, force=True)
    assert written(desk.simulator) == 0
    assert (desk.stream(group_id).version, desk.status(group_id)) == (before, status)


def test_the_calls_foretold_are_the_calls_that_an_apply_then_makes(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    foretold = planned(desk, group_id)["calls"]
    since = len(desk.simulator.calls())
    desk.ask("apply_launch_configs", groupId=group_id)
    made = desk.simulator.counts(since)
    for name, number in foretold.items():
        if name != "ec2:DescribeLaunchTemplateVersions":
            assert made[name] == number, name
    assert foretold["ec2:CreateLaunchTemplateVersion"] == 3
    looks = made["ec2:DescribeLaunchTemplateVersions"] + made["ec2:DescribeLaunchTemplates"]
    assert foretold["ec2:DescribeLaunchTemplateVersions"] == looks


def test_a_ready_group_would_change_nothing_and_if_forced_one_version_each(desk: Desk) -> None:
    group_id = desk.create()
    plan = planned(desk, group_id)
    assert [server["changes"] for server in plan["servers"]] == [[], [], []]
    assert plan["calls"].keys() == READS
    forced = planned(desk, group_id, force=True)
    assert forced["calls"]["ec2:CreateLaunchTemplateVersion"] == 3


def test_what_somebody_changed_in_the_console_is_in_the_plan(desk: Desk) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[1]
    desk.simulator.edit(victim, template={"InstanceType": "t3.nano"})
    changed = {one["sourceServerId"]: one["changes"] for one in planned(desk, group_id)["servers"] if one["changes"]}
    assert changed == {victim: [{"field": "instanceType", "from": "t3.nano", "to": "m5.xlarge"}]}


def test_who_would_be_refused_is_told_with_code_and_field_and_counts_no_writes(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    own = {"sourceServerId": victim, "launchTemplate": {"keyName": "nobody-has-it"}}
    group_id = desk.create(servers=[own], respondAsync=True)
    plan = planned(desk, group_id)
    [refused] = [server for server in plan["servers"] if server["errors"]]
    assert refused["sourceServerId"] == victim
    [error] = refused["errors"]
    assert error["code"] == "KEY_PAIR_NOT_FOUND"
    assert error["message"].startswith("keyName: ")
    assert (plan["refusedServers"], plan["calls"]["ec2:CreateLaunchTemplateVersion"]) == (1, 2)


def test_a_server_that_cannot_be_read_is_told_apart_and_the_others_are_planned(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    victim = desk.simulator.server_ids()[2]
    desk.simulator.fault(Fault("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    told = {one["sourceServerId"]: one for one in planned(desk, group_id)["servers"]}
    assert told[victim]["errors"][0]["code"] == "AccessDeniedException"
    assert all(told[id_]["changes"] for id_ in desk.simulator.server_ids() if id_ != victim)


def test_a_group_of_which_nothing_is_wanted_asks_aws_nothing(desk: Desk) -> None:
    group_id = desk.create(launchConfig={})
    assert (planned(desk, group_id)["servers"], asked(desk.simulator)) == ([], [])


@pytest.mark.parametrize("empty", [False, True])
def test_the_seconds_foretold_follow_from_how_the_limits_stand_now(desk: Desk, *, empty: bool) -> None:
    """Three versions at one a second, from a bucket of a hundred or of none."""
    desk = fresh(desk.simulator)
    buckets, pace = MemoryBuckets(), Pace(100, 1)
    limits = {**PUBLISHED, "ec2:CreateLaunchTemplateVersion": pace}
    if empty:
        buckets.empty("home#ec2:CreateLaunchTemplateVersion", Fill(desk.clock.now() + pace.holds))
    limiter = Limiter(buckets, "home", limits, desk.clock.now, desk.clock.sleep)
    group_id = desk.create(respondAsync=True)
    desk.door = Door(Calls(desk.clients, limiter, desk.clock.now, desk.clock.sleep))
    seconds = planned(desk, group_id)["expectedSeconds"]
    assert seconds == (3.0 if empty else 0.0)
    began = desk.clock.now()
    desk.ask("apply_launch_configs", groupId=group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert desk.clock.now() - began >= timedelta(seconds=seconds)


def test_settings_that_aws_holds_already_are_adopted_with_zero_writes(desk: Desk) -> None:
    before = desk.create()
    desk.ask("remove_servers_from_group", groupId=before, sourceServerIds=desk.simulator.server_ids())
    since = len(desk.simulator.calls())
    group_id = desk.create("Adopted", launchConfig=SETTINGS)
    assert desk.status(group_id)["status"] == "ready"
    assert written(desk.simulator, since) == 0
