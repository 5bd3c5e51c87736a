"""The door to Step Functions: a run under our name is ours if its input says so, and a run that died is run again."""

from collections.abc import Iterator
from typing import Any

import boto3
import orjson
import pytest
from botocore.stub import ANY, Stubber

from commands.executions import machine

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:preflight"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """AWS's own client and its model of answers; what it is asked, in order."""
    client = boto3.client("stepfunctions", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106  of nobody
    monkeypatch.setattr(machine, "_client", lambda: client)
    monkeypatch.setenv("STATE_MACHINE_ARN", ARN)
    with Stubber(client) as stubbed:
        yield stubbed
        stubbed.assert_no_pending_responses()


def started(steps: Stubber, name: str) -> None:
    answer = {"executionArn": f"{ARN}:{name}", "startDate": 0}
    steps.add_response("start_execution", answer, {"stateMachineArn": ARN, "name": name, "input": ANY})


def exists(steps: Stubber, name: str, status: str, plan: dict[str, Any]) -> None:
    steps.add_client_error("start_execution", "ExecutionAlreadyExists")
    arn = ARN.replace(":stateMachine:", ":execution:") + f":{name}"
    answer = {"executionArn": arn, "stateMachineArn": ARN, "name": name, "status": status, "startDate": 0}
    steps.add_response("describe_execution", {**answer, "input": orjson.dumps(plan).decode()}, {"executionArn": arn})


def test_a_name_that_another_executions_second_run_has_is_passed_over(steps: Stubber) -> None:
    exists(steps, "X-run2", "RUNNING", {"executionId": "X"})
    started(steps, "X-run2-run2")
    machine.StateMachine().start("X-run2", b'{"executionId":"X-run2"}')


def test_the_second_run_of_one_that_died_is_not_taken_for_the_execution_that_has_its_name(steps: Stubber) -> None:
    exists(steps, "X", "FAILED", {"executionId": "X"})
    exists(steps, "X-run2", "RUNNING", {"executionId": "X-run2"})
    started(steps, "X-run3")
    machine.StateMachine().start("X", b'{"executionId":"X"}')


def test_one_that_was_started_by_itself_has_the_name_of_its_run(steps: Stubber) -> None:
    exists(steps, "X", "ABORTED", {"executionId": "X"})
    exists(steps, "X-run2", "RUNNING", {"isDrill": True})
    started(steps, "X-run3")
    machine.StateMachine().start("X", b'{"executionId":"X"}')


@pytest.mark.parametrize("plan", [{"executionId": "X"}, {"isDrill": True}])
def test_what_runs_under_its_own_name_is_joined(steps: Stubber, plan: dict[str, Any]) -> None:
    exists(steps, "X", "RUNNING", plan)
    machine.StateMachine().start("X", b'{"executionId":"X"}')


def test_its_own_second_run_is_joined(steps: Stubber) -> None:
    exists(steps, "X", "TIMED_OUT", {"executionId": "X"})
    exists(steps, "X-run2", "RUNNING", {"executionId": "X"})
    machine.StateMachine().start("X", b'{"executionId":"X"}')
