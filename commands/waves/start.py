"""What a wave is worked with, and one request to start one.

    on a ready group: one read, one claim, one StartRecovery, one append

The wave's own stream is its idempotency: whoever comes second, however late, is answered from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from commands.aws.calls import Calls
from commands.service import Service
from commands.waves.jobs import Jobs
from commands.waves.requests import StartWave
from events.commits import Context
from events.groups import Target
from events.streams import WAVE, Stream, load
from events.wave_state import Wave
from events.waves import WaveClaimed, WaveFact

WaveStream = Stream[Wave, WaveFact]


@dataclass(frozen=True, slots=True)
class Waves:
    """The service, and calls to wherever waves launch."""

    service: Service
    aws: Callable[[Target], Calls]

    def stream(self, execution_id: str, wave_number: int) -> WaveStream:
        """A wave's own stream, as it is now; empty if it never started."""
        return load(self.service.store, WAVE, execution_id, wave_number)

    def calls(self, stream: WaveStream) -> Calls:
        """To where a claimed wave launches; a claim of before there were several accounts says the Region only."""
        claim = claim_of(stream)
        return self.aws(claim.target or Target(account_id=self.service.account_id, region=claim.region))

    def jobs(self, stream: WaveStream) -> Jobs:
        """What DRS shows there."""
        return Jobs(self.calls(stream))

    def append(self, stream: WaveStream, context: Context, *facts: WaveFact) -> WaveStream:
        """The stream with these facts.

        Raises:
            LostRace: somebody else wrote to it since it was read.
        """
        commit = stream.next(context, facts, self.service.now())
        self.service.store.append(commit)
        return stream.follow(commit)


@dataclass(frozen=True, slots=True)
class Start:
    """One request to start a wave. `configuration_calls` counts those of this process."""

    waves: Waves
    configuration_calls: Callable[[], int]
    request: StartWave
    context: Context
    requested_at: datetime

    @property
    def service(self) -> Service:
        """The service it is made of."""
        return self.waves.service

    @property
    def name(self) -> str:
        """The wave as its claim on a group names it."""
        return f"{self.request.execution_id}#{self.request.wave_number}"

    @property
    def following(self) -> Context:
        """As what follows from the request is recorded."""
        return replace(self.context, via="system")

    def stream(self) -> WaveStream:
        """The wave's own stream, as it is now."""
        return self.waves.stream(self.request.execution_id, self.request.wave_number)


def claim_of(stream: WaveStream) -> WaveClaimed:
    """A claimed wave's decision."""
    claim = stream.state.claim
    assert claim is not None  # noqa: S101  a wave's first fact is its claim
    return claim


def system(command: str, stream: WaveStream) -> Context:
    """As what a wave's watchers do is recorded: because of the request that started it."""
    key, cause = f"{command} {uuid4().hex}", claim_of(stream).claimed_by
    return Context(command=command, command_id=key, actor="system", via="system", causation_id=cause)
