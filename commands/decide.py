"""What follows from what is asked: state and request in, facts out. Touches nothing; the clock is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from commands import requests as ask
from commands.asked import Asked, Facts, nobody_writes, renewed, unchanged_since
from commands.claims import ClaimCommand, ClaimGroup, ExtendClaim, LookAgain, ReleaseGroup, claims
from commands.definition import define
from commands.outcomes import Outcome
from commands.record import outcome_facts
from events import facts as f
from events import groups as g
from events import status
from events.errors import Refused

COOL_DOWN = timedelta(minutes=1)
"""After a forced apply, before the next: each is five calls a server, of rates that a whole account shares."""


@dataclass(frozen=True, slots=True)
class StartApply:
    """A worker asks for the lease. `failed_too`: a wave, for which nothing is too late to try again."""

    lease_id: str
    until: datetime
    failed_too: bool = False


@dataclass(frozen=True, slots=True)
class RecordOutcomes:
    """A worker brings what AWS answered."""

    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class EndApply:
    """A worker gives the lease back.

    With `not_before`, because AWS as a whole was away; with `held_until`, only then,
    because a write of its that was never answered may still land.
    """

    lease_id: str
    held_until: datetime | None = None
    not_before: datetime | None = None
    code: str = ""
    message: str = ""


Command = (
    ask.CreateProtectionGroup
    | ask.UpdateProtectionGroup
    | ask.DeleteProtectionGroup
    | ask.AddServers
    | ask.RemoveServers
    | ask.ApplyLaunchConfigs
    | StartApply
    | RecordOutcomes
    | EndApply
    | ClaimCommand
)


def decide(group: g.Group, command: Command, asked: Asked) -> Facts:  # noqa: C901, PLR0911  one arm a command
    """The facts that follow; none if there is nothing to do.

    Raises:
        Refused: it cannot be done.
    """
    if isinstance(command, ask.CreateProtectionGroup):
        return () if group.definition else define.create(command, asked)  # its id follows from its key: a retry
    if not group.exists:
        raise Refused("NOT_FOUND", f"there is no protection group {asked.group_id}", 404, groupId=asked.group_id)
    match command:
        case ask.UpdateProtectionGroup():
            return define.update(group, command, asked)
        case ask.AddServers():
            return define.add(group, command, asked)
        case ask.RemoveServers():
            return define.remove(group, command, asked)
        case ask.DeleteProtectionGroup():
            unchanged_since(group, command.version, asked)
            nobody_writes(group, asked.now)
            return (f.ProtectionGroupDeleted(),)
        case ask.ApplyLaunchConfigs():
            return _apply(group, command, asked)
        case StartApply():
            return _lease(group, command, asked)
        case RecordOutcomes():
            return outcome_facts(group, command.outcomes, asked)
        case EndApply():
            return _end(group, command, asked)
        case ClaimGroup() | ExtendClaim() | ReleaseGroup() | LookAgain():
            return claims(group, command, asked)


def _apply(group: g.Group, command: ask.ApplyLaunchConfigs, asked: Asked) -> Facts:
    """Whatever is not ready is tried at once; what waits for its first try already needs no new epoch."""
    if command.force:
        _cooled_down(group, asked.now)
        return renewed(tuple(sorted(id_ for id_, s in group.servers.items() if s.wanted)), "forced", asked)
    stuck = [id_ for id_, s in group.servers.items() if s.wanted and (s.failed or s.errors or s.retry_at)]
    return renewed(tuple(sorted({*stuck, *status.stale(group, asked.now)})), "requested", asked)


def _cooled_down(group: g.Group, now: datetime) -> None:
    """Counted from the last that is known of what was forced: due, written, refused or proved."""
    forced = [server for server in group.servers.values() if server.reason == "forced"]
    signs = [sign for server in forced for sign in (server.due_since, server.wrote_at, server.proved_at, _told(server))]
    until = max([sign + COOL_DOWN for sign in signs if sign], default=now)
    if now >= until:
        return
    raise Refused(
        "COOLING_DOWN",
        f"{group.group_id} was forced less than a minute ago: try again later, or apply without force",
        429,
        groupId=group.group_id,
        field="force",
        retryable=True,
        retryAfter=int((until - now).total_seconds()) + 1,
    )


def _told(server: g.Server) -> datetime | None:
    return server.errors[0].at if server.errors else None


def _lease(group: g.Group, command: StartApply, asked: Asked) -> Facts:
    """The lease, if something is due and nobody else may be writing; a proof that ran out is due anew."""
    held = any(hold.holds(asked.now) for hold in (group.lease, group.claim) if hold)
    due = status.due(group, asked.now, failed_too=command.failed_too)
    if held or not due:
        return ()
    again = [id_ for id_ in due if command.failed_too and group.servers[id_].errors]
    stale = [id_ for id_ in status.stale(group, asked.now) if id_ not in again]
    return (
        *renewed(tuple(again), "wave", asked),
        *renewed(tuple(stale), "stale", asked),
        f.ApplyStarted(lease_id=command.lease_id, until=command.until),
    )


def _end(group: g.Group, command: EndApply, asked: Asked) -> Facts:
    if not group.lease or group.lease.by != command.lease_id:
        return ()
    message = f.cut(command.message, f.KEPT_TEXT)
    ended = f.ApplyEnded(lease_id=command.lease_id, at=asked.now, code=command.code, message=message)
    ended = ended.model_copy(update={"not_before": command.not_before})
    if command.held_until is None:
        return (ended,)
    return ended, f.ApplyStarted(lease_id=command.lease_id, until=command.held_until)
