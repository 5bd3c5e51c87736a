"""Directly: the functions invoked by name, as Step Functions and other functions do."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from botocore.config import Config
from botocore.session import Session

from local.command_line.aws import in_plain_words
from local.command_line.codes import Json
from local.command_line.refusals import Refusal, UsageError, refusal
from local.command_line.routes import ROUTES

FUNCTIONS = {route.function for route in ROUTES.values()}
_ONCE = Config(read_timeout=910, connect_timeout=10, retries={"total_max_attempts": 1})
"""A function runs 15 minutes at most; and nothing is invoked twice without anybody saying so."""


@dataclass(frozen=True)
class Direct:
    """``stack`` says which functions these are, if ``named`` does not; ``endpoint`` is AWS's own if None."""

    session: Session
    stack: str = ""
    named: Mapping[str, str] | None = None
    endpoint: str | None = None

    def ask(self, operation: str, fields: Json) -> Json:
        """The answer.

        Raises:
            Refusal: it is no, or there is none.
        """
        function = ROUTES[operation].function
        payload = {**fields, "operation": operation, "invokedBy": _who()}
        with in_plain_words(function):
            name = self._functions[function]
            answer = self._client("lambda").invoke(FunctionName=name, Payload=orjson.dumps(payload))
            body = orjson.loads(answer["Payload"].read() or b"{}")
        if answer.get("FunctionError"):
            told = body.get("errorMessage", body) if isinstance(body, dict) else body
            raise refusal("FUNCTION_FAILED", f"{name} raised: {told}; look at its log")
        if isinstance(body.get("error"), str) and "message" in body:
            raise Refusal(body)
        return dict(body)

    @cached_property
    def _functions(self) -> Mapping[str, str]:
        if self.named is not None:
            return self.named
        stacks = self._client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks[0].get("Outputs", [])}
        if missing := FUNCTIONS - {*outputs}:
            raise UsageError(f"the stack {self.stack} lacks the outputs {', '.join(sorted(missing))}: name another")
        return outputs

    def _client(self, service: str) -> Any:  # noqa: ANN401  botocore makes its clients when asked for them
        make: Any = self.session.create_client
        return make(service, endpoint_url=self.endpoint, config=_ONCE)


def functions(text: str) -> dict[str, str]:
    """Functions by logical name, from ``commands=NAME,queries=NAME,waves=NAME,executions=NAME``.

    Raises:
        UsageError: one is missing, or is none of these.
    """
    pairs = (part.partition("=") for part in text.split(","))
    found = {f"{key.strip().capitalize()}Function": name.strip() for key, _, name in pairs}
    if {*found} != FUNCTIONS or not all(found.values()):
        raise UsageError("name all four: --direct commands=NAME,queries=NAME,waves=NAME,executions=NAME")
    return found


def _who() -> str:
    """Who asks, as far as this machine says: it is recorded, and gives no right."""
    try:
        return f"command line of {getpass.getuser()}"
    except (OSError, KeyError):
        return "command line"
