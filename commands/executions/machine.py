"""The door to Step Functions: the state machine that drives executions. Environment: STATE_MACHINE_ARN."""

import os
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from events.errors import Refused

RUNS_ALREADY = "ExecutionAlreadyExists"
WAITS_NO_MORE = {"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"}


class StateMachine:
    """The deployed one; see `commands.executions.room.Machine`."""

    def start(self, name: str, plan: bytes) -> None:
        """Lets it run under this name; no news if it does, or did."""
        arn = os.environ["STATE_MACHINE_ARN"]
        self._ask("StartExecution", {RUNS_ALREADY}, stateMachineArn=arn, name=name, input=plan.decode())

    def go_on(self, token: str, answer: bytes) -> None:
        """Tells a task that waits to go on; no news if it waits no more."""
        self._ask("SendTaskSuccess", WAITS_NO_MORE, taskToken=token, output=answer.decode())

    def _ask(self, operation: str, no_news: set[str], **arguments: str) -> None:
        try:
            getattr(_client(), xform_name(operation))(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] not in no_news:
                raise _unavailable(operation, error) from error
        except BotoCoreError as error:
            raise _unavailable(operation, error) from error


@cache
def _client() -> Any:  # noqa: ANN401  a boto3 client
    return boto3.client("stepfunctions")


def _unavailable(operation: str, error: Exception) -> Refused:
    why = f"Step Functions did not take {operation} ({type(error).__name__}): ask again, with the same executionId"
    return Refused("STATE_MACHINE_UNAVAILABLE", why, 503, retryable=True)
