"""What surrounds every command, and the rules that many decisions share."""

from dataclasses import dataclass, field
from datetime import datetime

from commands.definition.selection import Seen
from events import facts as f
from events import groups as g
from events.errors import Refused


@dataclass(frozen=True, slots=True)
class Asked:
    """Around every command: when, by whom, and as which version of the stream it would be recorded.

    `seen`: the servers of DRS that were looked at for it, before anything is decided.
    """

    now: datetime
    actor: str
    version: int
    group_id: str
    region: str
    account_id: str
    seen: Seen = field(default_factory=dict)


Facts = tuple[f.GroupFact, ...]


def renewed(ids: tuple[str, ...], reason: g.Reason, asked: Asked) -> Facts:
    """The fact that these servers must be done anew, if there are any."""
    if not ids:
        return ()
    return (f.LaunchConfigsDue(source_server_ids=ids, reason=reason, requested_by=asked.actor, at=asked.now),)


def unchanged_since(group: g.Group, seen: int | None, asked: Asked) -> None:
    """A version is stale if the definition changed after it; outcomes recorded since do not matter."""
    if seen is None or group.defined_in <= seen < asked.version:
        return
    raise Refused(
        "VERSION_CONFLICT",
        "the group was changed since you read it: read it again, then decide again",
        409,
        field="version",
        expectedVersion=seen,
        currentVersion=asked.version - 1,
    )


def nobody_writes(group: g.Group, now: datetime) -> None:
    """Refuses while a worker or a wave may still touch the servers."""
    for code, hold, who in (
        ("LAUNCH_CONFIG_SYNC_IN_PROGRESS", group.lease, "its configurations are being applied"),
        ("PG_IN_ACTIVE_EXECUTION", group.claim, f"wave {group.claim.by if group.claim else ''} launches its servers"),
    ):
        if hold and hold.holds(now):
            raise Refused(
                code,
                f"{group.group_id}: {who}; try again later",
                409,
                groupId=group.group_id,
                retryable=True,
                retryAfter=int((hold.until - now).total_seconds()) + 1,
            )
