"""A wave as its facts left it: which jobs run, which servers were dropped, what is still to be started."""

from typing import Any

from events.model import Model, ServerId
from events.moments import Moment
from events.waves import (
    ClaimExtended,
    LaunchResumed,
    RecoveryJobEnded,
    RecoveryJobStarted,
    RecoveryRefused,
    ServerLaunch,
    ServersDropped,
    ServersLaunching,
    WaveClaimed,
    WaveFact,
)


class Wave(Model):
    """A wave as its facts left it. `claim` is None before it was decided; jobs, drops and ends are by chunk."""

    claim: WaveClaimed | None = None
    claimed_until: Moment | None = None
    dropped: dict[str, ServersDropped] = {}
    jobs: dict[str, RecoveryJobStarted] = {}
    ended: dict[str, RecoveryJobEnded] = {}
    launches: dict[ServerId, ServerLaunch] = {}
    refused: RecoveryRefused | None = None

    def servers(self, chunk: int) -> tuple[str, ...]:
        """The servers of a chunk that are to be launched: those it was decided to, without those dropped since."""
        dropped = self.dropped.get(str(chunk))
        out = {offender.source_server_id for offender in dropped.servers} if dropped else set()
        return tuple(id_ for id_ in (self.claim.chunks[chunk] if self.claim else ()) if id_ not in out)

    @property
    def missing(self) -> tuple[int, ...]:
        """The chunks for which a job is still to be started."""
        chunks = range(len(self.claim.chunks)) if self.claim else ()
        return tuple(n for n in chunks if str(n) not in self.jobs and self.servers(n))

    @property
    def running(self) -> tuple[int, ...]:
        """The chunks whose job is not known to have ended."""
        return tuple(sorted(int(n) for n in self.jobs if n not in self.ended))

    @property
    def starting(self) -> bool:
        """Whether somebody still has to start something."""
        return self.claim is not None and not self.refused and (bool(self.missing) or not self.jobs)

    @property
    def over(self) -> bool:
        """Whether nothing of it is launched any more, nor will be."""
        return self.claim is not None and not self.starting and not self.running


def evolve(wave: Wave, fact: WaveFact) -> Wave:
    """``wave`` after ``fact``."""
    change: dict[str, Any]
    match fact:
        case WaveClaimed(until=until):
            change = {"claim": fact, "claimed_until": until}
        case LaunchResumed():
            change = {}
        case ServersDropped(chunk=chunk):
            change = {"dropped": {**wave.dropped, str(chunk): fact}}
        case RecoveryJobStarted(chunk=chunk):
            change = {"jobs": {**wave.jobs, str(chunk): fact}}
        case RecoveryRefused():
            change = {"refused": fact}
        case ServersLaunching(servers=servers):
            change = {"launches": {**wave.launches, **{server.source_server_id: server for server in servers}}}
        case RecoveryJobEnded(chunk=chunk):
            change = {"ended": {**wave.ended, str(chunk): fact}}
        case ClaimExtended(until=until):
            change = {"claimed_until": until}
    return wave.model_copy(update=change)
