"""What the functions that work on waves are made of: made once a process, on the first request."""

import time
from datetime import UTC, datetime
from functools import cache

from commands import wiring
from commands.operations import context_of
from commands.waves.requests import StartWave
from commands.waves.start import Start, Waves
from events.callers import Caller


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def waves(account_id: str) -> Waves:
    """Waves of this deployment. Their own calls are counted apart from those that configure."""
    service = wiring.service(now, time.sleep, account_id)
    return Waves(service, cache(lambda target: wiring.calls(target, account_id, now, time.sleep)))


def start(account_id: str, request: StartWave, caller: Caller, requested_at: datetime) -> Start:
    """One request to start a wave."""
    before = wiring.configuration_calls()
    return Start(
        waves=waves(account_id),
        configuration_calls=lambda: wiring.configuration_calls() - before,
        request=request,
        context=context_of(request, caller),
        requested_at=requested_at,
    )
