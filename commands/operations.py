"""What each operation does, whichever door it came through: carry out, apply what is due, answer."""

from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from commands import requests as ask
from commands.definition.resolve import resolve
from commands.dry_run import dry_run
from commands.pump import pump
from commands.service import GroupStream, Service
from events import shown, status
from events.callers import Caller
from events.commits import Context, digest
from events.doors import Json
from events.model import canonical

GroupRequest = (
    ask.CreateProtectionGroup
    | ask.UpdateProtectionGroup
    | ask.DeleteProtectionGroup
    | ask.AddServers
    | ask.RemoveServers
    | ask.ApplyLaunchConfigs
)
R = TypeVar("R", bound=ask.Request)
OPERATIONS: dict[str, type[GroupRequest | ask.ResolveProtectionGroup]] = {
    "create_protection_group": ask.CreateProtectionGroup,
    "update_protection_group": ask.UpdateProtectionGroup,
    "delete_protection_group": ask.DeleteProtectionGroup,
    "add_servers_to_group": ask.AddServers,
    "remove_servers_from_group": ask.RemoveServers,
    "apply_launch_configs": ask.ApplyLaunchConfigs,
    "resolve_protection_group": ask.ResolveProtectionGroup,
}


def carry_out(
    service: Service, request: GroupRequest | ask.ResolveProtectionGroup, caller: Caller, deadline: datetime
) -> Json:
    """The decision recorded, then as much of the apply as the deadline allows; the rest goes on behind the queue."""
    if isinstance(request, ask.ResolveProtectionGroup):
        return resolve(service, request)
    if isinstance(request, ask.ApplyLaunchConfigs) and request.dry_run:
        return dry_run(service, request, deadline)
    context = context_of(request, caller)
    group_id = _group_id(service, request, context)
    stream = service.execute(group_id, request, context)
    if stream.state.deleted:
        return {"groupId": group_id, "deleted": True, "version": stream.version}
    if not request.respond_async and status.due(stream.state, service.now()):
        stream = pump(service, group_id, deadline, cause=context.command_id)
    return _answer(stream, request, service.now())


def context_of(request: ask.Request, caller: Caller) -> Context:
    """How the request is recorded. The key and the claimed name are not part of what was asked."""
    asked = request.model_dump(mode="json", exclude={"request_id", "invoked_by", "respond_async"}, exclude_unset=True)
    name = type(request).__name__
    return Context(
        command=name,
        command_id=request.request_id or caller.key,
        payload_hash=digest(canonical([name, asked])),
        actor=caller.actor,
        via=caller.via,
        correlation_id=caller.correlation_id,
    )


def _group_id(service: Service, request: GroupRequest, context: Context) -> str:
    """A new group's id follows from its key, so that a retried create is the same group."""
    if not isinstance(request, ask.CreateProtectionGroup):
        return request.group_id
    account, region = request.account_id or service.account_id, request.region or service.region
    key = canonical([account, region, _lasting(context.actor), context.command_id])
    return f"pg-{sha256(key).hexdigest()[:17]}"


def _lasting(actor: str) -> str:
    """A role without its session's name, which is another at every start: a retry is the same caller's."""
    return actor.rpartition("/")[0] if ":assumed-role/" in actor else actor


def _answer(stream: GroupStream, request: GroupRequest, now: datetime) -> Json:
    group = stream.state
    found = shown.launch_config_status(group, now)
    counts: dict[str, Any] = found["counts"]
    answer: Json = {
        "groupId": group.group_id,
        "status": found["status"],
        "appliedServers": counts["ready"],
        "failedServers": counts["failed"],
        "errors": [*found["errors"], *shown.failures(found)],
        "pendingServers": counts["pending"],
        "reasons": found["reasons"],
        "provedAt": found["provedAt"],
        "freshUntil": found["freshUntil"],
        "version": stream.version,
    }
    if isinstance(request, ask.ApplyLaunchConfigs):
        return answer
    name = group.definition.group_name if group.definition else ""
    return {**answer, "groupName": name, "launchConfigStatus": found}
