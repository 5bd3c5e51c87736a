"""A plan of waves runs by itself on the embedded cloud: the deployed state machine, and DRS on a clock of its own."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}
A_JOB = 600
"""Seconds in which a recovery job ends."""


def ready(cloud: Cloud, name: str, servers: list[str]) -> str:
    """A group, applied and proved; its id."""
    body = {"groupName": name, "sourceServerIds": servers, "launchConfig": SETTINGS}
    code, answer = cloud.request("POST", "/protection-groups", body)
    assert (code, answer["status"]) == (201, "ready")
    return str(answer["groupId"])


def plan(*groups: str, **more: object) -> Json:
    """A drill of one wave a group."""
    waves = [{"waveName": f"wave of {id_}", "protectionGroupIds": [id_]} for id_ in groups]
    return {"isDrill": True, "pollSeconds": 1, "waves": waves, **more}


def execution(cloud: Cloud, name: str) -> Json:
    _, answer = cloud.request("GET", f"/executions/{name}")
    return answer


def until(cloud: Cloud, name: str, word: str) -> Json:
    """The execution once it is `word`, while DRS's clock runs fast."""

    def look() -> Json | None:
        cloud.simulator.advance(A_JOB / 4)
        return found if (found := execution(cloud, name)).get("status") == word else None

    return cloud.until(look)


def machine(cloud: Cloud) -> str:
    return str(cloud.description["machines"]["ExecutionMachine"])


def ended(cloud: Cloud, name: str, arn: str = "") -> Json:
    """What Step Functions says of it, once it runs no more."""
    sfn, of = cloud.client("stepfunctions"), (arn or machine(cloud)).replace(":stateMachine:", ":execution:")

    def look() -> Json | None:
        found = sfn.describe_execution(executionArn=f"{of}:{name}")
        return dict(found) if found["status"] != "RUNNING" else None

    return cloud.until(look)


def states(cloud: Cloud, name: str) -> list[str]:
    """Every state it entered, in order."""
    arn = f"{machine(cloud).replace(':stateMachine:', ':execution:')}:{name}"
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    entered = [event.get("stateEnteredEventDetails") for page in pages for event in page["events"]]
    return [each["name"] for each in entered if each]


def started(cloud: Cloud, since: int) -> list[set[str]]:
    """The servers of every StartRecovery since."""
    calls = [call for call in cloud.simulator.calls(since) if call["operation"] == "StartRecovery"]
    return [set(call["serverIds"]) for call in calls]


def test_a_drill_of_three_waves_runs_to_its_end_with_a_pause_and_a_server_that_fails(cloud: Cloud) -> None:
    servers = cloud.take_servers(6)
    groups = [ready(cloud, f"Drilled {n}", servers[2 * n : 2 * n + 2]) for n in range(3)]
    nowhere = {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0123456789abcdef0"}]}
    cloud.simulator.edit(servers[2], template=nowhere)  # in the console, after the proof
    body = plan(*groups, executionId="drill-of-three", onFailure="continue")
    body["waves"][1]["pauseBeforeWave"] = True
    since = cloud.simulator.total()

    code, answer = cloud.request("POST", "/executions", body)
    assert (code, answer["status"], answer["joined"]) == (202, "running", False)
    paused = until(cloud, "drill-of-three", "paused")
    assert (paused["pausedBeforeWave"], len(started(cloud, since))) == (1, 1)
    assert paused["readiness"]["verdicts"] == ["go"] * 3
    assert cloud.request("POST", "/executions/drill-of-three/resume", {})[0] == 200
    done = until(cloud, "drill-of-three", "failed")

    assert [wave["status"] for wave in done["waves"]] == ["recovered", "partly", "recovered"]
    assert [(wave["launched"], wave["total"]) for wave in done["waves"]] == [(2, 2), (1, 2), (2, 2)]
    assert started(cloud, since) == [{*servers[0:2]}, {*servers[2:4]}, {*servers[4:6]}]
    assert (ended(cloud, "drill-of-three")["status"], states(cloud, "drill-of-three")[-1]) == ("FAILED", "Failed")
    _, wave = cloud.request("GET", "/waves/drill-of-three/1")
    assert wave["serverStatuses"][servers[2]] == {"launchStatus": "FAILED"}
    assert wave["serverStatuses"][servers[3]]["instanceType"] == SETTINGS["instanceType"]
    assert (wave["path"], wave["configurationCalls"], wave["status"]) == ("fast", 0, "partly")


def test_an_execution_started_again_under_its_name_is_joined_and_another_plan_is_refused(cloud: Cloud) -> None:
    group_id = ready(cloud, "Joined", cloud.take_servers(1))
    body, since = plan(group_id, executionId="joined"), cloud.simulator.total()

    answers = [cloud.request("POST", "/executions", body)[1] for _ in range(3)]
    done = until(cloud, "joined", "completed")
    code, after = cloud.request("POST", "/executions", body)
    refused, no = cloud.request("POST", "/executions", {**body, "isDrill": False})

    assert [answer["joined"] for answer in answers] == [False, True, True]
    assert len(started(cloud, since)) == 1
    assert (code, after["status"], after["endedAt"]) == (200, "completed", done["endedAt"])
    assert (refused, no["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert ended(cloud, "joined")["status"] == "SUCCEEDED"


def test_an_execution_cancelled_while_it_waits_starts_no_further_wave(cloud: Cloud) -> None:
    servers = cloud.take_servers(2)
    groups = [ready(cloud, f"Cancelled {n}", [id_]) for n, id_ in enumerate(servers)]
    body, since = plan(*groups, executionId="cancelled"), cloud.simulator.total()
    body["waves"][1]["pauseBeforeWave"] = True
    cloud.request("POST", "/executions", body)
    until(cloud, "cancelled", "paused")

    code, answer = cloud.request("POST", "/executions/cancelled/cancel", {})

    assert (code, answer["status"]) == (200, "cancelled")
    assert ended(cloud, "cancelled")["status"] == "FAILED"
    assert states(cloud, "cancelled")[-1] == "Cancelled"
    assert started(cloud, since) == [{servers[0]}]
    code, no = cloud.request("POST", "/executions/cancelled/resume", {})
    assert (code, no["error"]) == (409, "NOT_PAUSED")


def test_a_pause_that_nobody_ends_in_time_cancels_the_execution(cloud: Cloud) -> None:
    """The deployed state machine with a day cut to a second, started the way a person does in the console."""
    sfn, group_id = cloud.client("stepfunctions"), ready(cloud, "Paused and forgotten", cloud.take_servers(1))
    deployed = sfn.describe_state_machine(stateMachineArn=machine(cloud))
    definition = json.loads(deployed["definition"])
    definition["States"]["Pause"]["TimeoutSeconds"] = 1
    impatient = sfn.create_state_machine(
        name="impatient", definition=json.dumps(definition), roleArn=deployed["roleArn"]
    )["stateMachineArn"]
    body, since = plan(group_id), cloud.simulator.total()
    body["waves"][0]["pauseBeforeWave"] = True

    sfn.start_execution(stateMachineArn=impatient, name="forgotten", input=json.dumps(body))

    assert ended(cloud, "forgotten", impatient)["status"] == "FAILED"
    found = execution(cloud, "forgotten")
    assert (found["status"], found["reason"]) == ("cancelled", "nobody resumed it in time")
    assert started(cloud, since) == []


def test_an_execution_whose_run_has_died_is_taken_up_by_asking_for_it_again(cloud: Cloud) -> None:
    group_id = ready(cloud, "Died", cloud.take_servers(1))
    body, since = plan(group_id, executionId="died"), cloud.simulator.total()
    body["waves"][0]["pauseBeforeWave"] = True
    cloud.request("POST", "/executions", body)
    until(cloud, "died", "paused")
    sfn, run = cloud.client("stepfunctions"), f"{machine(cloud).replace(':stateMachine:', ':execution:')}:died"
    sfn.stop_execution(executionArn=run)

    _, answer = cloud.request("POST", "/executions", body)

    assert (answer["joined"], answer["status"]) == (True, "paused")
    cloud.until(lambda: sfn.describe_execution(executionArn=f"{run}-run2") or None)
    cloud.until(lambda: "Pause" in states(cloud, "died-run2") or None)
    cloud.request("POST", "/executions/died/resume", {})
    assert until(cloud, "died", "completed")["waves"][0]["status"] == "recovered"
    assert ended(cloud, "died-run2")["status"] == "SUCCEEDED"
    assert len(started(cloud, since)) == 1


def test_a_plan_that_cannot_be_run_is_refused_by_field_whichever_way_it_comes(cloud: Cloud) -> None:
    bad = {"isDrill": True, "waves": [{"protectionGroupIds": []}]}
    code, answer = cloud.request("POST", "/executions", {**bad, "executionId": "bad"})
    assert (code, answer["error"], answer["details"]["field"]) == (400, "MISSING_FIELD", "waves.0.protectionGroupIds")
    sfn = cloud.client("stepfunctions")
    sfn.start_execution(stateMachineArn=machine(cloud), name="bad", input=json.dumps(bad))
    assert ended(cloud, "bad")["status"] == "FAILED"
    assert states(cloud, "bad") == ["Open", "Next", "Step", "Failed"]
    assert execution(cloud, "bad")["error"] == "NOT_FOUND"


def test_the_platforms_own_event_starts_a_wave_and_its_poll_sees_it_through(cloud: Cloud) -> None:
    servers = cloud.take_servers(2)
    state = {
        "execution_id": "platform-1",
        "plan_id": "plan-9",
        "is_drill": True,
        "waves": [{"waveNumber": 0, "waveName": "First", "protectionGroupId": ready(cloud, "Platform", servers)}],
        "wave_results": [],
        "theirs": {"kept": [1, 2, 3]},
    }

    state = cloud.invoke("WavesFunction", {"action": "start_wave_recovery", "state": state, "wave_number": 0})
    assert (state["status"], state["wave_completed"], state["error"]) == ("running", False, None)
    assert {*state["server_ids"]} == {*servers}
    cloud.simulator.advance(A_JOB)
    state = cloud.invoke("WavesFunction", {"action": "poll_wave_status", "state": state})

    assert (state["wave_completed"], state["theirs"]) == (True, {"kept": [1, 2, 3]})
    [result] = state["wave_results"]
    assert result["status"] == "COMPLETED"
    assert {each["launchStatus"] for each in result["serverStatuses"]} == {"LAUNCHED"}


def test_a_claim_ends_with_its_job_though_nobody_asks_for_the_wave(cloud: Cloud) -> None:
    group_id = ready(cloud, "Let go", cloud.take_servers(1))
    cloud.request(
        "POST", "/waves", {"executionId": "let-go", "waveNumber": 0, "protectionGroupId": group_id, "isDrill": True}
    )
    assert cloud.request("DELETE", f"/protection-groups/{group_id}")[0] == 409
    cloud.simulator.advance(A_JOB)

    def deleted() -> bool | None:
        cloud.invoke("WatchFunction", {})  # what the schedule does every minute
        return cloud.request("DELETE", f"/protection-groups/{group_id}")[0] == 200 or None

    assert cloud.until(deleted)
    assert cloud.request("GET", "/waves/let-go/0")[1]["status"] == "recovered"


@pytest.fixture
def no_projector(cloud: Cloud) -> Any:  # noqa: ANN401  a generator
    """The projector stands still, and then goes on."""
    client = cloud.client("lambda")
    name = cloud.description["functions"]["ProjectorFunction"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@pytest.mark.usefixtures("no_projector")
def test_a_wave_and_readiness_are_right_while_the_projector_stands_still(cloud: Cloud) -> None:
    group_id = ready(cloud, "Unmirrored", cloud.take_servers(1))
    assert cloud.request("GET", f"/protection-groups/{group_id}")[0] == 404, "nobody reads it yet"

    _, answer = cloud.request("POST", "/readiness", {"waves": [{"protectionGroupIds": [group_id]}]})
    wave = {"executionId": "unmirrored", "waveNumber": 0, "protectionGroupIds": [group_id], "isDrill": True}
    code, started_ = cloud.request("POST", "/waves", wave)

    assert answer["go"] is True
    assert (code, started_["path"], started_["configurationCalls"]) == (200, "fast", 0)
    assert cloud.invoke("WavesFunction", {"operation": "start_wave_recovery", **wave})["jobIds"] == started_["jobIds"]


def test_eight_callers_at_once_start_one_job_on_the_real_table(cloud: Cloud) -> None:
    group_id, since = ready(cloud, "Eight at once", cloud.take_servers(2)), cloud.simulator.total()
    wave = {"operation": "start_wave_recovery", "executionId": "eight", "waveNumber": 0, "isDrill": True}

    def ask(_: int) -> Json:
        return cloud.invoke("WavesFunction", {**wave, "protectionGroupIds": [group_id]})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    jobs = {tuple(answer["jobIds"]) for answer in answers if "error" not in answer}
    assert len(jobs) == len(started(cloud, since)) == 1
    assert {answer["error"] for answer in answers if "error" in answer} <= {"WAVE_UNCLEAR"}
