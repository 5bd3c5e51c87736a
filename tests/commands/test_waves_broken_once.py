"""What a review with fresh eyes broke in waves and executions: each of it as it was shown, and mended since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands import requests as ask
from commands.decide import EndApply, StartApply
from commands.executions.one_wave import LOOKS
from commands.pump import COURTESY, TURN, pump
from commands.waves import jobs as looks
from commands.waves import recovery
from commands.waves.job import job_of
from commands.waves.jobs import Jobs
from events.commits import Context
from events.doors import parse
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import Death, Died, asked, for_ever, in_aws, jobs, meddle, mended, pumped, refused, wave_facts
from tests.commands.plans import Office, office
from tests.kit import SETTINGS, Desk

OTHER = {**SETTINGS, "instanceType": "m5.2xlarge"}
SILENCE = 31


@pytest.fixture
def there(simulator: Simulator) -> Iterator[Office]:
    return office(simulator)


def by_system(command: str) -> Context:
    return Context(command=command, command_id=command, actor="system", via="system")


def sent(desk: Desk) -> int:
    return asked(desk.simulator).count("StartRecovery")


@pytest.mark.parametrize("is_drill", [True, False])
def test_a_job_of_our_own_that_shows_late_is_not_taken_for_somebody_elses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_drill: bool
) -> None:
    group_id, real, listings = desk.create(), looks.Jobs._jobs, [0]

    def lagging(self: Jobs, filters: dict[str, Any]) -> list[Any]:
        listings[0] += 1
        return [] if listings[0] <= 2 else real(self, filters)

    desk.simulator.fault(Fault("lost-answer", "StartRecovery"))
    refused(lambda: desk.start_wave(group_id, isDrill=is_drill))
    desk.clock.sleep(SILENCE)
    monkeypatch.setattr(looks.Jobs, "_jobs", lagging)
    assert refused(lambda: desk.start_wave(group_id, isDrill=is_drill)).code == "WAVE_UNCLEAR"
    assert desk.stream(group_id).state.claim, "it is launching"
    desk.clock.sleep(SILENCE)
    assert desk.start_wave(group_id, isDrill=is_drill)["jobIds"] == list(jobs(desk))
    assert "ServersDropped" not in wave_facts(desk)


def test_a_job_that_began_before_the_claim_is_not_adopted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody drills the same servers in the console while the wave still repairs them; it ends at once."""
    group_id, ids = desk.create(), sorted(desk.simulator.server_ids())
    desk.clock.sleep(60)
    update = parse(ask.UpdateProtectionGroup, {"groupId": group_id, "launchConfig": OTHER})
    desk.service.execute(group_id, update, by_system("UpdateProtectionGroup"))
    done: list[str] = []

    def before(operation: str) -> None:
        if operation == "CreateLaunchTemplateVersion" and not done:
            done.append(operation)
            desk.simulator.world.knobs.job_speed = 1e9
            desk.clients.client("drs").start_recovery(isDrill=True, sourceServers=[{"sourceServerID": i} for i in ids])
            desk.simulator.world.knobs.job_speed = 1
            desk.clock.sleep(10)
            desk.simulator.world.catch_up()

    meddle(desk, before=before)
    real, calls = recovery._sent, [0]

    def lost_once(*arguments: Any, **more: Any) -> recovery.Said:  # noqa: ANN401  StartRecovery's
        calls[0] += 1
        return (
            recovery.Unclear("InternalServerException", "nothing made") if calls[0] == 1 else real(*arguments, **more)
        )

    monkeypatch.setattr(recovery, "_sent", lost_once)
    refused(lambda: desk.start_wave(group_id))
    desk.clock.sleep(SILENCE)
    answer = desk.start_wave(group_id)
    assert answer["jobIds"] == list(jobs(desk))[1:], "its own"
    assert in_aws(desk.simulator, ids[0]) == OTHER


@pytest.mark.parametrize("cause", ["nobody may look", "two jobs fit"])
def test_a_wave_of_which_nothing_can_be_seen_ends_with_its_claim(there: Office, cause: str) -> None:
    """As unknown: whoever reads it looks at DRS, and nothing is held or asked for ever."""
    desk, run = there.desk, there.start().until("start")
    if cause == "nobody may look":
        desk.simulator.fault(Fault("InternalServerException", "StartRecovery"))
        desk.simulator.fault(for_ever("AccessDeniedException", "DescribeJobs"))
    else:
        desk.simulator.world.knobs.job_speed = 1e9
        desk.simulator.fault(Fault("lost-answer", "StartRecovery"))
    run.turn()
    if cause == "two jobs fit":
        desk.clock.sleep(1)
        desk.simulator.world.catch_up()
        server = next(iter(next(iter(jobs(desk).values()))))
        desk.clients.client("drs").start_recovery(isDrill=True, sourceServers=[{"sourceServerID": server}])
    for _ in range(300):
        run.turn()
    assert run.end == "Failed"
    assert there.execution.done["0"].code == "LAUNCH_UNKNOWN"
    assert desk.stream(there.groups[0]).state.claim is None


def test_a_wave_that_was_cancelled_before_aws_had_it_is_not_sent_again(there: Office) -> None:
    run = there.start().until("start")
    there.desk.simulator.fault(Fault("InternalServerException", "StartRecovery"))
    run.turn()
    there.cancel()
    assert run.play().end == "Cancelled"
    assert (sent(there.desk), jobs(there.desk)) == (1, {})
    assert there.desk.stream(there.groups[0]).state.claim is None


def test_a_cancelled_wave_is_not_called_skipped_while_another_driver_may_still_start_it(there: Office) -> None:
    run = there.start().until("start")
    there.store.after = Death(1)
    with pytest.raises(Died):
        run.turn()
    there.store.after = Death(10**9)
    there.desk.clock.sleep(400)

    def cancelled_meanwhile() -> None:
        there.cancel()
        there.step("watch")

    there.store.meanwhile = cancelled_meanwhile
    there.step("watch")
    for _ in range(60):
        run.turn()
    done = there.execution.done["0"]
    assert (done.outcome == "skipped") == (not jobs(there.desk)), "what it says of the wave is true of AWS"


def test_a_group_that_a_worker_holds_is_waited_for(there: Office) -> None:
    """The worker takes turn after turn for three minutes; a recovery is not kept out by it."""
    desk, group_id = there.desk, there.groups[0]
    until = desk.clock.now() + timedelta(minutes=3)
    run = there.start(isDrill=False).until("start")
    desk.service.execute(
        group_id, parse(ask.ApplyLaunchConfigs, {"groupId": group_id, "force": True}), by_system("Apply")
    )
    desk.service.execute(group_id, StartApply("w", until), by_system("StartApply"))
    assert run.play().end == "Completed"
    assert desk.clock.now() >= until


def test_between_its_turns_a_worker_leaves_room_for_a_wave_that_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first call takes longer than a turn; before the next turn it sleeps longer than a wave does."""
    group_id, slept, calls = desk.create(respondAsync=True), list[float](), list[str]()
    sleep = desk.clock.sleep

    def long(operation: str) -> None:
        calls.append(operation)
        if len(calls) == 1:
            sleep(TURN.total_seconds() + 1)

    def counted(seconds: float) -> None:
        slept.append(seconds)
        sleep(seconds)

    meddle(desk, after=long)
    monkeypatch.setattr(desk.clock, "sleep", counted)
    pump(replace(desk.service, sleep=counted), group_id, desk.service.after(600))
    assert COURTESY in slept


@pytest.mark.parametrize("waves", [1, 8, 50])
def test_all_looks_of_an_execution_together_are_within_what_step_functions_counts(waves: int) -> None:
    """A wave that runs for a day, looked at as seldom as the rule says; eleven events a look, 25,000 in all."""
    total, elapsed = 0, 0.0
    while elapsed < 24 * 3600:
        elapsed += max(1, int(elapsed * waves / LOOKS))
        total += 1
    assert total * waves * 11 < 25_000 - 20 * waves


@pytest.mark.parametrize("bad", [{"protectionGroupIds": ["pg-nope"]}, {"protectionGroupIds": ["pg-1", "pg-nope"]}])
def test_a_plan_with_a_wave_that_no_policy_can_start_launches_nothing(there: Office, bad: dict[str, Any]) -> None:
    run = there.start([{}, bad], isDrill=False, onFailure="continue").play()
    assert (run.end, jobs(there.desk)) == ("Failed", {})
    assert there.execution.checked
    assert there.execution.checked.shut


def test_whichever_attempt_of_a_pause_waits_is_told_to_go_on(there: Office) -> None:
    run = there.start([{"pauseBeforeWave": True}]).until("pause")
    run.turn()
    there.step("pause", taskToken="another attempt, slower")
    with pytest.raises(Refused):
        there.step("pause")
    there.resume()
    assert run.play().end == "Completed"
    assert "another attempt, slower" in there.machine.answers


def test_a_look_that_was_cut_short_goes_on_where_it_was(desk: Desk) -> None:
    desk.simulator.add_servers(27)
    group_id = desk.create(sourceServerIds=desk.simulator.server_ids())
    desk.clock.sleep(60)
    desk.simulator.fault(for_ever("drop", "GetLaunchConfiguration", server_id=desk.simulator.server_ids()[-1]))
    refused(lambda: desk.start_wave(group_id, liveCheck=True, budgetSeconds=5))
    mended(desk)
    since = len(desk.simulator.calls())
    assert desk.start_wave(group_id, liveCheck=True, budgetSeconds=120)["liveChecked"]
    assert asked(desk.simulator, since).count("GetLaunchConfiguration") < 10, "the others were looked at just now"


def test_a_claim_that_could_not_be_extended_is_tried_again_at_the_next_look(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.world.knobs.job_speed = 0.1
    desk.start_wave(group_id)
    desk.clock.sleep(29 * 60)
    desk.ask("update_protection_group", groupId=group_id, launchConfig=OTHER)
    desk.clock.sleep(61)
    worker = StartApply("w", desk.clock.now() + timedelta(seconds=75))
    desk.service.execute(group_id, worker, by_system("StartApply"))
    desk.watch()
    desk.service.execute(group_id, EndApply("w"), by_system("EndApply"))
    desk.watch()
    claim = desk.stream(group_id).state.claim
    assert claim
    assert claim.holds(desk.clock.now())
    since = len(desk.simulator.calls())
    pumped(desk, group_id)
    assert asked(desk.simulator, since) == []


def test_of_a_job_only_its_id_is_taken_for_granted() -> None:
    job = job_of({"jobID": "drsjob-1", "participatingServers": [{}, {"sourceServerID": "s-0123456789abcdef0"}]})
    assert (job.job_id, len(job.servers), job.completed) == ("drsjob-1", 1, False)


def test_keys_that_expire_where_the_role_is_assumed_are_no_crash() -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415  the cloud's own

    class Expired:
        def client(self, _service: str) -> Any:  # noqa: ANN401  a boto3 client
            raise ClientError(
                {"Error": {"Code": "ExpiredToken"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "AssumeRole"
            )

        def renew(self, _used: object) -> None:
            raise AssertionError("there is nothing to renew")

    said = recovery.start_recovery(Expired(), ("s-0123456789abcdef0",), is_drill=True)
    assert isinstance(said, recovery.Declined)
