"""While a wave launches a group nobody writes its configuration; afterwards what was asked meanwhile is done."""

from commands.waves.claim import CLAIM_FOR
from events import facts as f
from tests.commands.bench import (
    asked,
    due_at,
    facts,
    in_aws,
    jobs,
    of,
    pumped,
    refused,
    wave_facts,
    woken,
    written,
)
from tests.kit import SETTINGS, Desk

OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}


def test_while_a_wave_launches_a_group_nobody_writes_its_configuration(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    since = len(desk.simulator.calls())
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert desk.ask("apply_launch_configs", groupId=group_id, force=True)["status"] == "pending"
    assert desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER)["status"] == "pending"
    pumped(desk, group_id)
    assert asked(desk.simulator, since) == []
    assert due_at(desk, group_id) == desk.clock.now() + CLAIM_FOR


def test_while_a_wave_launches_a_group_its_servers_stay(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    for asking in (
        lambda: desk.ask(
            "remove_servers_from_group", groupId=group_id, sourceServerIds=desk.simulator.server_ids()[:1]
        ),
        lambda: desk.ask("delete_protection_group", groupId=group_id),
    ):
        no = refused(asking)
        assert (no.code, no.status, no.retryable) == ("PG_IN_ACTIVE_EXECUTION", 409, True)


def test_when_the_claim_runs_out_what_was_asked_meanwhile_is_applied(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER)
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert [in_aws(desk.simulator, id_) for id_ in desk.simulator.server_ids()] == [OTHER] * 3
    desk.ask("delete_protection_group", groupId=group_id)


def test_a_second_wave_on_a_claimed_group_is_refused_and_told_when_to_come_again(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    no = refused(lambda: desk.start_wave(group_id, executionId="exec-2", key="sfn-2"))
    assert (no.code, no.retryable) == ("PG_IN_ACTIVE_EXECUTION", True)
    assert no.details["retryAfter"] == CLAIM_FOR.total_seconds() + 1
    assert len(jobs(desk)) == 1
    assert wave_facts(desk, "exec-2") == []


def test_a_claim_is_a_fact_of_the_group_and_says_which_wave(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    [claim] = of(f.GroupClaimed, facts(desk, group_id))
    assert (claim.wave, claim.until) == ("exec-1#0", desk.clock.now() + CLAIM_FOR)
    assert written(desk.simulator) == 9
