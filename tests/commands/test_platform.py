"""The platform's own events: its whole state comes back, changed as it expects, and nothing is ever raised."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import boto3
import pytest

from commands import app as commands_app
from commands import wiring
from commands.waves import app, parts, platform
from commands.waves.launch import SETTLE
from events.errors import Refused
from local.simulator.faults import Fault
from local.simulator.recovery import JOB_END
from local.simulator.simulator import Simulator
from tests.commands.bench import asked, for_ever, jobs, mended
from tests.commands.workers import limit_table
from tests.kit import SETTINGS, Desk

STRANGER = "s-0000000000000beef"
STEP_FUNCTIONS = 256 * 1024
KNOWN_LATER = {"instanceId", "privateIp", "instanceType", "launchTime"}
SHOWN = {"sourceServerId", "serverName", "hostname", "launchStatus"} | KNOWN_LATER
State = dict[str, Any]
OURS = {"wave_completed", "status", "error", "error_code", "wave_results", "launch_config"}
TOO_OURS = {"current_wave_number", "job_id", "region", "server_ids"}


def a_state(*waves: list[str], **more: Any) -> State:  # noqa: ANN401  JSON
    """The platform's state before a wave of these groups, with what we have never heard of."""
    named = [{"waveNumber": n, "waveName": f"Tier {n}", "protectionGroupIds": ids} for n, ids in enumerate(waves)]
    return {
        "plan_id": "plan-7", "execution_id": "5b0c-execution", "is_drill": True, "waves": named,
        "accountContext": {"accountId": "123456789012", "isCurrentAccount": True}, "total_waves": len(named),
        "current_wave_number": 0, "completed_waves": 0, "wave_completed": False, "status": "running",
        "wave_results": [], "job_id": None, "server_ids": [], "region": None, "error": None,
        "a key of next year": {"kept": ["as", 1, None]}, "paused_before_wave": None, **more,
    }  # fmt: skip


def theirs(state: State, ours: set[str] = OURS | TOO_OURS) -> State:
    return {key: value for key, value in state.items() if key not in ours}


def start(desk: Desk, state: State, number: int = 0, left: float = 300) -> State:
    """The state after `start_wave_recovery`; the call has so many seconds."""
    ends, asked_for = desk.service.after(left), desk.wave(**platform.request_of(state, number))
    return platform.start(asked_for, state, lambda: ends.timestamp() - desk.clock.now().timestamp())


def poll(desk: Desk, state: State, after: float = 0) -> State:
    """The state after `poll_wave_status`, so many seconds later."""
    desk.clock.sleep(after)
    asked_for = desk.wave(**platform.request_of(state, state["current_wave_number"]))
    return platform.poll(asked_for, state)


def test_the_whole_state_comes_back_with_what_the_platform_looks_for(desk: Desk) -> None:
    """The plan's own copy of the servers is of last week: the groups count."""
    one, *others = desk.simulator.server_ids()
    groups = [desk.create("One", sourceServerIds=[one]), desk.create("Others", sourceServerIds=others)]
    waves = [{"waveName": "Tier 0", "protectionGroupIds": groups, "serverIds": [one, STRANGER]}]
    before = a_state(waves=waves)
    state = start(desk, before)
    assert before == a_state(waves=waves), "the caller's own copy is not touched"
    assert theirs(state) == theirs(before)
    [job_id], ids = jobs(desk), [one, *sorted(others)]
    assert (state["wave_completed"], state["status"], state["error"]) == (False, "running", None)
    assert (state["job_id"], state["region"], state["server_ids"]) == (job_id, "us-east-1", ids)
    [result], ours = state["wave_results"], state["launch_config"]
    assert (result["waveNumber"], result["waveName"], result["status"]) == (0, "Tier 0", "STARTED")
    assert (result["jobId"], result["serverIds"], result["region"]) == (job_id, ids, "us-east-1")
    assert (result["startTime"], {*result["serverStatuses"][0]}) == (int(desk.clock.now().timestamp()), SHOWN)
    assert (ours["status"], ours["configurationCalls"]) == ("ready", 0)
    assert ours["serverIdsDifference"] == {"onlyInPlan": [STRANGER], "onlyInGroups": sorted(others)}


def test_the_same_wave_asked_again_gives_the_same_state_and_one_result(desk: Desk) -> None:
    before = a_state([desk.create()])
    state = start(desk, before)
    assert [start(desk, each) for each in (before, state)] == [state, state]
    assert (len(state["wave_results"]), len(jobs(desk))) == (1, 1)


def test_it_is_polled_until_it_is_completed_and_then_shows_every_server(desk: Desk) -> None:
    state = start(desk, a_state([desk.create()]))
    state = poll(desk, poll(desk, state), 300)
    assert (state["wave_completed"], len(state["wave_results"])) == (False, 1)
    state = poll(desk, state, JOB_END)
    assert (state["wave_completed"], state["status"], state["error"]) == (True, "running", None)
    [result] = state["wave_results"]
    assert result["status"] == "COMPLETED"
    assert [one["sourceServerId"] for one in result["serverStatuses"]] == state["server_ids"]
    for one in result["serverStatuses"]:
        assert (one["launchStatus"], one["instanceType"]) == ("LAUNCHED", SETTINGS["instanceType"])
        assert all(one[key] for key in KNOWN_LATER)
    assert poll(desk, state) == state


@pytest.mark.parametrize(("missing", "word", "status"), [(1, "PARTIAL", "running"), (3, "FAILED", "failed")])
def test_servers_that_were_not_launched_are_an_error(desk: Desk, missing: int, word: str, status: str) -> None:
    group_id, victim = desk.create(onNotReady="proceed"), desk.simulator.server_ids()[0]
    desk.simulator.replication(victim, "DISCONNECTED")
    state = start(desk, a_state([group_id]))
    assert victim not in state["server_ids"]
    desk.simulator.withdraw("none" if missing == 1 else str(SETTINGS["instanceType"]))
    state = poll(desk, state, JOB_END + 1)
    assert (state["wave_completed"], state["status"], state["error_code"]) == (True, status, "SERVERS_NOT_LAUNCHED")
    assert (state["wave_results"][0]["status"], state["error"].split(" servers")[0]) == (word, f"{missing} of 3")


@pytest.mark.parametrize("error", ["lost-answer", "drop", "InternalServerException"])
def test_an_answer_that_was_lost_is_waited_for_inside_the_call(desk: Desk, error: str) -> None:
    desk.simulator.fault(Fault(error, "StartRecovery"))
    state = start(desk, a_state([desk.create()]))
    assert (state["wave_completed"], [state["job_id"]]) == (False, list(jobs(desk)))
    assert asked(desk.simulator).count("StartRecovery") == (1 if error == "lost-answer" else 2)


@pytest.mark.parametrize("taken", [True, False])
def test_a_wave_that_is_still_unclear_when_time_is_up_is_polled_to_its_end(desk: Desk, *, taken: bool) -> None:
    """To say that it has failed might be false: AWS may be launching it."""
    group_id = desk.create()
    desk.simulator.fault(Fault("lost-answer" if taken else "drop", "StartRecovery"))
    desk.simulator.fault(for_ever("drop", "DescribeJobs"))
    state = start(desk, a_state([group_id]))
    assert (state["wave_completed"], state["job_id"], bool(state["launch_config"]["unseen"])) == (False, None, True)
    state = poll(desk, state, SETTLE.total_seconds())
    assert (state["wave_completed"], len(state["wave_results"])) == (False, 1)
    mended(desk)
    state = poll(desk, state, SETTLE.total_seconds())
    assert (state["wave_completed"], [state["job_id"]]) == (False, [*jobs(desk)])
    assert "unseen" not in state["launch_config"]
    state = poll(desk, state, JOB_END + 1)
    assert (state["wave_completed"], state["error"], len(jobs(desk))) == (True, None, 1)


def test_what_became_of_a_wave_that_nobody_could_start_in_time_is_said(desk: Desk) -> None:
    desk.simulator.fault(for_ever("drop", "StartRecovery"))
    state = start(desk, a_state([desk.create()]))
    state = poll(desk, state, 30 * 60)
    assert (state["wave_completed"], state["status"], state["error_code"]) == (True, "failed", "CLAIM_EXPIRED")


def test_six_waves_of_500_servers_stay_within_what_step_functions_takes(desk: Desk) -> None:
    """As the Lambda runtime writes it: with a space after every colon and comma."""
    desk.simulator.add_servers(297)
    desk.simulator.add_servers(200, staging_account="900000000001")
    ids = desk.simulator.server_ids()
    wave = {"protectionGroupIds": [desk.create(launchConfig={})], "serverIds": ids}
    state = poll(desk, start(desk, a_state(waves=[wave] * 6)), JOB_END + 1)
    [result] = state["wave_results"]
    for waves, more in product(range(6), range(0, 60_000, 7_500)):
        earlier = [{**result, "waveNumber": n + 1} for n in range(waves)]
        told = poll(desk, {**state, "wave_results": [*earlier, result], "more": "x" * more})
        assert [each["jobIds"] for each in told["wave_results"]] == [result["jobIds"]] * (waves + 1)
        for each in (told, platform.failed(told, Refused("NOT_READY", "none is", sourceServerIds=ids))):
            assert len(json.dumps(each)) < STEP_FUNCTIONS
    assert len(state["wave_results"][0]["serverStatuses"]) == 500, "as long as there is room for it"


@dataclass(frozen=True)
class Context:
    """What the handler asks of Lambda's context."""

    aws_request_id: str = "lambda-1"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:waves"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def forget() -> None:
    """What a process makes once is made anew."""
    wiring._DOORS.clear()
    for made in (wiring.clients, wiring._accounts, wiring._dynamodb, parts.waves, commands_app._service):
        made.cache_clear()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """An account with the tables, in this process."""
    types, keys = {"streamId": "S", "version": "N"}, {"streamId": "HASH", "version": "RANGE"}
    with Simulator.in_process(servers=3) as simulator:
        forget()
        dynamodb = boto3.client("dynamodb", "us-east-1")
        dynamodb.create_table(
            TableName="events",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in types.items()],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        )
        place = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in {"EVENT_TABLE": "events", "LIMIT_TABLE": limit_table(dynamodb), **place}.items():
            monkeypatch.setenv(name, value)
        yield simulator
        forget()


def handled(state: object, action: str = "start_wave_recovery", number: object = 0) -> State:
    """What the handler answers the platform."""
    return app.handler({"action": action, "state": state, "wave_number": number}, Context())  # type: ignore[arg-type]


def a_group(**fields: object) -> str:
    """A group made through the commands' own handler."""
    event = {"operation": "create_protection_group", "groupName": "Payments", "launchConfig": {}, **fields}
    return str(commands_app.handler(event, Context())["groupId"])  # type: ignore[arg-type]


def test_through_the_handler_a_wave_is_started_and_polled(aws: Simulator) -> None:
    state = handled(a_state([a_group(sourceServerIds=aws.server_ids())]))
    assert (state["wave_completed"], state["error"], state["server_ids"]) == (False, None, sorted(aws.server_ids()))
    aws.advance(JOB_END + 1)
    state = handled(state, "poll_wave_status")
    assert (state["wave_completed"], state["wave_results"][0]["status"]) == (True, "COMPLETED")


@pytest.mark.parametrize(
    ("broken", "number", "code"),
    [
        ({"waves": None}, 0, "INVALID_PARAMETER"), ({"waves": ["junk"]}, 0, "INVALID_PARAMETER"),
        ({}, 1, "INVALID_PARAMETER"), ({}, None, "INVALID_PARAMETER"), ({}, "0", "INVALID_PARAMETER"),
        ({"is_drill": "perhaps"}, 0, "INVALID_PARAMETER"), ({"execution_id": "a b"}, 0, "INVALID_PARAMETER"),
        ({"waves": [{"protectionGroupIds": 1}]}, 0, "INVALID_PARAMETER"), ({"waves": [{}]}, 0, "MISSING_FIELD"),
        ({"wave_results": "junk"}, 0, "NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_state_that_is_of_no_use_comes_back_failed(aws: Simulator, broken: State, number: object, code: str) -> None:
    before = a_state(["pg-unheard-of"], **broken)
    state = handled(before, number=number)
    assert (state["wave_completed"], state["status"], state["error_code"]) == (True, "failed", code)
    assert (theirs(state, OURS), aws.counts()) == (theirs(before, OURS), {})


def test_what_refuses_a_wave_is_told_and_not_raised(aws: Simulator) -> None:
    victim = aws.server_ids()[0]
    aws.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=victim))
    group_id = a_group(sourceServerIds=aws.server_ids(), launchConfig={"copyTags": True})
    state = handled(a_state([group_id]))
    assert (state["wave_completed"], state["error_code"]) == (True, "NOT_READY")
    assert (state["launch_config"]["status"], state["launch_config"]["decision"]) == ("failed", "refused")
    aws.world.faults.clear()
    aws.replication(victim, "DISCONNECTED")
    state = handled(a_state([group_id]))
    assert (state["wave_completed"], state["status"], state["error_code"]) == (True, "failed", "ConflictException")


@pytest.mark.usefixtures("aws")
def test_no_state_and_no_known_action_are_answered_too() -> None:
    none = handled("no state")
    assert (none["wave_completed"], none["status"], none["error_code"]) == (True, "failed", "MISSING_FIELD")
    assert handled(a_state([]), "launch_everything")["error_code"] == "UNKNOWN_OPERATION"
    assert handled(a_state([a_group()]), "poll_wave_status")["error_code"] == "NOT_FOUND"
