"""What a group amounts to at a moment: computed when asked, for freshness passes without an event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from events.groups import Group, Server
from events.moments import FRESH_FOR, earliest

Status = Literal["not_configured", "pending", "failed", "ready"]
WHY = {"redefined": "REDEFINED", "forced": "FORCED", "stale": "STALE", "liveCheck": "LIVE_CHECK"}


def is_fresh(proved_at: datetime | None, now: datetime) -> bool:
    """Whether a read-back at `proved_at` still counts as proof."""
    return proved_at is not None and now < proved_at + FRESH_FOR


def server_status(server: Server, now: datetime) -> Status:
    """One server: failed is refused for good or out of attempts; pending is anything not proved."""
    if not server.wanted:
        return "not_configured"
    if server.failed:
        return "failed"
    return "ready" if server.proved and is_fresh(server.proved_at, now) else "pending"


def overall(statuses: Iterable[Status]) -> Status:
    """A group: pending if any server is, else failed if any is, else ready if anything is wanted at all."""
    found = set(statuses)
    order: tuple[Status, ...] = ("pending", "failed", "ready")
    return next((status for status in order if status in found), "not_configured")


def status(group: Group, now: datetime) -> Status:
    """The one word for a group at `now`."""
    return overall(server_status(server, now) for server in group.servers.values())


def why_pending(server: Server, now: datetime) -> str:
    """The reason code beside `pending`: what the server waits for."""
    if server.proved and not is_fresh(server.proved_at, now):
        return "STALE"
    if server.errors:
        return "RETRY_DUE"
    return WHY.get(server.reason, "NOT_YET_APPLIED")


def due(group: Group, now: datetime, *, failed_too: bool = False) -> tuple[str, ...]:
    """The servers to be applied now, in order of id. A wave counts the failed ones and waits for no backoff."""
    if not group.exists or (_away(group, now) and not failed_too):
        return ()
    return tuple(
        sorted(
            id_
            for id_, server in group.servers.items()
            if (
                (state := server_status(server, now)) == "pending"
                and (failed_too or not server.retry_at or server.retry_at <= now)
            )
            or (failed_too and state == "failed")
        )
    )


def stale(group: Group, now: datetime) -> tuple[str, ...]:
    """Those whose proof has run out since: their epoch must rise before they are done again."""
    return tuple(
        sorted(
            id_
            for id_, server in group.servers.items()
            if server.proved and not server.failed and not is_fresh(server.proved_at, now)
        )
    )


def next_due_at(group: Group, now: datetime) -> datetime | None:
    """When somebody must look at the group again, whatever happens; None if never."""
    if not group.exists:
        return None
    waiting = earliest(*(_due_at(server, now) for server in group.servers.values() if server.wanted))
    if waiting is None:
        return None
    holds = [hold.until for hold in (group.lease, group.claim) if hold and hold.holds(now)]
    backoff = [group.not_before] if group.not_before else []
    return max([waiting, *holds, *backoff])


def _away(group: Group, now: datetime) -> bool:
    return group.not_before is not None and now < group.not_before


def _due_at(server: Server, now: datetime) -> datetime | None:
    if server.failed:
        return None
    if server.proved and server.proved_at:
        return server.proved_at + FRESH_FOR
    return server.retry_at or now
