"""One round of the door: up to a hundred servers, and what they share."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from commands.aws.calls import Calls, Data
from commands.aws.failures import FailedError, OutOfTimeError
from commands.aws.survey import Survey
from commands.aws.templates import Templates

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

    def snapshot(self, template_id: str) -> Data | None:
        """A template's default version as it was at ``began``, if all were read then."""
        with suppress(FailedError, OutOfTimeError):
            self.prefetched()
        return self.templates.snapshot(template_id)
