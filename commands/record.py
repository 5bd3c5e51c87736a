"""From what AWS answered to facts: an outcome counts only for the epoch it was asked for."""

import hashlib
from datetime import datetime, timedelta

from commands.asked import Asked, renewed
from commands.outcomes import Fault, Outcome, Proved
from events import facts as f
from events import groups as g
from events import status

BUSY_FOR = timedelta(seconds=60)
"""A recovery job holds a server for minutes: no use in asking again sooner."""
PATIENCE = timedelta(hours=1)
_BACKOFF, _LONGEST, _DOUBLINGS = timedelta(seconds=5), timedelta(minutes=10), 7


def outcome_facts(group: g.Group, outcomes: tuple[Outcome, ...], asked: Asked) -> tuple[f.GroupFact, ...]:
    """One fact an outcome, and one for all servers that a refusal is meant for.

    A late outcome that had written to AWS makes its server due again.
    """
    meant_for_all = [one for one in outcomes if _meant_for_all(group, one)]
    own = [one for one in outcomes if one.wrote or one not in meant_for_all]
    proved = {one.server_id for one in outcomes if isinstance(one, Proved) and _current(group, one)}
    facts = (*(_fact(group, outcome) for outcome in own), *_for_all(group, meant_for_all, proved, asked.now))
    overwritten = sorted(
        fact.source_server_id
        for fact in facts
        if isinstance(fact, f.ServerConfigSuperseded) and fact.wrote and fact.source_server_id in group.servers
    )
    if not overwritten:
        return facts
    return (*facts, *renewed(tuple(overwritten), "superseded", asked))


def retry_at(server_id: str, attempt: int, at: datetime) -> datetime:
    """Exponential backoff with full jitter; the dice are the server and the attempt, so that it stays pure."""
    longest = min(_BACKOFF * float(2 ** min(attempt, _DOUBLINGS)), _LONGEST)
    die = hashlib.sha256(f"{server_id} {attempt} {at.isoformat()}".encode()).digest()
    return at + timedelta(seconds=1) + longest * (int.from_bytes(die[:4], "big") / 2**32)


def patient(moment: datetime, fault: Fault) -> datetime:
    """``moment``, or later if AWS asked for more patience; an hour of it at most."""
    return max(moment, fault.at + min(timedelta(seconds=fault.retry_after), PATIENCE))


def _meant_for_all(group: g.Group, outcome: Outcome) -> bool:
    """Whether AWS refused the account, or the role: for what is wanted now, which may have another role."""
    return isinstance(outcome, Fault) and outcome.kind == "group" and _current(group, outcome)


def _current(group: g.Group, outcome: Outcome) -> bool:
    server = group.servers.get(outcome.server_id)
    return server is not None and server.epoch == outcome.epoch


def _for_all(
    group: g.Group, refused: list[Outcome], proved: set[str], now: datetime
) -> tuple[f.GroupConfigFailed, ...]:
    """Whoever is still pending is failed by what was said first, and it is said once; so is each other code.

    The first stands last: it is what the group then shows.
    """
    faults = [one for one in refused if isinstance(one, Fault)]
    if not faults:
        return ()
    pending = status.due(group, now, failed_too=True)
    due = [id_ for id_ in pending if id_ not in proved and not group.servers[id_].failed]
    first, code_of = faults[0], {one.server_id: one.code for one in faults}
    others = {one.code: one for one in reversed(faults) if one.code != first.code}
    every = [*others.values(), first]
    said = ((one, [id_ for id_ in due if code_of.get(id_, first.code) == one.code]) for one in every)
    return tuple(_refused(fault, ids) for fault, ids in said if ids)


def _refused(fault: Fault, server_ids: list[str]) -> f.GroupConfigFailed:
    message = f.cut(fault.message, f.KEPT_TEXT)
    return f.GroupConfigFailed(
        source_server_ids=tuple(server_ids), code=f.cut(fault.code, 64), message=message, at=fault.at
    )


def _fact(group: g.Group, outcome: Outcome) -> f.GroupFact:
    server = group.servers.get(outcome.server_id)
    if server is None or server.epoch != outcome.epoch:
        return _superseded(outcome)
    if isinstance(outcome, Fault):
        return _failed(server, outcome)
    return _proved(server, outcome)


def _superseded(outcome: Outcome) -> f.ServerConfigSuperseded:
    fault = outcome if isinstance(outcome, Fault) else None
    return f.ServerConfigSuperseded(
        source_server_id=outcome.server_id,
        epoch=outcome.epoch,
        outcome=f.cut(fault.code, 64) if fault else "proved",
        wrote=outcome.wrote,
        wrote_at=outcome.wrote_at,
        message=f.cut(fault.message, f.KEPT_TEXT) if fault else "",
        at=fault.at if fault else None,
    )


def _proved(server: g.Server, outcome: Proved) -> f.ServerConfigApplied | f.ServerConfigVerified:
    """Reading again what was applied before, with nothing written, only renews the proof."""
    if not outcome.wrote and server.last_applied and server.config_hash == outcome.config_hash:
        return f.ServerConfigVerified(
            source_server_id=outcome.server_id,
            epoch=outcome.epoch,
            config_hash=outcome.config_hash,
            proved_at=outcome.at,
        )
    return f.ServerConfigApplied(
        source_server_id=outcome.server_id,
        epoch=outcome.epoch,
        config_hash=outcome.config_hash,
        proved_at=outcome.at,
        template_id=outcome.template_id,
        template_version=outcome.template_version,
        wrote=outcome.wrote,
        wrote_at=outcome.wrote_at,
    )


def _failed(server: g.Server, outcome: Fault) -> f.ServerConfigFailed:
    fate, again = _fate(server, outcome)
    return f.ServerConfigFailed(
        source_server_id=outcome.server_id,
        epoch=outcome.epoch,
        code=f.cut(outcome.code, 64),
        message=f.cut(outcome.message, f.KEPT_TEXT),
        at=outcome.at,
        fate=fate,
        retry_at=again,
        wrote=outcome.wrote,
        wrote_at=outcome.wrote_at,
    )


def _fate(server: g.Server, outcome: Fault) -> tuple[f.Fate, datetime | None]:
    """What becomes of the server, and when it is tried again; no moment: at once, or never."""
    if outcome.kind == "cut":
        return "outage", None
    spent = outcome.kind in {"permanent", "transient", "group"}
    attempt = server.attempts + spent
    if outcome.kind in {"permanent", "group"} or attempt >= g.MAX_ATTEMPTS:
        return "failed", None
    again = patient(retry_at(outcome.server_id, attempt, outcome.at), outcome)
    if outcome.kind == "busy":
        return "busy", again + BUSY_FOR
    return ("outage" if outcome.kind == "outage" else "retry"), again
