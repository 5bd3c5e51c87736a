"""The door to Step Functions: the state machine that drives executions. Environment: STATE_MACHINE_ARN."""

import os
from functools import cache
from typing import Any

import boto3
import orjson
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from events.doors import mapping
from events.errors import Refused

MACHINE, EXECUTION, RUNS = ":stateMachine:", ":execution:", 9
RUNS_ALREADY = "ExecutionAlreadyExists"
WAITS_NO_MORE = {"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"}


class StateMachine:
    """The deployed one; see `commands.executions.room.Machine`."""

    def start(self, name: str, plan: bytes) -> None:
        """Lets it run under this name; no news if it does. After a run that died it runs again, under a name beside."""
        arn = os.environ["STATE_MACHINE_ARN"]
        for run in (name, *(f"{name}-run{number}" for number in range(2, RUNS + 1))):
            if self._ask("StartExecution", {RUNS_ALREADY}, stateMachineArn=arn, name=run, input=plan.decode()):
                return
            there = self._ask("DescribeExecution", set(), executionArn=f"{arn.replace(MACHINE, EXECUTION)}:{run}")
            if there["status"] == "RUNNING" and _executed_by(there, run) == name:
                return
        raise Refused("QUOTA_EXCEEDED", f"{name} has died {RUNS} times: look at its runs in Step Functions", 409)

    def go_on(self, token: str, answer: bytes) -> None:
        """Tells a task that waits to go on; no news if it waits no more."""
        self._ask("SendTaskSuccess", WAITS_NO_MORE, taskToken=token, output=answer.decode())

    def _ask(self, operation: str, no_news: set[str], **arguments: str) -> dict[str, Any]:
        """The answer; empty if it is no news."""
        try:
            return dict(getattr(_client(), xform_name(operation))(**arguments))
        except ClientError as error:
            if error.response["Error"]["Code"] not in no_news:
                raise _unavailable(operation, error) from error
            return {}
        except BotoCoreError as error:
            raise _unavailable(operation, error) from error


def _executed_by(run: dict[str, Any], name: str) -> str:
    """The executionId of a run: as its input says, else the run's name. `X-run2` may be a run of X, or its own."""
    return str(mapping(orjson.loads(run.get("input") or "{}")).get("executionId") or name)


@cache
def _client() -> Any:  # noqa: ANN401  a boto3 client
    return boto3.client("stepfunctions")


def _unavailable(operation: str, error: Exception) -> Refused:
    why = f"Step Functions did not take {operation} ({type(error).__name__}): ask again, with the same executionId"
    return Refused("STATE_MACHINE_UNAVAILABLE", why, 503, retryable=True)
