"""Applying launch configurations: what AWS is asked, in which order, what becomes of it, and what is remembered.

More of the same: tests/commands/test_apply_settings.py (each setting), test_apply_read_back.py (lag, warnings,
someone else), test_apply_errors.py (each error, retries, AWS away), test_apply_turns.py (leases, deadlines, changing
definitions), test_apply_deaths.py (stopped at each step).
"""

from typing import Any

import pytest

from commands.decide import COOL_DOWN
from events import facts as f
from events import shown as rendering
from events.configuration import fingerprint
from events.streams import GROUP, refold
from local.simulator.faults import Fault
from tests.commands.bench import (
    FIRST_APPLY,
    asked,
    calls,
    due_at,
    facts,
    in_aws,
    launched_from,
    meddle,
    of,
    pumped,
    versions,
    written,
)
from tests.commands.surroundings import GROUPS, SUBNET
from tests.kit import NOON, SETTINGS, Desk

A_DAY = 24 * 3600
OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}


def new_versions(desk: Desk) -> list[int]:
    """Versions that each server's template has now."""
    return [len(versions(desk.simulator, id_)) for id_ in desk.simulator.server_ids()]


def own(server_id: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401  a launch configuration
    return {"sourceServerId": server_id, "launchTemplate": settings}


# --- application ---


def test_drs_is_written_first_then_the_template_and_both_are_read_back(desk: Desk) -> None:
    desk.create()
    *one_server_each, looks_at_many = FIRST_APPLY
    for server_id in desk.simulator.server_ids():
        assert calls(desk.simulator, 0, server_id) == one_server_each
    assert calls(desk.simulator)[-1] == looks_at_many


def test_the_new_version_is_made_from_the_default_and_made_default_by_its_number(desk: Desk) -> None:
    [server_id, *_] = desk.simulator.server_ids()
    ec2, template_id = desk.simulator.client("ec2"), desk.simulator.server(server_id).template_id
    draft = {"InstanceType": "x2iedn.32xlarge", "KeyName": "draft"}
    ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=draft)  # latest, not default

    def someone_drafts_another(name: str) -> None:
        if name == "CreateLaunchTemplateVersion":
            ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=draft)

    meddle(desk, after=someone_drafts_another)
    desk.create(sourceServerIds=[server_id])
    assert in_aws(desk.simulator, server_id) == SETTINGS
    assert "KeyName" not in launched_from(desk.simulator, server_id)
    assert launched_from(desk.simulator, server_id)["TagSpecifications"], "DRS's own tags came along"


def test_every_server_that_is_ready_is_as_wanted_in_aws(desk: Desk) -> None:
    group_id = desk.create()
    assert desk.status(group_id)["counts"]["ready"] == 3
    assert [in_aws(desk.simulator, id_) for id_ in desk.simulator.server_ids()] == [SETTINGS] * 3


@pytest.mark.parametrize("operation", ["apply_launch_configs", "update_protection_group"])
def test_asking_again_for_what_is_ready_asks_aws_nothing(desk: Desk, operation: str) -> None:
    group_id = desk.create()
    since, version = len(desk.simulator.calls()), desk.stream(group_id).version
    more = {"launchConfig": SETTINGS} if operation == "update_protection_group" else {}
    assert desk.ask(operation, groupId=group_id, **more)["status"] == "ready"
    assert asked(desk.simulator, since) == []
    assert desk.stream(group_id).version == version


def test_a_group_made_of_servers_that_are_right_already_is_ready_without_a_write(desk: Desk) -> None:
    desk.ask("delete_protection_group", groupId=desk.create())
    since = len(desk.simulator.calls())
    group_id = desk.create("Payments again")
    assert desk.status(group_id)["status"] == "ready"
    assert written(desk.simulator, since) == 0
    assert of(f.ServerConfigApplied, facts(desk, group_id))[0].wrote == ()


def test_force_writes_one_version_a_server_whatever_aws_holds(desk: Desk) -> None:
    group_id = desk.create()
    for made in (3, 4):
        desk.clock.sleep(COOL_DOWN.total_seconds())
        answer = desk.ask("apply_launch_configs", groupId=group_id, force=True)
        assert (answer["status"], answer["appliedServers"]) == ("ready", 3)
        assert new_versions(desk) == [made] * 3


def test_a_forced_apply_sent_twice_under_one_key_is_one(desk: Desk) -> None:
    group_id = desk.create()
    for _ in range(2):
        desk.ask("apply_launch_configs", key="one click", groupId=group_id, force=True)
    assert new_versions(desk) == [3] * 3


def test_a_version_says_for_which_group_epoch_and_configuration_it_was_made(desk: Desk) -> None:
    group_id = desk.create()
    [server_id, *_] = desk.simulator.server_ids()
    asked = {"LaunchTemplateId": desk.simulator.server(server_id).template_id, "Versions": ["$Default"]}
    [version] = desk.simulator.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    assert version["VersionDescription"].split() == ["preflight", group_id, "epoch", "1", fingerprint(SETTINGS)]  # type: ignore[arg-type]


def test_what_a_server_was_given_and_left_unsaid_now_stays_as_it_was(desk: Desk) -> None:
    group_id = desk.create(launchConfig={"instanceType": "m5.xlarge", "keyName": "break-glass"})
    desk.ask("update_protection_group", groupId=group_id, launchConfig={"instanceType": "m5.2xlarge"})
    for server_id in desk.simulator.server_ids():
        data = launched_from(desk.simulator, server_id)
        assert (data["InstanceType"], data["KeyName"]) == ("m5.2xlarge", "break-glass")


# --- persistence, and tracking of each server ---


def test_a_group_remembers_who_applied_it_when_and_each_servers_hash(desk: Desk) -> None:
    group_id = desk.create()
    shown = desk.status(group_id)
    assert (shown["appliedBy"], shown["lastApplied"]) == ("ada@example.com", "2026-11-23T12:00:00Z")
    for server in shown["serverConfigs"].values():
        assert server["configHash"] == fingerprint(SETTINGS)  # type: ignore[arg-type]
        assert (server["lastApplied"], server["provedAt"], server["errors"]) == (shown["lastApplied"],) * 2 + ([],)


def test_a_status_has_the_shape_of_the_requirements(desk: Desk) -> None:
    shown = desk.status(desk.create())
    assert {"status", "lastApplied", "appliedBy", "serverConfigs", "errors"} <= shown.keys()
    for server in shown["serverConfigs"].values():
        assert {"status", "lastApplied", "configHash", "errors"} <= server.keys()


def test_what_is_remembered_is_what_the_facts_alone_fold_to(desk: Desk) -> None:
    group_id = desk.create()
    desk.ask("apply_launch_configs", actor="grace@example.com", groupId=group_id, force=True)
    remembered = desk.stream(group_id)
    assert refold(desk.store, GROUP, remembered.stream_id).state == remembered.state


def test_whoever_asks_for_a_new_apply_is_who_applied_it(desk: Desk) -> None:
    group_id = desk.create()
    desk.clock.sleep(3600)
    desk.ask("apply_launch_configs", actor="grace@example.com", groupId=group_id, force=True)
    shown = desk.status(group_id)
    assert (shown["appliedBy"], shown["lastApplied"]) == ("grace@example.com", "2026-11-23T13:00:00Z")


def test_only_the_servers_of_which_something_else_is_wanted_are_done_anew(desk: Desk) -> None:
    first, second, third = desk.simulator.server_ids()
    group_id = desk.create()
    since = len(desk.simulator.calls())
    servers = [own(first), own(second, instanceType="r5.4xlarge"), own(third)]
    desk.ask("update_protection_group", groupId=group_id, servers=servers)
    assert {id_ for call in desk.simulator.calls(since) for id_ in call.server_ids} == {second}
    assert in_aws(desk.simulator, second) == OTHER
    assert [in_aws(desk.simulator, id_) for id_ in (first, third)] == [SETTINGS] * 2


def test_servers_that_join_are_applied_and_the_others_left_alone(desk: Desk) -> None:
    *there, joining = desk.simulator.server_ids()
    group_id = desk.create(sourceServerIds=there)
    since = len(desk.simulator.calls())
    answer = desk.ask("add_servers_to_group", groupId=group_id, sourceServerIds=[joining])
    assert (answer["status"], answer["appliedServers"]) == ("ready", 3)
    assert {id_ for call in desk.simulator.calls(since) for id_ in call.server_ids} == {joining}


def test_a_server_that_leaves_takes_its_failure_with_it(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(Fault("AccessDeniedException", "GetLaunchConfiguration", None, server_id=victim))
    group_id = desk.create()
    assert desk.status(group_id)["status"] == "failed"
    desk.ask("remove_servers_from_group", groupId=group_id, sourceServerIds=[victim])
    assert desk.status(group_id)["status"] == "ready"
    assert desk.status(group_id)["counts"]["total"] == 2


def test_a_group_that_wants_nothing_is_not_configured_and_aws_is_not_asked(desk: Desk) -> None:
    group_id = desk.create(launchConfig={})
    assert desk.status(group_id)["status"] == "not_configured"
    assert calls(desk.simulator) == []
    assert due_at(desk, group_id) is None


# --- hashes, drift and freshness ---


def test_a_definition_that_differs_from_what_was_applied_is_known_at_once_without_asking_aws(desk: Desk) -> None:
    group_id = desk.create()
    since = len(desk.simulator.calls())
    answer = desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER, respondAsync=True)
    assert (answer["status"], answer["reasons"]) == ("pending", [{"reason": "REDEFINED", "servers": 3}])
    assert asked(desk.simulator, since) == []
    applied = {server["configHash"] for server in answer["launchConfigStatus"]["serverConfigs"].values()}
    assert applied == {fingerprint(SETTINGS)}  # type: ignore[arg-type]


def test_a_definition_that_says_the_same_in_another_order_is_no_change(desk: Desk) -> None:
    one, other = GROUPS
    subnet = {"subnetId": SUBNET}
    group_id = desk.create(launchConfig={**subnet, "securityGroupIds": [one, other], "tags": {"a": "1", "b": "2"}})
    since = len(desk.simulator.calls())
    same = {"tags": {"b": "2", "a": "1"}, "securityGroupIds": [other, one], **subnet}
    assert desk.ask("update_protection_group", groupId=group_id, launchConfig=same)["status"] == "ready"
    assert asked(desk.simulator, since) == []


def test_a_proof_lasts_a_day_and_then_a_look_renews_it_but_not_when_it_was_applied(desk: Desk) -> None:
    group_id = desk.create()
    desk.clock.sleep(A_DAY - 1)
    assert desk.status(group_id)["status"] == "ready"
    desk.clock.sleep(1)
    stale = desk.status(group_id)
    assert (stale["status"], stale["reasons"]) == ("pending", [{"reason": "STALE", "servers": 3}])
    assert due_at(desk, group_id) == desk.clock.now()
    pumped(desk, group_id)
    shown = desk.status(group_id)
    assert (shown["status"], shown["provedAt"]) == ("ready", "2026-11-24T12:00:00Z")
    assert (shown["lastApplied"], shown["appliedBy"]) == ("2026-11-23T12:00:00Z", "ada@example.com")
    assert len(of(f.ServerConfigVerified, facts(desk, group_id))) == 3
    assert new_versions(desk) == [2] * 3


def test_a_status_shown_yesterday_and_judged_today_is_what_is_shown_today(desk: Desk) -> None:
    group_id = desk.create()
    yesterday = desk.status(group_id)
    desk.clock.sleep(A_DAY)
    assert rendering.at(yesterday, desk.clock.now())["status"] == desk.status(group_id)["status"] == "pending"


def test_what_someone_changed_in_the_console_is_found_and_put_right_when_the_proof_runs_out(desk: Desk) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[1]
    desk.simulator.edit(victim, {"copyTags": False}, {"InstanceType": "t3.nano"})
    desk.clock.sleep(A_DAY)
    pumped(desk, group_id)
    assert in_aws(desk.simulator, victim) == SETTINGS
    [again] = of(f.ServerConfigApplied, facts(desk, group_id))[3:]
    assert again.source_server_id == victim
    assert again.wrote == ("UpdateLaunchConfiguration", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate")
    assert again.proved_at > NOON
