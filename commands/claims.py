"""What a wave asks of a group: that nobody write while it launches, for longer, no longer; or that AWS be looked at."""

from dataclasses import dataclass
from datetime import datetime

from commands.asked import Asked, Facts, nobody_writes, renewed
from events import facts as f
from events import groups as g
from events import status


@dataclass(frozen=True, slots=True)
class ClaimGroup:
    """A wave asks that nobody write to these servers until `until`."""

    wave: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ExtendClaim:
    """A wave whose job still runs keeps its claim, until a later `until`."""

    wave: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ReleaseGroup:
    """A wave gives its claim back."""

    wave: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """A wave wants AWS looked at, however fresh the proof; unless it was looked at for a wave since `since`."""

    since: datetime


ClaimCommand = ClaimGroup | ExtendClaim | ReleaseGroup | LookAgain


def claims(group: g.Group, command: ClaimCommand, asked: Asked) -> Facts:
    """The facts that follow; none for a claim that is another's.

    Raises:
        Refused: somebody writes to the servers, or another wave launches them.
    """
    match command:
        case ClaimGroup():
            nobody_writes(group, asked.now)
            return (f.GroupClaimed(wave=command.wave, until=command.until),)
        case ExtendClaim():
            return _extended(group, command, asked)
        case ReleaseGroup():
            return (f.GroupReleased(wave=command.wave),) if _claimed_by(group, command.wave) else ()
        case LookAgain():
            claimed = group.claim is not None and group.claim.holds(asked.now)
            ids = [id_ for id_, server in group.servers.items() if _not_looked_at(server, command.since, asked.now)]
            return () if claimed else renewed(tuple(sorted(ids)), "liveCheck", asked)


def _extended(group: g.Group, command: ExtendClaim, asked: Asked) -> Facts:
    """A claim that ran out is taken up again, unless somebody writes by now."""
    writing = group.lease is not None and group.lease.holds(asked.now)
    longer = group.claim is not None and group.claim.until < command.until
    if writing or not longer or not _claimed_by(group, command.wave):
        return ()
    return (f.GroupClaimed(wave=command.wave, until=command.until),)


def _not_looked_at(server: g.Server, since: datetime, now: datetime) -> bool:
    """Whether a server that is ready was proved for another reason than a wave's look, or long ago."""
    looked_at = server.reason == "liveCheck" and server.proved_at is not None and server.proved_at >= since
    return status.server_status(server, now) == "ready" and not looked_at


def _claimed_by(group: g.Group, wave: str) -> bool:
    return group.claim is not None and group.claim.by == wave
