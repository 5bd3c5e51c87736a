"""A wave is watched to its end: what DRS shows is recorded once, and its groups are let go then, not before."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from math import inf
from typing import Any

import pytest

from commands.waves.claim import CLAIM_FOR
from commands.waves.jobs import UnseenError
from commands.waves.launch import SETTLE
from events import facts as f
from events.commits import Commit
from events.errors import Refused
from events.memory import MemoryStore
from events.moments import iso, iso_seconds
from local.simulator.faults import Fault
from local.simulator.recovery import JOB_END, LAUNCH_END
from local.simulator.simulator import Simulator
from tests.commands import bench
from tests.commands.bench import Death, Died, MortalStore, asked, facts, for_ever, fresh, jobs, refused, wave_facts
from tests.kit import SETTINGS, Desk

SILENCE, CLAIMED, MINUTE = SETTLE.total_seconds(), CLAIM_FOR.total_seconds(), 60
OTHER = {**SETTINGS, "instanceType": "r5.4xlarge"}
STARTED = ["WaveClaimed", "RecoveryJobStarted"]
ENDED = ["ServersLaunching", "RecoveryJobEnded"]


def looked(desk: Desk, seconds: float = 0) -> dict[str, Any]:
    """The wave after so many seconds and a look at it."""
    desk.clock.sleep(seconds)
    return desk.watch()


def claimed(desk: Desk, group_id: str) -> bool:
    return desk.stream(group_id).state.claim is not None


def large(desk: Desk, servers: int) -> str:
    """A group of so many servers, of which nothing is wanted; an account of its own replicates 300 at most."""
    desk.simulator.add_servers(min(servers, 300) - 3)
    desk.simulator.add_servers(max(servers - 300, 0), staging_account="900000000001")
    return desk.create(sourceServerIds=desk.simulator.server_ids(), launchConfig={})


def test_what_drs_shows_is_recorded_as_it_comes_and_a_look_without_news_records_nothing(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    began = [*STARTED, ENDED[0]]
    for seconds, known, word in ((0, STARTED, "running"), (1, began, "running"), (JOB_END, began + ENDED, "recovered")):
        assert (looked(desk, seconds)["status"], wave_facts(desk)) == (word, known)
        version, group = desk.watch()["version"], desk.stream(group_id).version
        assert (looked(desk, 0.1)["version"], desk.stream(group_id).version) == (version, group)
    assert not claimed(desk, group_id)


def test_once_it_has_ended_every_server_shows_its_instance_as_ec2_does(desk: Desk) -> None:
    accepted = desk.clock.now()
    desk.start_wave(desk.create())
    shown = looked(desk, JOB_END + 1)
    assert [job["status"] for job in shown["jobs"]] == ["ended"]
    assert shown["endedAt"] == shown["jobs"][0]["endedAt"] == iso(accepted + timedelta(seconds=JOB_END))
    described = desk.simulator.client("ec2").describe_instances()["Reservations"]
    instances = {one["InstanceId"]: one for each in described for one in each["Instances"]}
    at = iso_seconds(accepted + timedelta(seconds=LAUNCH_END))
    for one in shown["serverStatuses"].values():
        told = (one["launchStatus"], one["instanceType"], one["privateIp"], one["launchTime"])
        address = instances.pop(one["instanceId"])["PrivateIpAddress"]
        assert told == ("LAUNCHED", SETTINGS["instanceType"], address, at)


@pytest.mark.parametrize(("withdrawn", "word"), [(["m7i.large"], "partly"), (["m7i.large", "m5.xlarge"], "failed")])
def test_a_server_that_drs_fails_to_launch_is_shown_as_failed(desk: Desk, withdrawn: list[str], word: str) -> None:
    victim, *_ = ids = desk.simulator.server_ids()
    own = [{"sourceServerId": victim, "launchTemplate": {"instanceType": "m7i.large"}}]
    group_id = desk.create(sourceServerIds=ids, servers=own)
    desk.start_wave(group_id)
    for kind in withdrawn:
        desk.simulator.withdraw(kind)
    shown, failed = looked(desk, JOB_END + 1), 1 if word == "partly" else 3
    assert (shown["status"], shown["counts"]["failed"], shown["counts"]["launched"]) == (word, failed, 3 - failed)
    assert (shown["serverStatuses"][victim], claimed(desk, group_id)) == ({"launchStatus": "FAILED"}, False)


def test_what_ec2_does_not_tell_keeps_no_wave_from_its_end(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    desk.simulator.fault(for_ever("drop", "DescribeInstances"))
    shown = looked(desk, JOB_END + 1)
    assert (shown["status"], claimed(desk, group_id)) == ("recovered", False)
    assert [{*one} for one in shown["serverStatuses"].values()] == [{"launchStatus", "instanceId"}] * 3


@pytest.mark.parametrize("running", [True, False], ids=["running", "abandoned"])
def test_while_drs_cannot_be_asked_nothing_changes(desk: Desk, *, running: bool) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("nothing" if running else "lost-answer", "StartRecovery"))
    with suppress(Refused):
        desk.start_wave(group_id)
    known, group = wave_facts(desk), desk.stream(group_id).version
    desk.simulator.fault(for_ever("drop", "DescribeJobs"))
    with pytest.raises(UnseenError):
        looked(desk, JOB_END + 1)
    assert (wave_facts(desk), desk.stream(group_id).version) == (known, group)
    bench.mended(desk)
    assert looked(desk)["status"] == "recovered"


def test_a_group_is_let_go_when_the_last_of_its_jobs_has_ended_and_what_was_asked_meanwhile_is_done(desk: Desk) -> None:
    group_id = large(desk, 110)
    desk.simulator.fault(Fault("drop", "StartRecovery", server_id=sorted(desk.simulator.server_ids())[105]))
    refused(lambda: desk.start_wave(group_id))
    desk.clock.sleep(SILENCE)
    desk.start_wave(group_id)
    desk.ask("update_protection_group", groupId=group_id, launchConfig={"copyTags": True})
    shown = looked(desk, JOB_END - SILENCE + 1)
    assert [job["status"] for job in shown["jobs"]] == ["ended", "running"]
    assert (claimed(desk, group_id), shown["status"], bench.written(desk.simulator)) == (True, "running", 0)
    assert (looked(desk, SILENCE)["status"], claimed(desk, group_id)) == ("recovered", False)
    assert bench.woken(desk, group_id)
    assert (desk.status(group_id)["status"], bench.written(desk.simulator) > 0) == ("ready", True)


def test_a_job_that_runs_for_hours_keeps_its_claim_as_long_as_it_is_looked_at(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.job_speed(0.1)
    desk.start_wave(group_id)
    desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER)
    written = bench.written(desk.simulator)
    for _ in range(17):
        assert looked(desk, 5 * MINUTE)["status"] == "running"
        bench.pumped(desk, group_id)
    assert bench.written(desk.simulator) == written
    extended = wave_facts(desk).count("ClaimExtended")
    assert 2 < extended < 9, "now and then, not at every look"
    assert len(bench.of(f.GroupClaimed, facts(desk, group_id))) == 1 + extended
    assert (looked(desk, 5 * MINUTE)["status"], claimed(desk, group_id)) == ("recovered", False)
    bench.pumped(desk, group_id)
    assert bench.in_aws(desk.simulator, desk.simulator.server_ids()[0]) == OTHER


def test_a_job_that_drs_has_forgotten_is_over_when_its_claim_is(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    desk.simulator.world.estate(desk.simulator.world.home).jobs.by_id.clear()
    for _ in range(5):
        assert looked(desk, 5 * MINUTE)["status"] == "running"
    assert (wave_facts(desk), claimed(desk, group_id)) == (STARTED, True)
    shown = looked(desk, 5 * MINUTE)
    assert (shown["jobs"][0]["status"], shown["status"], claimed(desk, group_id)) == ("unknown", "failed", False)


@pytest.mark.parametrize("speed", [1, inf])
def test_what_aws_took_of_an_abandoned_launch_is_found_by_whoever_looks(desk: Desk, speed: float) -> None:
    """At the highest speed the job is over before anybody could have seen it run."""
    group_id = desk.create()
    desk.simulator.job_speed(speed)
    desk.simulator.fault(Fault("lost-answer", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id))
    calls = asked(desk.simulator)
    assert (looked(desk, SILENCE - 1)["status"], asked(desk.simulator)) == ("starting", calls)
    shown = looked(desk, 1)
    assert (shown["jobIds"], shown["jobs"][0]["adopted"]) == (list(jobs(desk)), True)
    assert (shown["status"], claimed(desk, group_id)) == (("recovered", False) if speed == inf else ("running", True))
    assert asked(desk.simulator).count("StartRecovery") == 1


def test_a_launch_that_aws_never_took_is_given_up_when_its_claim_is_over_and_never_started(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("drop", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id))
    for _ in range(5):
        assert looked(desk, 5 * MINUTE)["status"] == "starting"
    assert (wave_facts(desk), claimed(desk, group_id)) == (STARTED[:1], True)
    shown = looked(desk, 5 * MINUTE)
    assert (shown["status"], shown["refusal"]["code"], claimed(desk, group_id)) == ("failed", "CLAIM_EXPIRED", False)
    assert refused(lambda: desk.start_wave(group_id)).details["code"] == "CLAIM_EXPIRED"
    assert (looked(desk)["version"], jobs(desk)) == (shown["version"], {})


def test_half_a_launch_that_was_abandoned_is_watched_to_its_end(desk: Desk) -> None:
    group_id = large(desk, 110)
    desk.simulator.fault(Fault("drop", "StartRecovery", server_id=sorted(desk.simulator.server_ids())[105]))
    refused(lambda: desk.start_wave(group_id))
    assert (looked(desk, CLAIMED / 2)["status"], claimed(desk, group_id)) == ("starting", True)
    shown = looked(desk, CLAIMED / 2)
    assert (shown["status"], shown["counts"]["launched"], shown["counts"]["notStarted"]) == ("partly", 100, 10)
    assert (shown["refusal"]["code"], claimed(desk, group_id)) == ("CLAIM_EXPIRED", False)


class Slippery(MemoryStore):
    """A store in which somebody looks at the wave just before its job is recorded."""

    slip: Any = None

    def append(self, *commits: Commit) -> None:
        if self.slip and "RecoveryJobStarted" in commits[0].event_types:
            slip, self.slip = self.slip, None
            slip()
        super().append(*commits)


def test_a_caller_that_is_slower_than_who_finds_its_job_is_answered_all_the_same(simulator: Simulator) -> None:
    store = Slippery()
    desk = fresh(simulator, store)
    group_id = desk.create()
    store.slip = lambda: looked(desk, SILENCE)
    assert desk.start_wave(group_id)["jobIds"] == list(jobs(desk))
    assert wave_facts(desk)[:2] == STARTED


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3], ids=["the end", "one group", "the other"])
def test_wherever_a_watcher_dies_the_next_look_lets_all_groups_go(simulator: Simulator, step: int, moment: str) -> None:
    store = MortalStore()
    desk = fresh(simulator, store)
    one, *others = desk.simulator.server_ids()
    groups = [desk.create("One", sourceServerIds=[one]), desk.create("Others", sourceServerIds=others)]
    desk.start_wave(*groups)
    setattr(store, moment, Death(step))
    with pytest.raises(Died):
        looked(desk, JOB_END + 1)
    store.before = store.after = Death(10**9)
    assert looked(desk)["status"] == "recovered"
    assert [len(bench.of(f.GroupReleased, facts(desk, id_))) for id_ in groups] == [1, 1]
    assert wave_facts(desk) == STARTED + ENDED


def test_of_eight_who_look_at_once_one_records_what_they_see(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id)
    desk.clock.sleep(JOB_END + 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: desk.watch(), range(8)))
    assert (wave_facts(desk), len(bench.of(f.GroupReleased, facts(desk, group_id)))) == (STARTED + ENDED, 1)


def test_500_servers_in_five_jobs_are_seen_by_one_look(desk: Desk) -> None:
    group_id = large(desk, 500)
    desk.start_wave(group_id)
    calls = len(asked(desk.simulator))
    shown = looked(desk, JOB_END + 1)
    assert asked(desk.simulator, calls) == ["DescribeJobs", *["DescribeInstances"] * 5]
    assert (shown["status"], shown["counts"]["launched"], len(shown["jobs"])) == ("recovered", 500, 5)
    assert wave_facts(desk) == [STARTED[0], *[STARTED[1]] * 5, *ENDED * 5]
    assert not claimed(desk, group_id)
