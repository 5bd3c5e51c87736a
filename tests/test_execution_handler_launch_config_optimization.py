"""A wave asks the event table whether its groups are ready; if they are, it starts, and nothing is configured.

More of the same: tests/commands/test_wave_claim.py (nobody writes meanwhile), test_wave_launch.py (lost
answers, callers that die), test_wave_limits.py (refusals, many servers).
"""

from collections.abc import Callable
from typing import Any

import pytest

from commands.decide import RecordOutcomes
from commands.outcomes import Fault as Failure
from commands.pump import BATCH
from events.commits import Commit, Context, digest
from events.configuration import fingerprint
from events.memory import MemoryStore
from events.model import canonical
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import (
    asked,
    calls,
    due_at,
    for_ever,
    fresh,
    in_aws,
    jobs,
    launched_from,
    meddle,
    mended,
    pumped,
    refused,
    wave_facts,
    woken,
)
from tests.kit import SETTINGS, Desk

A_DAY = 24 * 3600
OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}


# --- the fast path ---


def test_a_wave_on_a_ready_group_is_one_read_and_one_call_to_aws(desk: Desk) -> None:
    group_id = desk.create()
    since, reads = len(desk.simulator.calls()), desk.store.reads
    answer = desk.start_wave(group_id)
    assert asked(desk.simulator, since) == ["StartRecovery"]
    assert desk.store.reads - reads == 1
    assert (answer["path"], answer["configurationCalls"], answer["eventTableReads"]) == ("fast", 0, 1)
    assert answer["jobIds"] == list(jobs(desk))
    assert wave_facts(desk) == ["WaveClaimed", "RecoveryJobStarted"]


def test_a_wave_of_three_ready_groups_is_one_read_of_each_and_one_job(desk: Desk) -> None:
    group_ids = [desk.create(id_, sourceServerIds=[id_]) for id_ in desk.simulator.server_ids()]
    since, reads = len(desk.simulator.calls()), desk.store.reads
    answer = desk.start_wave(*group_ids)
    assert asked(desk.simulator, since) == ["StartRecovery"]
    assert desk.store.reads - reads == 3
    assert [group["groupId"] for group in answer["groups"]] == group_ids
    [servers] = jobs(desk).values()
    assert servers == {*desk.simulator.server_ids()}


def test_a_wave_says_on_what_evidence_it_started(desk: Desk) -> None:
    group_id = desk.create()
    version = desk.stream(group_id).version
    desk.clock.sleep(3600)
    answer = desk.start_wave(group_id)
    hashes = {id_: fingerprint(SETTINGS) for id_ in desk.simulator.server_ids()}  # type: ignore[arg-type]
    assert answer["groups"] == [
        {
            "groupId": group_id,
            "version": version,
            "status": "ready",
            "provedAt": "2026-11-23T12:00:00Z",
            "configsHash": digest(canonical(hashes)),
            "unprovedServers": [],
            "onNotReady": "block",
        }
    ]


def test_the_servers_are_launched_from_what_was_applied_before_the_disaster(desk: Desk) -> None:
    desk.start_wave(desk.create())
    desk.simulator.advance(600)
    [job] = desk.simulator.client("drs").describe_jobs(filters={})["items"]
    assert job["status"] == "COMPLETED"
    for launched in job["participatingServers"]:
        assert launched_from(desk.simulator, launched["sourceServerID"])["InstanceType"] == SETTINGS["instanceType"]


def test_a_group_without_any_launch_configuration_starts_directly(desk: Desk) -> None:
    answer = desk.start_wave(desk.create(launchConfig={}))
    assert asked(desk.simulator) == ["StartRecovery"]
    assert (answer["path"], answer["groups"][0]["status"], answer["servers"]) == ("fast", "not_configured", 3)


# --- the fallback: mended, then started ---


def pending(desk: Desk) -> str:
    """Never applied: whoever created it would not wait."""
    return desk.create(respondAsync=True)


def failed(desk: Desk) -> str:
    """Two servers refused for good, for a reason that has been mended since."""
    for id_ in desk.simulator.server_ids()[:2]:
        desk.simulator.fault(Fault("AccessDeniedException", "GetLaunchConfiguration", server_id=id_))
    return desk.create()


def stale(desk: Desk) -> str:
    """Proved, but a day ago; and somebody has been in the console since."""
    group_id = desk.create()
    desk.simulator.edit(desk.simulator.server_ids()[0], template={"InstanceType": "t3.nano"})
    desk.clock.sleep(A_DAY)
    return group_id


def redefined(desk: Desk) -> str:
    """Applied, but something else is wanted since."""
    group_id = desk.create(launchConfig=OTHER)
    desk.ask("update_protection_group", groupId=group_id, launchConfig=SETTINGS, respondAsync=True)
    return group_id


def in_backoff(desk: Desk) -> str:
    """AWS was away when it was created, and is back; but its next try is minutes off."""
    desk.simulator.fault(for_ever("drop", "*"))
    group_id = desk.create()
    for _ in range(9):
        woken(desk, group_id)
    mended(desk)
    assert (due_at(desk, group_id) or desk.clock.now()) > desk.clock.now()
    return group_id


@pytest.mark.parametrize("unready", [pending, failed, stale, redefined, in_backoff])
@pytest.mark.parametrize("is_drill", [True, False], ids=["drill", "recovery"])
def test_a_wave_on_a_group_that_is_not_ready_mends_it_first_and_then_starts(
    desk: Desk, unready: Callable[[Desk], str], *, is_drill: bool
) -> None:
    group_id = unready(desk)
    assert desk.status(group_id)["status"] != "ready"
    since = len(desk.simulator.calls())
    answer = desk.start_wave(group_id, isDrill=is_drill)
    assert (answer["path"], answer["groups"][0]["unprovedServers"]) == ("repaired", [])
    assert [in_aws(desk.simulator, id_) for id_ in desk.simulator.server_ids()] == [SETTINGS] * 3
    *configured, last = asked(desk.simulator, since)
    assert (last, len(configured)) == ("StartRecovery", answer["configurationCalls"])
    assert configured, "and the evidence counts what it took"


def test_a_wave_mends_only_the_groups_that_need_it(desk: Desk) -> None:
    ready_one, *others = desk.simulator.server_ids()
    ready = desk.create("Ready", sourceServerIds=[ready_one])
    not_ready = desk.create("Not ready", sourceServerIds=others, respondAsync=True)
    since = len(desk.simulator.calls())
    answer = desk.start_wave(ready, not_ready)
    assert answer["path"] == "repaired"
    touched = {id_ for call in desk.simulator.calls(since)[:-1] for id_ in call.server_ids}
    assert touched == {*others}


def test_a_wave_tries_again_within_its_budget_what_may_do_better(desk: Desk) -> None:
    group_id = pending(desk)
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(Fault("IdempotentParameterMismatch", "CreateLaunchTemplateVersion", times=3, server_id=victim))
    answer = desk.start_wave(group_id, budgetSeconds=120)
    assert (answer["path"], answer["groups"][0]["unprovedServers"]) == ("repaired", [])


def test_a_wave_waits_out_a_short_outage_within_its_budget(desk: Desk) -> None:
    group_id = pending(desk)
    desk.simulator.fault(Fault("RequestLimitExceeded", "ec2:*", times=6))
    assert desk.start_wave(group_id)["path"] == "repaired"


def test_a_wave_does_not_wait_for_what_aws_refuses_for_good(desk: Desk) -> None:
    group_id = pending(desk)
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    began = desk.clock.now()
    assert refused(lambda: desk.start_wave(group_id)).code == "NOT_READY"
    assert desk.clock.now() == began


def test_a_wave_asks_each_of_many_servers_that_aws_refuses_for_good_once(desk: Desk) -> None:
    desk.simulator.add_servers(BATCH + 5)
    group_id = desk.create(respondAsync=True)
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration"))
    answer = desk.start_wave(group_id, isDrill=False)
    asked = [id_ for call in desk.simulator.calls()[:-1] for id_ in call.server_ids]
    assert sorted(asked) == sorted(desk.simulator.server_ids()) == answer["groups"][0]["unprovedServers"]


def test_a_wave_waits_for_the_worker_that_holds_the_lease_and_then_starts(desk: Desk) -> None:
    """The worker is in the middle of its work when the wave is asked for; the wave looks again until it is done."""
    group_id = pending(desk)
    answers: list[dict[str, Any]] = []
    slept: list[float] = []

    def the_wave_is_asked_for(_: str) -> None:
        if not answers:
            answers.append({})
            answers.append(refused(lambda: desk.start_wave(group_id, budgetSeconds=5)).body())
            slept.append(desk.clock.now().timestamp())

    began = desk.clock.now().timestamp()
    meddle(desk, after=the_wave_is_asked_for)
    pumped(desk, group_id)
    assert answers[1]["error"] == "NOT_READY"
    assert slept[0] - began >= 5, "it waited for as long as it might"
    assert "StartRecovery" not in calls(desk.simulator)
    assert desk.start_wave(group_id)["path"] == "fast", "the refusal claimed nothing"


# --- still not ready after the budget ---


def unmendable(desk: Desk) -> tuple[str, str]:
    """A group with one server that AWS will not configure."""
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    return desk.create(), victim


def test_a_drill_is_blocked_by_a_server_that_is_not_ready_and_names_it(desk: Desk) -> None:
    group_id, victim = unmendable(desk)
    no = refused(lambda: desk.start_wave(group_id))
    assert (no.code, no.status, no.retryable) == ("NOT_READY", 409, False)
    assert (no.details["sourceServerIds"], no.details["status"]) == ([victim], "failed")
    assert "StartRecovery" not in calls(desk.simulator)
    assert desk.stream(group_id).state.claim is None
    mended(desk)
    assert desk.start_wave(group_id)["decision"] == "started", "the same wave may be asked for again"


def test_a_recovery_proceeds_and_names_the_servers_that_went_unproved(desk: Desk) -> None:
    group_id, victim = unmendable(desk)
    answer = desk.start_wave(group_id, isDrill=False)
    assert (answer["path"], answer["servers"]) == ("proceeded", 3)
    assert (answer["groups"][0]["status"], answer["groups"][0]["unprovedServers"]) == ("failed", [victim])


@pytest.mark.parametrize(
    ("group", "call", "is_drill", "starts"),
    [
        (None, None, True, False),
        (None, None, False, True),
        ("proceed", None, True, True),
        ("block", None, False, False),
        ("block", "proceed", True, True),
        ("proceed", "block", False, False),
    ],
)
def test_what_happens_then_is_said_by_the_call_else_by_the_group_else_by_the_kind(
    desk: Desk, group: str | None, call: str | None, *, is_drill: bool, starts: bool
) -> None:
    group_id, _ = unmendable(desk)
    desk.ask("update_protection_group", groupId=group_id, onNotReady=group)
    if starts:
        assert desk.start_wave(group_id, isDrill=is_drill, onNotReady=call)["path"] == "proceeded"
    else:
        assert refused(lambda: desk.start_wave(group_id, isDrill=is_drill, onNotReady=call)).code == "NOT_READY"


def test_with_no_budget_a_recovery_starts_at_once_with_what_there_is(desk: Desk) -> None:
    group_id = pending(desk)
    answer = desk.start_wave(group_id, isDrill=False, budgetSeconds=0)
    assert asked(desk.simulator) == ["StartRecovery"]
    assert answer["groups"][0]["unprovedServers"] == sorted(desk.simulator.server_ids())


# --- drift, seen by the wave ---


def test_a_wave_launches_what_is_wanted_now_not_what_was_applied_last_week(desk: Desk) -> None:
    group_id = redefined(desk)
    desk.start_wave(group_id)
    assert [in_aws(desk.simulator, id_) for id_ in desk.simulator.server_ids()] == [SETTINGS] * 3


def test_a_failure_that_may_have_written_takes_the_proof_back_and_the_wave_looks_again(desk: Desk) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[0]
    desk.simulator.edit(victim, template={"InstanceType": "t3.nano"})
    wrote = Failure(victim, 1, "transient", "ConflictException", "", desk.clock.now(), ("ModifyLaunchTemplate",))
    worker = Context(command="RecordOutcomes", command_id="late", actor="system", via="system")
    desk.service.execute(group_id, RecordOutcomes((wrote,)), worker)
    assert desk.start_wave(group_id)["path"] == "repaired"
    assert in_aws(desk.simulator, victim) == SETTINGS


class Slippery(MemoryStore):
    """A store in which somebody is quicker than the wave, once."""

    slip: Callable[[], object] | None = None

    def append(self, *commits: Commit) -> None:
        if self.slip and commits[0].stream_id.startswith("wave#"):
            slip, self.slip = self.slip, None
            slip()
        super().append(*commits)


def test_a_definition_that_changes_while_the_wave_decides_is_mended_before_it_starts(simulator: Simulator) -> None:
    store = Slippery()
    desk = fresh(simulator, store)
    group_id = desk.create(launchConfig=OTHER)
    again = {"groupId": group_id, "launchConfig": SETTINGS, "respondAsync": True}
    store.slip = lambda: desk.ask("update_protection_group", **again)
    answer = desk.start_wave(group_id)
    assert (answer["path"], len(jobs(desk))) == ("repaired", 1)
    assert [in_aws(desk.simulator, id_) for id_ in desk.simulator.server_ids()] == [SETTINGS] * 3
