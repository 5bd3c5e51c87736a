"""One row of the ProtectionGroups table: what the group says at a version, as the API shows it. Pure."""

from datetime import datetime
from typing import Any

import orjson

from events.commits import pack, unpack
from events.facts import GroupFact
from events.groups import Definition, Group
from events.model import canonical
from events.moments import iso, moment
from events.shown import launch_config_status
from events.status import next_due_at
from events.streams import GROUP, Stream

RENDERING = 3
"""Raise it with every change of this rendering."""
PROJECTION_VERSION = RENDERING * 100 + GROUP.fold_version
"""Rows of another rendering, or of another fold, are rendered again: once."""
DUE_SHARD, CLAIM_SHARD = "due", "claimed"
Row = dict[str, Any]


def render(stream: Stream[Group, GroupFact], now: datetime) -> Row:
    """The row for a stream that was folded to its head.

    `definition` is packed canonical JSON: with 500 servers and their overrides a native map would not fit beside
    the status. `recordedAt` is the head's, `projectedAt` is now: their difference is the lag. `hash` is the head's: by
    it the row bears witness to every commit so far.
    """
    now = moment(now)
    row: Row = {
        "groupId": stream.state.group_id or stream.stream_id.removeprefix("group#"),
        "version": stream.version,
        "hash": stream.head,
        "projectionVersion": PROJECTION_VERSION,
        "stateHash": stream.state_hash(),
        "recordedAt": stream.recorded_at,
        "projectedAt": iso(now),
    }
    group = stream.state
    if not group.exists or group.definition is None:
        return {**row, "deleted": True}
    status = launch_config_status(group, now)
    due = next_due_at(group, now)
    return {
        **row,
        "groupName": group.definition.group_name,
        "accountRegion": f"{group.definition.account_id}#{group.definition.region}",
        "region": group.definition.region,
        "accountId": group.definition.account_id,
        "description": group.definition.description,
        "definition": pack(canonical(group.whole().model_dump(mode="json", exclude_defaults=True))),
        "definedIn": group.defined_in,
        "launchConfigStatus": status,
        **{key: status[key] for key in ("status", "counts", "provedAt", "freshUntil")},
        **({"dueShard": DUE_SHARD, "nextDueAt": iso(due)} if due else {}),
        **_claimed(group),
    }


def _claimed(group: Group) -> Row:
    """Which wave holds it, until it lets go: also past `claimedUntil`, so that somebody looks what became of it."""
    claim = group.claim
    return {"claimShard": CLAIM_SHARD, "claimedBy": claim.by, "claimedUntil": iso(claim.until)} if claim else {}


def definition_of(row: Row) -> Definition:
    """The group's definition in a row, with its servers as they were said."""
    return Definition.model_validate_json(unpack(row["definition"]))


def definition_json(row: Row) -> dict[str, Any]:
    """The same as JSON: only what was said."""
    said: dict[str, Any] = orjson.loads(unpack(row["definition"]))
    return said
