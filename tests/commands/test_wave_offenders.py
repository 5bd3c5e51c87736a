"""One server that cannot be launched makes AWS refuse all: what the policy is, who is left out, and that it is once."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from commands.waves.launch import SETTLE
from commands.waves.start import Waves
from events import facts as f
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands import bench
from tests.commands.bench import Death, Died, MortalStore, fresh, jobs, refused, wave_facts
from tests.kit import Desk

SILENCE = SETTLE.total_seconds()
REASONS = ["DISCONNECTED", "INITIAL_SYNC", "BUSY", "GONE"]


def started(desk: Desk) -> int:
    return bench.calls(desk.simulator).count("StartRecovery")


def ours(desk: Desk) -> list[set[str]]:
    """The servers of every job but those in which `offend` made some busy."""
    return [servers for servers in jobs(desk).values() if len(servers) > 1]


def somebody_launches(desk: Desk, server_ids: Sequence[str], *, is_drill: bool = True) -> None:
    """Somebody in the console starts a job of these servers; it is not in our call log."""
    servers = [{"sourceServerID": id_} for id_ in server_ids]
    desk.clients.client("drs").start_recovery(isDrill=is_drill, sourceServers=servers)
    desk.simulator.world.calls.clear()


def offend(desk: Desk, reason: str, server_id: str) -> None:
    """From now on AWS refuses every job with this server in it."""
    if reason == "BUSY":
        somebody_launches(desk, [server_id])
    elif reason == "GONE":
        del desk.simulator.world.find(server_id)[0].servers[server_id]
    else:
        desk.simulator.replication(server_id, reason)


def large(desk: Desk, servers: int) -> str:
    """A group of so many servers, of which nothing is wanted."""
    desk.simulator.add_servers(servers - len(desk.simulator.server_ids()))
    return desk.create(sourceServerIds=desk.simulator.server_ids(), launchConfig={})


def dropped(answer: dict[str, Any]) -> dict[str, str]:
    """Who was left out, and why."""
    return {one["sourceServerId"]: one["reason"] for one in answer["droppedServers"]}


@pytest.mark.parametrize("reasons", [*([reason] for reason in REASONS), REASONS])
def test_a_recovery_goes_on_without_the_servers_that_aws_refuses_it_for(desk: Desk, reasons: list[str]) -> None:
    group_id, everyone = large(desk, 7), desk.simulator.server_ids()
    victims = dict(zip(everyone[1:], reasons, strict=False))
    for id_, reason in victims.items():
        offend(desk, reason, id_)
    for key in ("sfn-1", "again"):
        answer = desk.start_wave(group_id, isDrill=False, key=key)
        assert (dropped(answer), answer["servers"]) == (victims, 7 - len(victims))
        assert (ours(desk), started(desk)) == ([{*everyone} - {*victims}], 2)
        assert wave_facts(desk) == ["WaveClaimed", "ServersDropped", "RecoveryJobStarted"]


@pytest.mark.parametrize(
    ("group", "call", "is_drill", "goes_on"),
    [
        ("proceed", None, True, True), ("block", None, False, False),
        ("block", "proceed", True, True), ("proceed", "block", False, False),
    ],
)  # fmt: skip
def test_whether_it_goes_on_is_said_by_the_call_else_by_the_group_else_by_the_kind(
    desk: Desk, group: str | None, call: str | None, *, is_drill: bool, goes_on: bool
) -> None:
    group_id = desk.create(onNotReady=group)
    offend(desk, "DISCONNECTED", desk.simulator.server_ids()[0])
    with nullcontext() if goes_on else pytest.raises(Refused, match="AWS refused to launch"):
        desk.start_wave(group_id, isDrill=is_drill, onNotReady=call)
    assert (len(ours(desk)), started(desk)) == ((1, 2) if goes_on else (0, 1))


@pytest.mark.parametrize("error", ["ConflictException", "AccessDeniedException", "ServiceQuotaExceededException"])
def test_a_second_refusal_ends_it(desk: Desk, error: str) -> None:
    group_id = desk.create()
    offend(desk, "DISCONNECTED", desk.simulator.server_ids()[0])
    desk.simulator.fault(Fault("nothing", "StartRecovery"))
    desk.simulator.fault(Fault(error, "StartRecovery"))
    for _ in range(2):
        no = refused(lambda: desk.start_wave(group_id, isDrill=False))
        assert (no.code, no.details["code"]) == ("RECOVERY_REFUSED", error)
    assert (started(desk), jobs(desk), desk.stream(group_id).state.claim) == (2, {}, None)
    assert wave_facts(desk) == ["WaveClaimed", "ServersDropped", "RecoveryRefused"]


@pytest.mark.parametrize("is_drill", [True, False])
def test_a_conflict_that_no_server_shows_any_more_is_tried_once_more_with_all(desk: Desk, *, is_drill: bool) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("ConflictException", "StartRecovery"))
    answer = desk.start_wave(group_id, isDrill=is_drill)
    assert (started(desk), answer["servers"], answer["droppedServers"]) == (2, 3, [])


def test_a_wave_all_of_whose_servers_offend_is_over_and_lets_its_group_go(desk: Desk) -> None:
    group_id = desk.create()
    for id_ in desk.simulator.server_ids():
        offend(desk, "DISCONNECTED", id_)
    no = refused(lambda: desk.start_wave(group_id, isDrill=False))
    assert (no.code, no.details["code"]) == ("RECOVERY_REFUSED", "NOBODY_LEFT")
    assert (started(desk), jobs(desk), desk.stream(group_id).state.claim) == (1, {}, None)
    assert (desk.watch()["status"], desk.watch()["counts"]["dropped"]) == ("failed", 3)


def test_a_chunk_all_of_whose_servers_offend_keeps_no_other_from_being_launched(desk: Desk) -> None:
    group_id = large(desk, 150)
    everyone = sorted(desk.simulator.server_ids())
    for id_ in everyone[:100]:
        offend(desk, "DISCONNECTED", id_)
    answer = desk.start_wave(group_id, isDrill=False)
    assert (ours(desk), sorted(dropped(answer)), started(desk)) == ([{*everyone[100:]}], everyone[:100], 2)


@pytest.mark.parametrize("reason", REASONS)
def test_a_drill_with_such_a_server_launches_nothing_names_it_and_lets_its_group_go(desk: Desk, reason: str) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[1]
    offend(desk, reason, victim)
    no = refused(lambda: desk.start_wave(group_id))
    assert (no.code, no.details["servers"]) == ("RECOVERY_REFUSED", [{"sourceServerId": victim, "reason": reason}])
    assert (ours(desk), started(desk), wave_facts(desk)) == ([], 1, ["WaveClaimed", "RecoveryRefused"])
    assert desk.stream(group_id).state.claim is None
    assert [one["sourceServerId"] for one in desk.watch()["refusal"]["servers"]] == [victim]


@pytest.mark.parametrize(("offenders", "goes_on"), [([0, 3], False), ([3], False), ([0, 1], True)])
def test_a_group_that_says_block_says_it_of_its_own_servers(desk: Desk, offenders: list[int], *, goes_on: bool) -> None:
    """The first two servers are of a group that proceeds; the groups are claimed in the other order."""
    desk.simulator.add_servers(1)
    ids = desk.simulator.server_ids()
    bold = desk.create("Bold", sourceServerIds=ids[:2], onNotReady="proceed")
    shy = desk.create("Shy", sourceServerIds=ids[2:], onNotReady="block")
    for number in offenders:
        offend(desk, "DISCONNECTED", ids[number])
    with nullcontext() if goes_on else pytest.raises(Refused, match="AWS refused to launch"):
        desk.start_wave(shy, bold, isDrill=False)
    assert ours(desk) == ([{*ids[2:]}] if goes_on else [])
    assert [desk.stream(id_).state.claim is None for id_ in (shy, bold)] == [not goes_on] * 2


def test_what_the_quota_is_used_for_is_in_what_is_said_when_aws_refuses_for_it(desk: Desk) -> None:
    group_id = desk.create()
    for server in desk.simulator.add_servers(20):
        somebody_launches(desk, [server.id])
    no = refused(lambda: desk.start_wave(group_id, isDrill=False))
    assert (no.code, no.details["code"]) == ("RECOVERY_REFUSED", "ServiceQuotaExceededException")
    assert "20 of 20 jobs run, with 20 of 500 servers" in no.details["aws"]["message"]
    assert (wave_facts(desk), started(desk)) == (["WaveClaimed", "RecoveryRefused"], 1)
    assert desk.stream(group_id).state.claim is None


def finished(desk: Desk, group_id: str, victims: Sequence[str], chunks: int) -> None:
    """Whoever comes next finds or makes one job a chunk, of exactly the servers that are left; and AWS agrees."""
    everyone = {*desk.stream(group_id).state.servers}
    desk.clock.sleep(SILENCE)
    answer = desk.start_wave(group_id, isDrill=False, key="the next one")
    assert sorted(dropped(answer)) == sorted(victims)
    assert [job for job, servers in jobs(desk).items() if len(servers) > 1] == answer["jobIds"]
    assert len(ours(desk)) == chunks
    assert sorted(id_ for servers in ours(desk) for id_ in servers) == sorted(everyone - {*victims})
    assert len(bench.of(f.GroupClaimed, bench.facts(desk, group_id))) == 1


@pytest.mark.parametrize("reason", ["DISCONNECTED", "BUSY"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, 6), ids=["claim", "drop 1", "job 1", "drop 2", "job 2"])
def test_wherever_the_process_dies_it_is_one_job_a_chunk_of_those_who_are_left(
    simulator: Simulator, step: int, moment: str, reason: str
) -> None:
    store = MortalStore()
    desk = fresh(simulator, store)
    group_id = large(desk, 110)
    victims = [sorted(desk.simulator.server_ids())[number] for number in (7, 105)]
    for id_ in victims:
        offend(desk, reason, id_)
    setattr(store, moment, Death(step))
    with pytest.raises(Died):
        desk.start_wave(group_id, isDrill=False)
    store.before = store.after = Death(10**9)
    finished(desk, group_id, victims, chunks=2)


@pytest.mark.parametrize("reason", ["INITIAL_SYNC", "BUSY", "GONE"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("error", ["drop", "lost-answer", "zombie", "InternalServerException"])
def test_whichever_startrecovery_is_lost_it_is_one_job_of_those_who_are_left(
    desk: Desk, error: str, call: int, reason: str
) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[1]
    offend(desk, reason, victim)
    for _ in range(call - 1):
        desk.simulator.fault(Fault("nothing", "StartRecovery"))
    desk.simulator.fault(Fault(error, "StartRecovery", seconds=5 if error == "zombie" else 0))
    assert refused(lambda: desk.start_wave(group_id, isDrill=False)).code == "WAVE_UNCLEAR"
    finished(desk, group_id, [victim], chunks=1)


@pytest.mark.parametrize("lands", ["before", "after"])
def test_servers_busy_with_our_own_job_are_not_dropped_even_if_it_landed_unseen(desk: Desk, lands: str) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("lost-answer" if lands == "before" else "drop", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id, isDrill=False))
    looks = [lands]

    def late(operation: str) -> None:
        looks.append(operation)
        if looks == ["after", "DescribeJobs"]:
            somebody_launches(desk, desk.simulator.server_ids(), is_drill=False)

    desk.waves = Waves(desk.service, lambda _target: desk.a_door(bench.Meddled, after=late).calls)
    finished(desk, group_id, [], chunks=1)
    assert wave_facts(desk) == ["WaveClaimed", "LaunchResumed", "RecoveryJobStarted"]
    assert started(desk) == 1, "and the log of before it landed late is gone"


@pytest.mark.parametrize("operation", ["DescribeSourceServers", "DescribeJobs"])
def test_while_nobody_can_see_whom_it_was_refused_for_nobody_is_dropped(desk: Desk, operation: str) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[1]
    offend(desk, "DISCONNECTED", victim)
    desk.simulator.fault(bench.for_ever("drop", operation))
    assert refused(lambda: desk.start_wave(group_id, isDrill=False)).code == "WAVE_UNCLEAR"
    assert wave_facts(desk) == ["WaveClaimed"]
    bench.mended(desk)
    finished(desk, group_id, [victim], chunks=1)


def test_a_wave_nobody_is_left_in_ends_though_the_process_died_before_it_said_so(simulator: Simulator) -> None:
    store = MortalStore()
    desk = fresh(simulator, store)
    group_id = desk.create()
    for id_ in desk.simulator.server_ids():
        offend(desk, "DISCONNECTED", id_)
    store.after = Death(2)
    with pytest.raises(Died):
        desk.start_wave(group_id, isDrill=False)
    store.after = Death(10**9)
    desk.clock.until(desk.stream(group_id).state.claim.until)
    assert desk.watch()["status"] == "failed"
    assert desk.stream(group_id).state.claim is None
