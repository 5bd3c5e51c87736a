"""What AWS declines, what is refused before AWS is asked, and waves that are more than one job."""

import pytest

from commands.waves.launch import SETTLE
from local.simulator.faults import Fault
from tests.commands.bench import asked, calls, for_ever, jobs, mended, refused, wave_facts
from tests.kit import Desk

SILENCE = SETTLE.total_seconds()


def started(desk: Desk) -> int:
    """How often AWS was asked to start a recovery."""
    return calls(desk.simulator).count("StartRecovery")


def test_a_wave_that_aws_declines_is_over_lets_its_group_go_and_says_why(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.replication(desk.simulator.server_ids()[0], "DISCONNECTED")
    for _ in range(2):
        no = refused(lambda: desk.start_wave(group_id))
        assert (no.code, no.status, no.details["code"]) == ("RECOVERY_REFUSED", 409, "ConflictException")
    assert started(desk) == 1
    assert jobs(desk) == {}
    assert desk.stream(group_id).state.claim is None
    desk.simulator.replication(desk.simulator.server_ids()[0], "CONTINUOUS")
    assert desk.start_wave(group_id, executionId="exec-2", key="sfn-2")["decision"] == "started"


def test_a_wave_that_aws_throttles_is_not_over(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("ThrottlingException", "StartRecovery", times=2))
    assert desk.start_wave(group_id)["jobIds"] == list(jobs(desk))
    assert (started(desk), len(jobs(desk))) == (3, 1)


def test_a_wave_that_aws_goes_on_throttling_may_be_asked_for_again(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(for_ever("ThrottlingException", "StartRecovery"))
    assert refused(lambda: desk.start_wave(group_id)).retryable
    mended(desk)
    desk.clock.sleep(SILENCE)
    assert desk.start_wave(group_id)["jobIds"] == list(jobs(desk))


def test_a_group_that_is_not_there_starts_nothing(desk: Desk) -> None:
    no = refused(lambda: desk.start_wave(desk.create(), "pg-unheard-of"))
    assert (no.code, no.status) == ("NOT_FOUND", 404)
    assert (started(desk), wave_facts(desk)) == (0, [])


def test_groups_without_servers_start_nothing(desk: Desk) -> None:
    no = refused(lambda: desk.start_wave(desk.create(sourceServerIds=[])))
    assert (no.code, no.status) == ("EMPTY_WAVE", 400)
    assert wave_facts(desk) == []


def many(desk: Desk, name: str, count: int, first: int = 0) -> str:
    """A group of servers of which nothing is wanted; AWS need not know them."""
    ids = [f"s-{n:017x}" for n in range(first, first + count)]
    return desk.create(name, sourceServerIds=ids, launchConfig={})


def test_more_servers_than_drs_recovers_at_once_are_refused_before_anything_is_asked_or_written(desk: Desk) -> None:
    group_ids = [many(desk, "North", 300), many(desk, "South", 201, first=300)]
    no = refused(lambda: desk.start_wave(*group_ids))
    assert no.code == "QUOTA_EXCEEDED"
    assert "501 servers" in no.message
    assert (asked(desk.simulator), wave_facts(desk)) == ([], [])
    assert [desk.stream(id_).state.claim for id_ in group_ids] == [None, None]


def test_they_are_refused_before_what_is_not_ready_among_them_is_applied(desk: Desk) -> None:
    ids = [f"s-{n:017x}" for n in range(501)]
    group_ids = [
        desk.create(name, sourceServerIds=some, respondAsync=True)
        for name, some in (("North", ids[:300]), ("South", ids[300:]))
    ]
    since = len(desk.simulator.calls())
    assert refused(lambda: desk.start_wave(*group_ids)).code == "QUOTA_EXCEEDED"
    assert asked(desk.simulator, since) == []


def large(desk: Desk, servers: int) -> str:
    desk.simulator.add_servers(servers - len(desk.simulator.server_ids()))
    return desk.create(sourceServerIds=desk.simulator.server_ids(), launchConfig={})


def test_a_wave_of_250_servers_is_three_jobs_of_at_most_100_and_every_server_is_in_one(desk: Desk) -> None:
    answer = desk.start_wave(large(desk, 250))
    assert [len(servers) for servers in jobs(desk).values()] == [100, 100, 50]
    assert set().union(*jobs(desk).values()) == {*desk.simulator.server_ids()}
    assert (answer["servers"], answer["jobIds"]) == (250, list(jobs(desk)))


@pytest.mark.parametrize("error", ["lost-answer", "drop"])
def test_a_large_wave_that_was_interrupted_at_its_second_job_ends_with_three(desk: Desk, error: str) -> None:
    group_id = large(desk, 250)
    second = desk.simulator.server_ids()
    victim = sorted(second)[150]
    desk.simulator.fault(Fault(error, "StartRecovery", server_id=victim))
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    desk.clock.sleep(SILENCE)
    answer = desk.start_wave(group_id)
    assert sorted(len(servers) for servers in jobs(desk).values()) == [50, 100, 100]
    assert set(answer["jobIds"]) == set(jobs(desk))
    assert set().union(*jobs(desk).values()) == {*desk.simulator.server_ids()}


def test_a_large_wave_that_aws_declines_half_way_names_the_jobs_that_run_and_keeps_its_claim(desk: Desk) -> None:
    group_id = large(desk, 150)
    desk.simulator.replication(sorted(desk.simulator.server_ids())[120], "DISCONNECTED")
    no = refused(lambda: desk.start_wave(group_id))
    assert (no.code, no.details["jobIds"]) == ("RECOVERY_REFUSED", list(jobs(desk)))
    assert len(jobs(desk)) == 1
    assert desk.stream(group_id).state.claim is not None
