"""`launchConfigStatus` as the API shows it: one rendering for row, answers and time travel.

{status, lastApplied, appliedBy, serverConfigs: {<id>: {status, lastApplied, configHash, errors, ...}}, errors,
reasons, provedAt, freshUntil, counts}
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from events import status as rules
from events.groups import Error, Group, Server
from events.moments import FRESH_FOR, earliest, iso_seconds

Shown = dict[str, Any]
"""JSON, camelCase, times to the second."""
MAX_REASONS = 20
"""Reasons shown of a group, those of most servers: each of 500 may fail for one of its own, and a row has a size."""


def launch_config_status(group: Group, now: datetime) -> Shown:
    """What a group's status amounts to at ``now``."""
    applied = [(s.last_applied, s.applied_by) for s in group.servers.values() if s.last_applied]
    last_applied, applied_by = max(applied) if applied else (None, None)
    servers = {id_: _server(server, now) for id_, server in sorted(group.servers.items())}
    return {
        "status": "",
        "lastApplied": iso_seconds(last_applied),
        "appliedBy": applied_by,
        "serverConfigs": servers,
        "errors": _errors(group.errors),
    } | _summary(servers)


def at(shown: Shown, now: datetime) -> Shown:
    """The same status, judged at a later ``now``: a proof that has run out since counts no longer."""
    servers = {id_: _aged(server, now) for id_, server in shown["serverConfigs"].items()}
    return {**shown, "serverConfigs": servers} | _summary(servers)


def failures(shown: Shown) -> list[Shown]:
    """Each server that failed for itself, with what AWS said last: the `errors` of an apply's answer."""
    return [
        {"sourceServerId": id_, **server["errors"][0]}
        for id_, server in shown["serverConfigs"].items()
        if server["status"] == "failed" and "message" in next(iter(server["errors"]), {})
    ]


def _server(server: Server, now: datetime) -> Shown:
    status = rules.server_status(server, now)
    shown: Shown = {
        "status": status,
        "lastApplied": iso_seconds(server.last_applied),
        "configHash": server.config_hash or None,
        "errors": _errors(server.errors),
    }
    if server.proved:
        shown["provedAt"] = iso_seconds(server.proved_at)
    if status == "pending":
        shown["reason"] = rules.why_pending(server, now)
    return shown


def _aged(server: Shown, now: datetime) -> Shown:
    if server["status"] != "ready" or rules.is_fresh(_time(server["provedAt"]), now):
        return server
    return {**server, "status": "pending", "reason": "STALE"}


def _summary(servers: dict[str, Shown]) -> Shown:
    """What follows for the group from its servers."""
    counts = Counter(server["status"] for server in servers.values())
    statuses = cast("Iterable[rules.Status]", counts)
    proofs = [_time(server["provedAt"]) for server in servers.values() if server["status"] == "ready"]
    proved_at = earliest(*proofs)
    why = (server.get("reason") or _failed_code(server) for server in servers.values())
    reasons = Counter(reason for reason in why if reason)
    return {
        "status": rules.overall(statuses),
        "reasons": [{"reason": reason, "servers": n} for reason, n in sorted(reasons.most_common(MAX_REASONS))],
        "provedAt": iso_seconds(proved_at),
        "freshUntil": iso_seconds(proved_at and proved_at + FRESH_FOR),
        "counts": {
            "total": len(servers),
            "ready": counts["ready"],
            "pending": counts["pending"],
            "failed": counts["failed"],
            "notConfigured": counts["not_configured"],
        },
    }


def _failed_code(server: Shown) -> str:
    return server["errors"][0]["code"] if server["status"] == "failed" and server["errors"] else ""


def _errors(errors: tuple[Error, ...]) -> list[Shown]:
    return [{"code": e.code, **({"message": e.message, "at": iso_seconds(e.at)} if e.at else {})} for e in errors]


def _time(text: str) -> datetime:
    """A shown time; cut to the second, so a proof never lives longer for having been shown."""
    return datetime.fromisoformat(text)
