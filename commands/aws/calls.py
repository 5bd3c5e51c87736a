"""Every call to AWS: in time, at AWS's pace, with the target's own credentials, counted; and again where that is safe.

A throttled call did nothing and is sent again, when AWS says so. A read is sent again after any outage. A write that
was not answered may still land: it is never sent again here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from threading import Lock
from typing import Any, Protocol

from botocore import xform_name

from commands.aws.failures import EXPIRED, FailedError, OutOfTimeError, failure
from commands.aws.limiter import Limiter

TRIES, READ_TRIES = 6, 3
"""How often a call is sent at most; a read that is not answered less often: it may take a timeout each time."""
PAUSE = 0.5
"""Seconds of the first backoff at most; doubled with each try."""
READS = ("Get", "Describe", "List")
Data = dict[str, Any]


class Clients(Protocol):
    """Where clients come from: `commands.aws.accounts`, for one target."""

    def client(self, service: str) -> Any:  # noqa: ANN401  a boto3 client
        """The client of a service."""

    def renew(self, used: Any) -> None:  # noqa: ANN401  a boto3 client
        """The credentials of this client have expired."""


@dataclass
class Calls:
    """Calls to one account and Region. ``made`` counts what was sent."""

    clients: Clients
    limiter: Limiter
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    made: int = 0
    seconds: float = 0.0
    random: SystemRandom = field(default_factory=SystemRandom)
    _lock: Lock = field(default_factory=Lock)

    def __call__(
        self, service: str, operation: str, arguments: Mapping[str, Any], deadline: datetime, *, urgent: bool = False
    ) -> Data:
        """The answer.

        Raises:
            OutOfTimeError: the deadline came first; nothing was sent since.
            FailedError: it came to nothing, and why.
        """
        renewed = False
        for attempt in range(1, TRIES + 1):
            try:
                client = self._client(service, operation)
                self._wait(service, operation, deadline, urgent=urgent)
                return self._sent(client, service, operation, arguments)
            except FailedError as failed:
                if failed.code in EXPIRED and not renewed:
                    renewed = True
                elif attempt == TRIES or not self._again(service, operation, failed, attempt, deadline):
                    raise
        raise AssertionError("the last try returns or raises")

    def request(self, template: Data) -> Data:
        """A template's data without what EC2 answers but does not take (the model's own word for what it takes)."""
        model = self.clients.client("ec2").meta.service_model
        return dict(_only_known(template, model.shape_for("RequestLaunchTemplateData")))

    def ready(self) -> None:
        """Clients can be made: the role, if there is one, can be assumed. Asked once, before many would ask.

        Raises:
            FailedError: it cannot.
        """
        try:
            self.clients.client("drs")
        except Exception as error:
            raise failure("sts", "AssumeRole", error) from error

    def typical(self) -> float:
        """Seconds that a call has taken on average; 0 before the first."""
        return self.seconds / self.made if self.made else 0.0

    def _wait(self, service: str, operation: str, deadline: datetime, *, urgent: bool) -> None:
        """A limiter that cannot be asked is nobody's fault: nothing is sent, and it is asked again later."""
        try:
            self.limiter.wait(service, operation, deadline, urgent=urgent)
        except OutOfTimeError:
            raise
        except Exception as error:
            raise FailedError("outage", "LIMITS_UNAVAILABLE", f"the table of request limits: {error}") from error

    def _client(self, service: str, operation: str) -> Any:  # noqa: ANN401  a boto3 client
        """Before the last look at the clock, for a role may have to be assumed first, and that may take its time."""
        try:
            return self.clients.client(service)
        except Exception as error:
            failed = failure(service, operation, error)
            failed.answered = True  # the call itself was not sent
            raise failed from error

    def _sent(self, client: Any, service: str, operation: str, arguments: Mapping[str, Any]) -> Data:  # noqa: ANN401  a boto3 client
        """Sent once. Expired credentials are given up for the next time."""
        began = self.now()
        try:
            return self.send(client, operation, arguments)
        except Exception as error:
            failed = failure(service, operation, error)
            if failed.code in EXPIRED:
                self.clients.renew(client)
            raise failed from error
        finally:
            with self._lock:
                self.made += 1
                self.seconds += (self.now() - began).total_seconds()

    def send(self, client: Any, operation: str, arguments: Mapping[str, Any]) -> Data:  # noqa: ANN401  a boto3 client
        """One request and its answer: what a test may stand in front of."""
        return dict(getattr(client, xform_name(operation))(**arguments))

    def _again(self, service: str, operation: str, failed: FailedError, attempt: int, deadline: datetime) -> bool:
        """Whether it is safe and sensible to send it once more; then also the wait before that."""
        if failed.throttled:
            self.limiter.slow(service, operation, failed.retry_after)
        elif failed.kind != "outage" or not operation.startswith(READS) or attempt >= READ_TRIES:
            return False
        pause = max(self.random.uniform(0, PAUSE * 2 ** (attempt - 1)), failed.retry_after)
        if self.now() + timedelta(seconds=pause) >= deadline:
            return False
        self.sleep(pause)
        return True


def _only_known(value: Any, shape: Any) -> Any:  # noqa: ANN401  JSON and a botocore shape
    if shape.type_name == "structure":
        members = shape.members
        return {key: _only_known(one, members[key]) for key, one in value.items() if key in members}
    if shape.type_name == "list":
        return [_only_known(one, shape.member) for one in value]
    return value
