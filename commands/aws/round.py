"""One round of the door: up to a hundred servers, what they share, and what each must be before it is touched."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from commands.aws.calls import Calls, Data
from commands.aws.failures import FailedError, OutOfTimeError
from commands.aws.preflight import refusals
from commands.aws.survey import Survey
from commands.aws.templates import Templates
from commands.outcomes import Ask

Snapshot = Callable[[str], Data | None]
"""By template id, what its default version said at the beginning."""


@dataclass
class Round:
    """What the servers of one apply share."""

    calls: Calls
    call: Callable[[str, str, Data], Data]
    deadline: datetime
    began: datetime
    survey: Survey
    templates: Templates
    prefetched: Callable[[], None]

    def settle(self, ask: Ask) -> bool:
        """Waits until no write before can be hidden from a read by a lag; whether that was needed."""
        now = self.calls.now()
        if ask.settled_at is None or now >= ask.settled_at:
            return False
        self.calls.sleep((min(ask.settled_at, max(self.deadline, now)) - now).total_seconds())
        return True

    def snapshot(self, template_id: str) -> Data | None:
        """A template's default version as it was at ``began``, if all were read then."""
        with suppress(FailedError, OutOfTimeError):
            self.prefetched()
        return self.templates.snapshot(template_id)


def template_of(settings: Data) -> str:
    """The id of the launch template that DRS uses for a server, never known from before."""
    template_id = str(settings.get("ec2LaunchTemplateID") or "")
    if not template_id:
        raise FailedError("permanent", "NO_LAUNCH_TEMPLATE", "DRS names no launch template for this server")
    return template_id


def judge(ask: Ask, survey: Survey, version: Data | None) -> None:
    """Refuses what AWS would not launch, before anything is written."""
    found = list(refusals(ask, survey, (version or {}).get("LaunchTemplateData", {})))
    if found:
        raise FailedError("permanent", found[0].code, "; ".join(map(str, found)))
