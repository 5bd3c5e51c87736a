"""The call log: every AWS call in the order in which it took effect, so that a test can say "none"."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from local.simulator.shapes import timestamp


@dataclass(frozen=True)
class Call:
    """One call. `status` is None when it never reached the service; `delivered` when its answer went out."""

    service: str
    operation: str
    account: str
    region: str
    request_id: str
    server_ids: tuple[str, ...] = ()
    template_id: str | None = None
    status: int | None = None
    error: str | None = None
    delivered: bool = True
    at: datetime | None = None
    number: int = 0

    @property
    def name(self) -> str:
        """`drs:UpdateLaunchConfiguration`."""
        return f"{self.service}:{self.operation}"

    def shape(self) -> dict[str, Any]:
        """As the control API shows it. `serverId` is there when the call was about exactly one server."""
        return {
            "number": self.number,
            "service": self.service,
            "operation": self.operation,
            "account": self.account,
            "region": self.region,
            "requestId": self.request_id,
            "status": self.status,
            "error": self.error,
            "delivered": self.delivered,
            "serverId": self.server_ids[0] if len(self.server_ids) == 1 else None,
            "serverIds": list(self.server_ids),
            "templateId": self.template_id,
            "time": timestamp(self.at) if self.at else None,
        }


THROTTLED = {"RequestLimitExceeded", "ThrottlingException"}


@dataclass
class CallLog:
    """Calls since the start, or since the log was last cleared."""

    _calls: list[Call] = field(default_factory=list)

    def record(self, call: Call, now: datetime) -> None:
        """Add a call that has just taken effect, or been lost."""
        self._calls.append(replace(call, at=now, number=len(self._calls) + 1))

    def since(self, number: int = 0) -> list[Call]:
        """The calls after the one with this number."""
        return self._calls[number:]

    def shape(self, since: int = 0) -> dict[str, Any]:
        """`total` counts all, and is the next `since`; the rest is of those after `since`."""
        calls = self.since(since)
        counts = Counter(call.name for call in calls)
        throttled = Counter(call.name for call in calls if call.error in THROTTLED)
        return {
            "total": len(self._calls),
            "counts": dict(sorted(counts.items())),
            "throttled": dict(sorted(throttled.items())),
            "calls": [call.shape() for call in calls],
        }

    def clear(self) -> None:
        """Forget them all."""
        self._calls.clear()
