"""What stands in the way of a wave, each kind of it said once, with the servers it is about. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.waves.job import BUSY, GONE, JOBS_AT_ONCE, SERVERS_AT_ONCE, Data, Job, offenders
from commands.waves.requests import PER_JOB
from events import status
from events.groups import MAX_SERVERS, Group, Server
from events.moments import FRESH_FOR, earliest, iso_seconds

WHAT = {
    "pending": "{count} servers: to be applied and read back",
    "failed": "{count} servers: refused by AWS when last applied; mend the cause, then apply",
}
OFFENCES = {
    BUSY: "another recovery job holds them: wait for its end",
    GONE: "DRS knows no such servers: take them out of the group",
}
SHOWN = 20
"""Servers named with what blocks them; all are counted."""


@dataclass(frozen=True, slots=True)
class Block:
    """One reason why a wave would not start at once. ``repairable``: an apply takes it away, as far as is known."""

    code: str
    message: str
    group_id: str = ""
    servers: tuple[str, ...] = ()
    since: datetime | None = None
    repairable: bool = False

    def shown(self) -> dict[str, Any]:
        """As it is answered."""
        return {
            "code": self.code,
            "message": self.message,
            "groupId": self.group_id or None,
            "sourceServerIds": list(self.servers[:SHOWN]),
            "servers": len(self.servers),
            "since": iso_seconds(self.since),
            "repairable": self.repairable,
        }


def of_group(group: Group, servers: Iterable[str], now: datetime) -> Iterator[Block]:
    """A wave that launches it now, a worker that still writes to it, and servers that are not proved."""
    if group.claim and group.claim.holds(now):
        yield Block("PG_IN_ACTIVE_EXECUTION", f"wave {group.claim.by} launches it", group.group_id)
    if group.lease and group.lease.holds(now):
        applying = "its configurations are being applied: a wave waits for that"
        yield Block("LAUNCH_CONFIG_SYNC_IN_PROGRESS", applying, group.group_id, repairable=True)
    unproved: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id_ in servers:
        server, word = group.servers[id_], status.server_status(group.servers[id_], now)
        if word == "pending":
            unproved[word, status.why_pending(server, now)].append(id_)
        elif word == "failed":
            unproved[word, next((error.code for error in server.errors), "FAILED")].append(id_)
    for (kind, code), ids in sorted(unproved.items()):
        since = earliest(*(_since(group.servers[id_], now) for id_ in ids))
        message = WHAT[kind].format(count=len(ids))
        yield Block(code, message, group.group_id, tuple(ids), since, repairable=kind == "pending")


def _since(server: Server, now: datetime) -> datetime | None:
    """Since when it has not been proved."""
    if server.proved and server.proved_at and not status.is_fresh(server.proved_at, now):
        return server.proved_at + FRESH_FOR
    return server.due_since or earliest(*(error.at for error in server.errors))


def of_servers(ids: Iterable[str], servers: Mapping[str, Data], running: Iterable[Job]) -> Iterator[Block]:
    """Servers that DRS would refuse to launch, and a whole job with them."""
    running = list(running)
    found: dict[str, list[str]] = defaultdict(list)
    for one in offenders(ids, servers, running):
        found[one.reason].append(one.source_server_id)
    for reason, some in sorted(found.items()):
        if reason == BUSY:
            since = earliest(*(job.began for job in running if job.servers & {*some}))
        else:
            since = earliest(*(_last_seen(servers.get(id_, {})) for id_ in some))
        message = OFFENCES.get(reason, "DRS would refuse to launch them: mend their replication")
        yield Block(reason, f"{len(some)} servers: {message}", servers=tuple(some), since=since)


def _last_seen(server: Data) -> datetime | None:
    text = server.get("lifeCycle", {}).get("lastSeenByServiceDateTime")
    return datetime.fromisoformat(text) if text else None


def of_quota(servers: int, running: Iterable[Job]) -> Iterator[Block]:
    """DRS's quotas, none of which can be raised: of this wave alone, and with what runs now."""
    running = list(running)
    jobs, busy = -(-servers // PER_JOB), sum(len(job.servers) for job in running)
    if not servers:
        yield Block("EMPTY_WAVE", "there are no servers in it: add some first")
    elif servers > MAX_SERVERS:
        yield Block("QUOTA_EXCEEDED", f"{servers} servers; DRS recovers at most {MAX_SERVERS} at once: split the wave")
    elif len(running) + jobs > JOBS_AT_ONCE:
        yield Block("JOBS_QUOTA", f"{len(running)} of {JOBS_AT_ONCE} jobs run, and it needs {jobs} more")
    elif busy + servers > SERVERS_AT_ONCE:
        yield Block("SERVERS_QUOTA", f"{busy} of {SERVERS_AT_ONCE} servers are in jobs, and it has {servers} more")
