"""What applying a group would do, without doing it: nothing is written, to AWS or to the events."""

from dataclasses import replace
from datetime import datetime

from commands.outcomes import Plan, ServerPlan
from commands.pump import asks_for
from commands.requests import ApplyLaunchConfigs
from commands.service import Service
from events.doors import Json


def dry_run(service: Service, request: ApplyLaunchConfigs, deadline: datetime) -> Json:
    """The plan: per server the fields that would change (from, to) or why it would be refused; calls and seconds."""
    stream = service.group(request.group_id)
    group = stream.state
    wanted = sorted(id_ for id_, server in group.servers.items() if server.wanted)
    asks = [replace(ask, force=request.force) for ask in asks_for(group, wanted, service.now())]
    plan = service.door(group.whole().target).plan(asks, deadline) if asks else Plan()
    return {
        "groupId": group.group_id,
        "version": stream.version,
        "dryRun": True,
        "servers": [_server(server) for server in plan.servers],
        "changedServers": sum(bool(server.changes) and not server.errors for server in plan.servers),
        "refusedServers": sum(bool(server.errors) for server in plan.servers),
        "calls": dict(plan.calls),
        "totalCalls": sum(plan.calls.values()),
        "expectedSeconds": plan.seconds,
    }


def _server(server: ServerPlan) -> Json:
    return {
        "sourceServerId": server.server_id,
        "changes": [{"field": one.field, "from": one.found, "to": one.wanted} for one in server.changes],
        "errors": [{"code": code, "message": message} for code, message in server.errors],
        "calls": len(server.calls),
    }
