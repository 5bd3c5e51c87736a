"""One request to start a wave, and what is done for it.

    on a ready group: one read, one claim, one StartRecovery, one append

The wave's own stream is its idempotency: whoever comes second, however late, is answered from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from commands.requests import StartWave
from commands.service import Service
from commands.waves.recovery import Recovery
from events.commits import Context
from events.groups import Target
from events.streams import WAVE, Stream, load
from events.waves import Wave, WaveClaimed, WaveFact

WaveStream = Stream[Wave, WaveFact]


@dataclass(frozen=True, slots=True)
class Start:
    """One request to start a wave, and what it works with."""

    service: Service
    recovery: Callable[[Target], Recovery]
    calls: Callable[[], int]
    request: StartWave
    context: Context
    requested_at: datetime

    @property
    def name(self) -> str:
        """The wave as its claim on a group names it."""
        return f"{self.request.execution_id}#{self.request.wave_number}"

    @property
    def group_ids(self) -> tuple[str, ...]:
        """The groups, each once."""
        return tuple(dict.fromkeys(self.request.protection_group_ids))

    def target(self, claim: WaveClaimed) -> Target:
        """Where a claimed wave launches; a claim of before there were several accounts says the Region only."""
        return claim.target or Target(account_id=self.service.account_id, region=claim.region)

    def stream(self) -> WaveStream:
        """The wave's own stream, as it is now."""
        return load(self.service.store, WAVE, self.request.execution_id, self.request.wave_number)
