"""A wave is launched once: whoever asks, however often, whatever is lost on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from commands.decide import COOL_DOWN, StartApply
from commands.waves.claim import CLAIM_FOR
from commands.waves.launch import SETTLE
from events.commits import Context
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import (
    Death,
    Died,
    MortalStore,
    calls,
    for_ever,
    fresh,
    jobs,
    mended,
    refused,
    wave_facts,
)
from tests.kit import Desk

SILENCE = SETTLE.total_seconds()
APPENDS = ["the claim", "the job"]


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """All of an answer but what it cost to give it."""
    return {key: value for key, value in answer.items() if key != "eventTableReads"}


def started(desk: Desk) -> int:
    """How often AWS was asked to start a recovery."""
    return calls(desk.simulator).count("StartRecovery")


# --- asked again ---


def test_the_same_wave_asked_again_is_answered_the_same_and_aws_is_not_asked(desk: Desk) -> None:
    group_id = desk.create()
    first = desk.start_wave(group_id)
    for key in ("sfn-1", "another key"):
        assert told(desk.start_wave(group_id, key=key)) == told(first)
    assert (started(desk), len(jobs(desk))) == (1, 1)


def test_300_commits_and_a_claim_later_the_same_wave_is_still_answered_the_same(desk: Desk) -> None:
    group_id = desk.create()
    first = desk.start_wave(group_id)
    desk.clock.sleep(CLAIM_FOR.total_seconds())
    for turn in range(300):
        worker = Context(command="StartApply", command_id=f"turn {turn}", actor="system", via="system")
        desk.clock.sleep(COOL_DOWN.total_seconds())
        desk.ask("apply_launch_configs", groupId=group_id, force=True, respondAsync=True)
        until = desk.clock.now() - timedelta(seconds=1)
        desk.service.execute(group_id, StartApply(f"turn {turn}", until), worker)
    assert desk.stream(group_id).version > 300
    desk.ask("apply_launch_configs", groupId=group_id)
    assert told(desk.start_wave(group_id, key="weeks later")) == told(first)
    assert started(desk) == 1


@pytest.mark.parametrize("gone", ["deleted", "emptied", "blocked"])
def test_whatever_became_of_its_group_the_same_wave_is_answered_the_same(desk: Desk, gone: str) -> None:
    group_id = desk.create()
    first = desk.start_wave(group_id)
    desk.clock.sleep(CLAIM_FOR.total_seconds())
    if gone == "deleted":
        desk.ask("delete_protection_group", groupId=group_id)
    elif gone == "emptied":
        desk.ask("update_protection_group", groupId=group_id, sourceServerIds=[])
    else:
        desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration"))
        desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert told(desk.start_wave(group_id)) == told(first)
    assert started(desk) == 1


@pytest.mark.parametrize("differs", [{"isDrill": False}, {"protectionGroupIds": ["pg-other"]}])
def test_a_waves_name_used_for_another_wave_is_a_conflict_and_no_answer(desk: Desk, differs: dict[str, Any]) -> None:
    """Or whoever asks for a recovery is told that it has started, when it was a drill."""
    other, *servers = desk.simulator.server_ids()
    group_id = desk.create(sourceServerIds=servers)
    desk.start_wave(group_id)
    if "protectionGroupIds" in differs:
        differs = {"protectionGroupIds": [desk.create("Other", sourceServerIds=[other])]}
    no = refused(lambda: desk.start_wave(group_id, **differs))
    assert (no.code, no.status) == ("IDEMPOTENCY_CONFLICT", 409)
    assert len(jobs(desk)) == 1


def test_asked_for_by_eight_at_once_a_wave_is_one_job_and_all_are_told_so_in_the_end(desk: Desk) -> None:
    group_id = desk.create()

    def ask(n: int) -> dict[str, Any]:
        try:
            return desk.start_wave(group_id, key=f"caller {n}")
        except Refused as no:
            assert (no.code, no.retryable) == ("WAVE_UNCLEAR", True)  # noqa: PT017  some are answered
            return {}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert (started(desk), len(jobs(desk))) == (1, 1)
    again = told(desk.start_wave(group_id))
    assert all(told(answer) == again for answer in answers if answer)
    assert any(answers)


def test_a_group_named_twice_is_launched_once(desk: Desk) -> None:
    group_id = desk.create()
    assert desk.start_wave(group_id, group_id)["servers"] == 3
    assert [len(servers) for servers in jobs(desk).values()] == [3]


# --- answers lost, callers that die ---


def test_while_nobody_knows_whether_it_started_nobody_starts_it_again(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("lost-answer", "StartRecovery"))
    no = refused(lambda: desk.start_wave(group_id))
    assert (no.code, no.status, no.retryable) == ("WAVE_UNCLEAR", 503, True)
    desk.clock.sleep(SILENCE - 1)
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    assert started(desk) == 1


@pytest.mark.parametrize("error", ["lost-answer", "drop", "InternalServerException"])
def test_after_a_silence_a_job_that_was_taken_is_adopted_and_one_that_was_not_is_started(
    desk: Desk, error: str
) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault(error, "StartRecovery"))
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    desk.clock.sleep(SILENCE)
    answer = desk.start_wave(group_id)
    assert answer["jobIds"] == list(jobs(desk))
    assert started(desk) == (1 if error == "lost-answer" else 2)
    assert wave_facts(desk) == ["WaveClaimed", "LaunchResumed", "RecoveryJobStarted"]


@pytest.mark.parametrize(("servers", "is_drill"), [(1, True), (2, True), (3, False)])
def test_a_job_of_other_servers_or_of_the_other_kind_is_not_taken_for_ours(
    desk: Desk, servers: int, *, is_drill: bool
) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("drop", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id))
    somebody = [{"sourceServerID": id_} for id_ in desk.simulator.server_ids()[:servers]]
    desk.clients.client("drs").start_recovery(isDrill=is_drill, sourceServers=somebody)
    desk.clock.sleep(SILENCE)
    refused(lambda: desk.start_wave(group_id))  # its servers are busy with somebody else's job
    assert "RecoveryJobStarted" not in wave_facts(desk)
    assert len(jobs(desk)) == 1


@pytest.mark.parametrize("error", ["drop", "ThrottlingException", "InternalServerException"])
def test_if_the_look_for_a_lost_job_fails_too_it_stays_unclear_and_is_looked_for_again(desk: Desk, error: str) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("lost-answer", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id))
    desk.simulator.fault(for_ever(error, "DescribeJobs"))
    desk.clock.sleep(SILENCE)
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    mended(desk)
    desk.clock.sleep(SILENCE)
    assert desk.start_wave(group_id)["jobIds"] == list(jobs(desk))
    assert started(desk) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2], ids=APPENDS)
def test_a_wave_whose_caller_died_at_any_append_is_one_job_in_the_end(
    simulator: Simulator, moment: str, step: int
) -> None:
    store = MortalStore()
    desk = fresh(simulator, store)
    group_id = desk.create()
    setattr(store, moment, Death(step))
    with pytest.raises(Died):
        desk.start_wave(group_id)
    store.before = store.after = Death(10**9)
    desk.clock.sleep(SILENCE)
    answer = desk.start_wave(group_id, key="the next one")
    assert answer["jobIds"] == list(jobs(desk))
    assert (len(jobs(desk)), started(desk)) == (1, 1)


def test_two_who_take_over_at_once_make_one_job(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("drop", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id))
    desk.clock.sleep(SILENCE)

    def ask(n: int) -> str:
        try:
            return str(desk.start_wave(group_id, key=f"caller {n}")["decision"])
        except Refused as no:
            return no.code

    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(ask, range(8)))
    assert len(jobs(desk)) == 1
    assert said <= {"started", "WAVE_UNCLEAR"}
    assert "started" in said
