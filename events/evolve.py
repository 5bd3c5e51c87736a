"""What each fact does to a group. It never refuses: it happened."""

from typing import Any

from events import facts as f
from events import groups as g

UNASKED = {"stale", "liveCheck", "superseded"}
"""Due without a request: what was said of the server before still stands, and no backoff is cut short."""


def evolve(group: g.Group, fact: f.GroupFact) -> g.Group:  # noqa: C901, PLR0911, PLR0912  one arm a fact
    """``group`` after ``fact``: pure, total, and the only interpretation there is."""
    match fact:
        case f.ProtectionGroupCreated(group_id=group_id):
            return _defined(g.Group(group_id=group_id), fact)
        case f.ProtectionGroupUpdated():
            return _defined(group, fact)
        case f.ServersAdded(servers=servers):
            joined = {server.source_server_id: _joined(group, server) for server in servers}
            return _wanting(_staying(group, {**group.servers, **joined}, fact.version))
        case f.ServersRemoved(source_server_ids=ids):
            staying = {id_: server for id_, server in group.servers.items() if id_ not in ids}
            return _staying(group, staying, fact.version)
        case f.ProtectionGroupDeleted():
            return _with(group, deleted=True, lease=None, claim=None, servers={})
        case f.LaunchConfigsDue():
            asked = {} if fact.reason in UNASKED else {"not_before": None, "errors": ()}
            return _with(_each(group, fact.source_server_ids, lambda server: _due(server, fact)), **asked)
        case f.ApplyStarted(lease_id=lease_id, until=until):
            return _with(group, lease=g.Hold(by=lease_id, until=until))
        case f.ApplyEnded():
            return _ended(group, fact)
        case f.ServerConfigApplied() | f.ServerConfigVerified():
            proved = _each(group, (fact.source_server_id,), lambda server: _proved(server, fact))
            return _with(proved, outages=0, not_before=None, errors=())
        case f.ServerConfigFailed():
            return _each(group, (fact.source_server_id,), lambda server: _failed(server, fact))
        case f.GroupConfigFailed():
            refused = _each(group, fact.source_server_ids, lambda server: _refused(server, fact))
            return _with(refused, errors=(_said(fact),))
        case f.ServerConfigSuperseded():
            return _each(group, (fact.source_server_id,), lambda server: _written(server, fact))
        case f.GroupClaimed(wave=wave, until=until):
            return _with(group, claim=g.Hold(by=wave, until=until))
        case f.GroupReleased(wave=wave):
            return _with(group, claim=None) if group.claim and group.claim.by == wave else group


def _with(group: g.Group, **changes: Any) -> g.Group:  # noqa: ANN401  fields of a group
    return group.model_copy(update=changes)


def _each(group: g.Group, ids: tuple[str, ...], change: Any) -> g.Group:  # noqa: ANN401  Server -> Server
    changed = {id_: change(group.servers[id_]) for id_ in ids if id_ in group.servers}
    return _with(group, servers={**group.servers, **changed})


def _defined(group: g.Group, fact: f.ProtectionGroupCreated | f.ProtectionGroupUpdated) -> g.Group:
    """Servers keep what is known of them; whether that still counts is for `LaunchConfigsDue` to say."""
    servers = {
        server.source_server_id: group.servers.get(server.source_server_id, _joined(group, server)).model_copy(
            update={"definition": server}
        )
        for server in fact.definition.servers
    }
    bare = fact.definition.model_copy(update={"servers": ()})
    return _wanting(_with(_staying(group, servers, fact.version), definition=bare))


def _joined(group: g.Group, definition: g.ServerDefinition) -> g.Server:
    """A new server, or one that comes back: nothing is known of it, and no epoch is used twice."""
    return g.Server(definition=definition, epoch=group.left_at)


def _staying(group: g.Group, servers: dict[str, g.Server], version: int) -> g.Group:
    """The group with these servers; the epochs of those that leave are over for good."""
    left = [server.epoch for id_, server in group.servers.items() if id_ not in servers]
    return _with(group, servers=servers, left_at=max(group.left_at, *left, 0), defined_in=version)


def _wanting(group: g.Group) -> g.Group:
    """Notes on each server whether anything is wanted of it now."""
    return _with(
        group,
        servers={
            id_: server.model_copy(update={"wanted": bool(group.wanted(id_))}) for id_, server in group.servers.items()
        },
    )


def _due(server: g.Server, fact: f.LaunchConfigsDue) -> g.Server:
    renewed = {"failed": False, "attempts": 0, "retry_at": None}
    asked = {} if fact.reason in UNASKED else {"errors": (), "requested_by": fact.requested_by}
    raised = {"epoch": server.epoch + 1, "reason": fact.reason, "due_since": server.due_since or fact.at}
    return server.model_copy(update={**renewed, **asked, **raised})


def _written(
    server: g.Server, fact: f.ServerConfigApplied | f.ServerConfigFailed | f.ServerConfigSuperseded
) -> g.Server:
    """Whatever became of it, and for whichever epoch: AWS was written to."""
    moments = [at for at in (server.wrote_at, fact.wrote_at) if at]
    return server.model_copy(update={"wrote_at": max(moments)}) if moments else server


def _proved(server: g.Server, fact: f.ServerConfigApplied | f.ServerConfigVerified) -> g.Server:
    if isinstance(fact, f.ServerConfigApplied):
        server = _written(server, fact)
    if fact.epoch != server.epoch:
        return server
    proof: dict[str, Any] = {
        "proved_epoch": fact.epoch, "proved_at": fact.proved_at, "config_hash": fact.config_hash,
        "failed": False, "attempts": 0, "retry_at": None, "errors": (), "due_since": None,
    }  # fmt: skip
    if isinstance(fact, f.ServerConfigApplied):
        proof |= {"last_applied": fact.proved_at, "applied_by": server.requested_by}
    return server.model_copy(update=proof)


def _failed(server: g.Server, fact: f.ServerConfigFailed) -> g.Server:
    server = _written(server, fact)
    if fact.epoch != server.epoch:
        return server
    return server.model_copy(
        update={
            "failed": fact.fate == "failed",
            "attempts": server.attempts + (fact.fate in {"failed", "retry"}),
            "retry_at": fact.retry_at,
            "errors": _remember(server.errors, _said(fact)),
            **({"proved_epoch": 0} if fact.wrote else {}),
        }
    )


def _refused(server: g.Server, fact: f.GroupConfigFailed) -> g.Server:
    """Failed with its group, whose error says why: here by its code alone."""
    why = g.Error(code=f.cut(fact.code, f.EARLIER_CODE))
    return server.model_copy(update={"failed": True, "retry_at": None, "errors": _remember(server.errors, why)})


def _said(fact: f.ServerConfigFailed | f.GroupConfigFailed) -> g.Error:
    return g.Error(code=fact.code, message=f.cut(fact.message, f.SHOWN_TEXT), at=fact.at)


def _remember(errors: tuple[g.Error, ...], newest: g.Error) -> tuple[g.Error, ...]:
    """The newest error first and in full; of earlier ones the code, one for each attempt that a server has."""
    codes = [f.cut(error.code, f.EARLIER_CODE) for error in errors]
    earlier = [code for code in codes if code != f.cut(newest.code, f.EARLIER_CODE)]
    return (newest, *(g.Error(code=code) for code in earlier[: g.MAX_ATTEMPTS - 1]))


def _ended(group: g.Group, fact: f.ApplyEnded) -> g.Group:
    if not group.lease or group.lease.by != fact.lease_id:
        return group
    if not fact.not_before:
        return _with(group, lease=None)
    away = g.Error(code=fact.code, message=f.cut(fact.message, f.SHOWN_TEXT), at=fact.at)
    return _with(group, lease=None, outages=group.outages + 1, not_before=fact.not_before, errors=(away,))
