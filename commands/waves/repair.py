"""As much applying as a wave's budget allows, of groups that are not ready."""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.claims import LookAgain
from commands.outcomes import OVER
from commands.pump import pump
from commands.service import GroupStream
from commands.waves.start import Start
from events import status
from events.groups import Group

JUST_NOW = timedelta(minutes=5)


def looked_at_again(start: Start, stream: GroupStream) -> GroupStream:
    """The group with all that is ready due again, but for what was looked at just now: an earlier try may have."""
    system = replace(start.context, command="LookAgain", via="system", causation_id=start.context.command_id)
    return start.service.execute(stream.state.group_id, LookAgain(start.requested_at - JUST_NOW), system)


def unready(group: Group, now: datetime) -> bool:
    """Whether it cannot be claimed at once: somebody holds it, or a server of it is not proved."""
    held = any(hold.holds(now) for hold in (group.lease, group.claim) if hold)
    return held or bool(status.due(group, now, failed_too=True))


def all_repaired(start: Start, groups: list[GroupStream], budget: datetime) -> list[GroupStream]:
    """Each group gets its share of the time that is left, so that none waits for one in trouble; then all of it."""
    once: list[GroupStream] = []
    for number, stream in enumerate(groups):
        now = start.service.now()
        share = max(budget - now, timedelta()) / (len(groups) - number)
        once.append(_repaired(start, stream, now + share, first=True))
    again = [_repaired(start, stream, budget, first=False) for stream in once] if len(groups) > 1 else once
    return [_let_land(start, stream) for stream in again]


def _let_land(start: Start, stream: GroupStream) -> GroupStream:
    """The group once no write of ours to it can land any more, so that it can be claimed."""
    now, lease = start.service.now(), stream.state.lease
    if lease and now < lease.until <= now + OVER:
        start.service.sleep((lease.until - now).total_seconds())
        return start.service.group(stream.state.group_id)
    return stream


def _repaired(start: Start, stream: GroupStream, budget: datetime, *, first: bool) -> GroupStream:
    """The group after as much applying as the wave's budget allows, waiting for backoffs and other workers' leases."""
    service, group_id = start.service, stream.state.group_id
    attempt = 0
    while unready(stream.state, service.now()) and service.now() < budget:
        if stream.state.claim and stream.state.claim.holds(service.now()):
            break
        before = stream.version
        stream = pump(service, group_id, budget, cause=start.context.command_id, wave="first" if first else "again")
        now, first = service.now(), first and stream.version == before
        if stream.state.lease and stream.state.lease.holds(now):
            attempt += 1
            service.pause(attempt + 5)
            continue
        again = status.next_due_at(stream.state, now)
        if again is None or again >= budget:
            break
        service.sleep(max((again - now).total_seconds(), 0.1))
    return stream
