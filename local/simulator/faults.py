"""Faults on demand: a queue; the first that suits a call strikes it.

Besides AWS's error codes (`ThrottlingException`, `RequestLimitExceeded`, `ConflictException` ...), which
are answered instead of an answer, there are
  latency      the call takes `seconds` longer, by the simulator's clock; so may every other fault. A client
               that gives up meanwhile has written all the same
  drop         the connection breaks before the service saw the call
  zombie       the connection breaks at once, and the call has its effect `seconds` later, by the simulator's clock
  lost-answer  the service does it, then the connection breaks
  lag          a read answers what was there before the last write (`Simulator.lag` for a lag of so many seconds)
  expired      the credentials are over, in the words of the service that is called
  tags-refused StartRecovery with tags is a ValidationException, as it once was on the real AWS
  warning      CreateLaunchTemplateVersion answers with a Warning that holds `message`
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from local.simulator.calls import Call
from local.simulator.errors import AwsError
from local.simulator.identities import expired

BEHAVIOURS = {"nothing", "latency", "drop", "zombie", "lost-answer", "lag", "tags-refused", "warning"}
STATUSES = {
    "ThrottlingException": 429,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
    "InternalServerException": 500,
    "InternalError": 500,
    "AccessDeniedException": 403,
    "UnauthorizedOperation": 403,
    "ExpiredToken": 403,
    "ExpiredTokenException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "ServiceQuotaExceededException": 402,
}


@dataclass
class Fault:
    """What strikes which calls, and how often; `times` None is until it is taken away.

    `rate` 0.1 spares nine calls of ten that it is meant for; which ones, `seed` decides.
    """

    error: str
    operation: str = "*"
    times: int | None = 1
    seconds: float = 0
    server_id: str | None = None
    account: str | None = None
    region: str | None = None
    message: str | None = None
    retry_after: int = 1
    rate: float = 1
    seed: int = 0

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)  # noqa: S311  # no secret: it shall repeat

    @property
    def delay(self) -> float:
        """The seconds that the client waits longer."""
        return 0 if self.error == "zombie" else self.seconds

    def strikes(self, call: Call) -> bool:
        """Whether it strikes this call. A call that names no server can be meant by any `server_id`."""
        meant = (
            self.operation in {"*", f"{call.service}:*", call.operation, call.name}
            and self.account in {None, call.account}
            and self.region in {None, call.region}
            and (self.server_id is None or not call.server_ids or self.server_id in call.server_ids)
        )
        return meant and (self.rate >= 1 or self._dice.random() < self.rate)

    def hides(self, server_id: str | None) -> bool:
        """Whether a read that lags hides the last write to this server."""
        return self.error == "lag" and self.server_id in {None, server_id}

    def refusal(self, service: str) -> AwsError | None:
        """The error that the service answers, if the fault is one."""
        if self.error in BEHAVIOURS:
            return None
        if self.error == "expired":
            return expired(service)
        more: dict[str, Any] = {}
        if self.error in {"ThrottlingException", "InternalServerException"}:
            more = {"retryAfterSeconds": self.retry_after}
        message = self.message or f"{self.error}, because the simulator was asked for it"
        return AwsError(self.error, message, STATUSES.get(self.error, 400), **more)


NOTHING = Fault("nothing")


class Faults:
    """The queue."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue one behind the others."""
        self._queue.append(fault)

    def take(self, call: Call) -> Fault:
        """The first that strikes this call; it has then struck once more. NOTHING if none does."""
        for fault in self._queue:
            if fault.strikes(call):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._queue.remove(fault)
                return fault
        return NOTHING

    def clear(self) -> None:
        """Take all away."""
        self._queue.clear()

    def __len__(self) -> int:
        return len(self._queue)
