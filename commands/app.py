"""Lambda entry for every command on a group: API Gateway (frontend and automation) and direct calls."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from commands import wiring
from commands.operations import OPERATIONS as REQUESTS
from commands.operations import GroupRequest, carry_out
from commands.requests import ResolveProtectionGroup
from commands.service import Service
from events.callers import http_headers
from events.doors import Json
from events.entry import Asking, Operation, entry
from events.errors import Refused

API_BUDGET = timedelta(seconds=25)
"""API Gateway gives up after 29 s: what is not applied by then goes on behind the queue, and the answer is 202."""
SPARE = timedelta(seconds=15)
"""Left of a direct call's time when its apply must stop: a call can hang, and an answer takes time."""
GROUP = "/protection-groups/{groupId}"
ROUTES = {
    "create_protection_group": "POST /protection-groups",
    "update_protection_group": f"PUT {GROUP}",
    "delete_protection_group": f"DELETE {GROUP}",
    "add_servers_to_group": f"POST {GROUP}/servers",
    "remove_servers_from_group": f"DELETE {GROUP}/servers/{{serverId}}",
    "apply_launch_configs": f"POST {GROUP}/apply-launch-configs",
    "resolve_protection_group": f"GET {GROUP}/resolve",
}


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _service(account_id: str) -> Service:
    return wiring.service(now, time.sleep, account_id)


def _answer(request: GroupRequest | ResolveProtectionGroup, asking: Asking) -> Json:
    left = timedelta(milliseconds=asking.context.get_remaining_time_in_millis()) - SPARE
    deadline = now() + (left if asking.http is None else API_BUDGET)
    return carry_out(_service(asking.account_id), request, asking.caller, deadline)


def _fields(said: Json, event: Mapping[str, Any]) -> Json:
    """What HTTP says in its own way: a server in the path, and not to wait."""
    if event["httpMethod"] == "DELETE" and "serverId" in said:
        if "sourceServerIds" in said:
            raise Refused("INVALID_PARAMETER", "sourceServerIds: the path names the server", field="sourceServerIds")
        said = {**said, "sourceServerIds": [said["serverId"]]}
        del said["serverId"]
    waits = event["httpMethod"] == "GET" or "respond-async" not in http_headers(event).get("prefer", "")
    return said if waits else {**said, "respondAsync": True}


def _created(answer: Json) -> int:
    return 202 if answer.get("status") == "pending" else 201


def _done(answer: Json) -> int:
    return 202 if answer.get("status") == "pending" else 200


OPERATIONS = tuple(
    Operation(
        name=name,
        model=model,
        right="view" if model is ResolveProtectionGroup else "operate",
        answer=_answer,
        routes=(ROUTES[name],),
        status=_created if name == "create_protection_group" else _done,
        fields=_fields,
    )
    for name, model in REQUESTS.items()
)
handler = entry(
    OPERATIONS,
    elsewhere="; questions go to the queries function, start_wave_recovery to the waves function",
)
