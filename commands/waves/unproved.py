"""What a wave is told that does not start because servers are not proved: to mend them, or to ask again. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from events import status
from events.errors import Refused
from events.groups import Group

SOONEST = 5
"""Seconds before what is pending is worth another try."""


def not_ready(groups: Sequence[Group], now: datetime) -> Refused:
    """Of the first of these groups; of one that has failed, if any has.

    What AWS refused for good it refuses again, and each try applies it anew; what is only pending may be asked for.
    """
    failed = [group for group in groups if _failed(group, now)]
    group = next(iter([*failed, *groups]))
    unproved = status.due(group, now, failed_too=True)
    what = "mend and apply them" if failed else "they are pending: try again, they are applied meanwhile"
    later = {} if failed else {"retryable": True, "retryAfter": max(_due_in(one, now) for one in groups)}
    return Refused(
        "NOT_READY",
        f"{group.group_id}: {len(unproved)} servers are not proved ready; {what}, or start with onNotReady proceed",
        409,
        groupId=group.group_id,
        sourceServerIds=list(unproved),
        status=status.status(group, now),
        **later,
    )


def _failed(group: Group, now: datetime) -> bool:
    return any(status.server_status(server, now) == "failed" for server in group.servers.values())


def _due_in(group: Group, now: datetime) -> int:
    again = status.next_due_at(group, now) or now
    return max(ceil((again - now) / timedelta(seconds=1)), SOONEST)
