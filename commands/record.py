"""From what AWS answered to facts: an outcome counts only for the epoch it was asked for."""

import hashlib
from datetime import datetime, timedelta

from commands.outcomes import Fault, Outcome, Proved
from events import facts as f
from events import groups as g

_BACKOFF, _LONGEST, _DOUBLINGS = timedelta(seconds=5), timedelta(minutes=10), 7


def outcome_facts(group: g.Group, outcomes: tuple[Outcome, ...], actor: str) -> tuple[f.GroupFact, ...]:
    """One fact an outcome. A late one that had written to AWS makes its server due again."""
    facts = tuple(_fact(group, outcome) for outcome in outcomes)
    overwritten = sorted(
        fact.source_server_id
        for fact in facts
        if isinstance(fact, f.ServerConfigSuperseded) and fact.wrote and fact.source_server_id in group.servers
    )
    if not overwritten:
        return facts
    due = f.LaunchConfigsDue(source_server_ids=tuple(overwritten), reason="superseded", requested_by=actor)
    return (*facts, due)


def retry_at(server_id: str, attempt: int, at: datetime) -> datetime:
    """Exponential backoff with full jitter; the dice are the server and the attempt, so that it stays pure."""
    longest = min(_BACKOFF * float(2 ** min(attempt, _DOUBLINGS)), _LONGEST)
    die = hashlib.sha256(f"{server_id} {attempt} {at.isoformat()}".encode()).digest()
    return at + timedelta(seconds=1) + longest * (int.from_bytes(die[:4], "big") / 2**32)


def _fact(group: g.Group, outcome: Outcome) -> f.GroupFact:
    server = group.servers.get(outcome.server_id)
    if server is None or server.epoch != outcome.epoch:
        return f.ServerConfigSuperseded(
            source_server_id=outcome.server_id,
            epoch=outcome.epoch,
            outcome="proved" if isinstance(outcome, Proved) else outcome.code,
            wrote=outcome.wrote,
        )
    if isinstance(outcome, Fault):
        return _failed(server, outcome)
    return _proved(server, outcome)


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
    )


def _fate(server: g.Server, outcome: Fault) -> tuple[f.Fate, datetime | None]:
    attempt = server.attempts + (outcome.kind != "outage")
    if outcome.kind == "permanent" or attempt >= g.MAX_ATTEMPTS:
        return "failed", None
    again = retry_at(outcome.server_id, attempt, outcome.at)
    return ("outage" if outcome.kind == "outage" else "retry"), again
