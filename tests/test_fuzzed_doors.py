"""Whatever comes in through a door is answered, in one shape, with a code that docs/troubleshooting.md lists.

The handlers are called in this process, beside the deployed ones, with 2,400 events a run (`tests.fuzz`). None of them
can be done, so every call to AWS is watched, and none may write.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commands import app as commands
from commands.executions import app as executions
from commands.executions.requests import StepExecution
from commands.waves import app as waves
from events.errors import Refused
from queries import app as queries
from tests import fuzz
from tests.bench_cloud import BenchCloud as Cloud
from tests.fuzz import ADMIN, APPS, DATES, EXECUTION, NAME, NOBODY, PLAN, SERVER, junk
from tests.test_launch_config_invocation_methods import LambdaContext

Json = dict[str, Any]
TABLE = Path(__file__).parents[1].joinpath("docs", "troubleshooting.md").read_text()
DOCUMENTED = {
    code: {int(status) for status in statuses.split(",")}
    for codes, statuses in re.findall(r"^\| (.*?) \| ([0-9, ]+) \|", TABLE, re.MULTILINE)
    for code in re.findall(r"`([A-Z_]+)`", codes)
}
LISTED = {*re.findall(r"`([A-Za-z_]+)`", TABLE)} - {"INTERNAL", "CORRUPT_STREAM"}
"""All codes that it has, AWS's too; but nothing that was sent may break anything."""
LONGEST = 20_000
"""Characters of a refusal: whatever was sent, not all of it comes back."""


def usual(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def calls(cloud: Cloud) -> Iterator[list[str]]:
    """What is taken stands; and the calls to AWS that this process makes from then on, except questions."""
    group = {"groupName": NAME, "sourceServerIds": [SERVER]}
    code, _ = cloud.request("POST", "/protection-groups", group, {"Prefer": "respond-async"})
    assert code in {201, 202}
    cloud.invoke("ExecutionsFunction", {"operation": "start_execution", "executionId": EXECUTION, **PLAN})
    cloud.until(lambda: cloud.request("GET", f"/executions/{EXECUTION}")[1].get("endedAt"))
    made: list[str] = []
    limits, call = cloud.description["tables"]["LimitTable"], BaseClient._make_api_call

    def watched(client: Any, operation: str, arguments: Json) -> Any:  # noqa: ANN401  boto3's own
        paces = arguments.get("TableName") == limits
        if not paces and not operation.startswith(("Query", "Get", "Describe", "BatchGet", "AssumeRole")):
            made.append(operation)
        return call(client, operation, arguments)

    with pytest.MonkeyPatch.context() as patch, cloud.environment():
        patch.setattr(BaseClient, "_make_api_call", watched)
        yield made


def refused(answer: Json) -> str:
    """The code of a refusal that is as every refusal is."""
    assert {"error", "message", "retryable"} <= {*answer} <= {"error", "message", "retryable", "details"}
    assert answer["error"] in LISTED, answer
    assert answer["message"]
    assert isinstance(answer["message"], str)
    assert isinstance(answer["retryable"], bool)
    assert len(json.dumps(answer)) < LONGEST
    return str(answer["error"])


def asked(app: Any, event: object, calls: list[str]) -> Json:  # noqa: ANN401  a module
    """What the handler answers, which has written nothing."""
    before = len(calls)
    answer: Json = app.handler(event, LambdaContext())
    json.dumps(answer)
    assert calls[before:] == []
    if "statusCode" in answer:
        body = json.loads(answer["body"])
        assert answer["statusCode"] < 400 or answer["statusCode"] in DOCUMENTED.get(refused(body), {400}), answer
    elif "error" in answer:
        refused(answer)
    return answer


CREATE = {"httpMethod": "POST", "path": "/protection-groups", "requestContext": ADMIN}


@usual(500)
@given(app=st.sampled_from(APPS), event=junk | st.fixed_dictionaries({"operation": junk}, optional={"body": junk}))
def test_any_json_is_answered(calls: list[str], app: Any, event: object) -> None:  # noqa: ANN401  a module
    asked(app, event, calls)


@usual(800)
@given(fuzz.direct_events())
def test_any_direct_request_is_answered(calls: list[str], event: tuple[Any, Json]) -> None:
    asked(*event, calls)


@usual(600)
@given(fuzz.http_events())
@example((commands, {"httpMethod": "POST", "path": "/waves", "headers": [], "multiValueHeaders": 7}))
@example((commands, {"httpMethod": "POST"}))
@example((commands, {**CREATE, "body": {"groupName": NAME}, "isBase64Encoded": True}))
def test_any_request_through_the_api_is_answered(calls: list[str], event: tuple[Any, Json]) -> None:
    asked(*event, calls)


@usual(300)
@given(action=st.sampled_from(["start_wave_recovery", "poll_wave_status"]) | junk, number=st.integers(-1, 3) | junk,
       state=fuzz.states() | junk)  # fmt: skip
@example([], 0, {})
@example("start_wave_recovery", "a" * 70_000, {})
def test_any_state_of_the_platform_comes_back_whole(
    calls: list[str], action: object, number: object, state: object
) -> None:
    before = len(calls)
    answer = waves.handler({"action": action, "wave_number": number, "state": state}, LambdaContext())
    json.dumps(answer)
    assert calls[before:] == []
    assert (answer["status"], answer["wave_completed"]) == ("failed", True), "nothing of it is anywhere"
    assert answer["error_code"] in LISTED
    refused({key: answer["launch_config"][key] for key in answer["launch_config"].keys() - {"status", "decision"}})
    said = {"wave_completed", "status", "error", "error_code", "launch_config"}
    kept = {key: value for key, value in state.items() if key not in said} if isinstance(state, dict) else {}
    assert json.dumps(answer | kept) == json.dumps(answer)


@usual(200)
@given(fuzz.fields_of("step_execution", StepExecution))
def test_any_step_is_refused_or_raised_for_the_state_machine_to_take_again(calls: list[str], fields: Json) -> None:
    before = len(calls)
    try:
        answer = waves.handler({**fields, "operation": "step_execution"}, LambdaContext())
    except Refused as error:
        assert error.status >= 500  # noqa: PT017  it may be raised, and may be not
        answer = {"next": "done", **error.body()}
    assert answer["next"] == "done"
    told = {key: answer[key] for key in answer.keys() - {"next", "waitSeconds", "ending"}}
    assert "error" not in answer or refused(told)
    assert {*calls[before:]} <= {"SendTaskSuccess"}


@pytest.mark.parametrize("much", ["1e999", "-1e999"])
def test_a_number_that_is_no_number_is_not_passed_over(calls: list[str], much: str) -> None:
    """JSON has it, Python reads infinity: an update that was to be for one version must not be for any."""
    event = {"operation": "update_protection_group", "groupId": NOBODY, "version": json.loads(much)}
    assert asked(commands, event, calls)["error"] == "INVALID_PARAMETER"


@pytest.mark.parametrize("as_of", DATES)
def test_a_moment_beyond_all_calendars_is_refused_or_before_everything(calls: list[str], as_of: str) -> None:
    event = {"operation": "get_launch_config_status", "groupId": NOBODY, "asOf": as_of}
    assert asked(queries, event, calls)["error"] in {"INVALID_PARAMETER", "NOT_FOUND"}


def test_a_server_is_in_the_path_where_one_is_and_in_no_body(calls: list[str]) -> None:
    fields = {"groupName": NAME, "sourceServerIds": [SERVER], "serverId": f"s-{'e' * 17}"}
    event = {"httpMethod": "POST", "path": "/protection-groups", "body": json.dumps(fields), "requestContext": ADMIN}
    answer = json.loads(asked(commands, event, calls)["body"])
    assert (answer["error"], answer["details"]["field"]) == ("UNKNOWN_FIELDS_PRESENT", "serverId")


def test_a_preference_that_a_question_does_not_have_is_ignored(calls: list[str]) -> None:
    event = {"httpMethod": "GET", "path": f"/protection-groups/{NOBODY}/resolve", "requestContext": ADMIN}
    assert asked(commands, {**event, "headers": {"Prefer": "respond-async"}}, calls)["statusCode"] == 404


MANY = [f"s-{number:017x}" for number in range(10_000)]
WIDE = [{"protectionGroupIds": [f"{wave:02}-{group:02}-{'g' * 58}" for group in range(90)]} for wave in range(50)]


GROUPS, SERVERS = "/protection-groups", f"/protection-groups/{NOBODY}/servers"
WAVE = {"executionId": "wide", "waveNumber": 0, "isDrill": True}
TOO_LARGE = [
    (commands, GROUPS, {"groupName": NAME, "description": "x" * 1_100_000}, "INVALID_PARAMETER description"),
    (commands, GROUPS, {"groupName": NAME, "x" * 1_100_000: 1}, f"UNKNOWN_FIELDS_PRESENT {'x' * 200}"),
    (commands, GROUPS, {"groupName": NAME, "sourceServerIds": MANY}, "QUOTA_EXCEEDED sourceServerIds"),
    (commands, SERVERS, {"sourceServerIds": MANY}, "QUOTA_EXCEEDED sourceServerIds"),
    (waves, "/readiness", {"waves": [{"sourceServerIds": MANY}]}, "QUOTA_EXCEEDED waves.0.sourceServerIds"),
    (waves, "/waves", {**WAVE, "protectionGroupIds": [NOBODY] * 10_000}, "INVALID_PARAMETER protectionGroupIds"),
    (executions, "/executions", {"executionId": "wide", "isDrill": True, "waves": WIDE}, "QUOTA_EXCEEDED waves"),
    (executions, "/executions", {"executionId": "long", "isDrill": True, "waves": WIDE * 2}, "INVALID_PARAMETER waves"),
]


@pytest.mark.parametrize("much", TOO_LARGE, ids=lambda much: f"{much[1]} {much[3][:40]}")
def test_what_is_too_large_is_refused_by_the_field_that_is(calls: list[str], much: tuple[Any, str, Json, str]) -> None:
    app, path, fields, said = much
    event = {"httpMethod": "POST", "path": path, "body": json.dumps(fields), "requestContext": ADMIN}
    answer = asked(app, event, calls)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], f"{body['error']} {body['details']['field']}") == (400, said)


def test_the_watch_sees_a_request_that_is_carried_out(calls: list[str]) -> None:
    commands.handler({"operation": "create_protection_group", "groupName": "Seen by the watch"}, LambdaContext())
    assert calls.pop() == "TransactWriteItems"
