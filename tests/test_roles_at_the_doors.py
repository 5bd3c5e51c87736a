"""Every route, every role: who may not is denied before anything is read, and the attempt is logged."""

import json
import logging
from typing import Any

import pytest

from commands import app as commands_app
from commands.executions import app as executions_app
from commands.waves import app as waves_app
from events import entry
from events.roles import RIGHTS
from queries import app as queries_app
from tests.bench_cloud import BenchCloud as Cloud
from tests.test_launch_config_invocation_methods import LambdaContext

Json = dict[str, Any]
HANDLERS = {"commands": commands_app, "executions": executions_app, "waves": waves_app, "queries": queries_app}
OPERATE, VIEW, AUDIT = {"operator", "admin"}, {*RIGHTS}, {"auditor", "admin"}
ROUTES = [
    ("commands", "POST", "/protection-groups", OPERATE),
    ("commands", "PUT", "/protection-groups/pg-1", OPERATE),
    ("commands", "DELETE", "/protection-groups/pg-1", OPERATE),
    ("commands", "POST", "/protection-groups/pg-1/servers", OPERATE),
    ("commands", "DELETE", "/protection-groups/pg-1/servers/s-0123456789abcdef0", OPERATE),
    ("commands", "POST", "/protection-groups/pg-1/apply-launch-configs", OPERATE),
    ("commands", "GET", "/protection-groups/pg-1/resolve", VIEW),
    ("waves", "POST", "/waves", OPERATE),
    ("waves", "POST", "/readiness", VIEW),
    ("executions", "POST", "/executions", OPERATE),
    ("executions", "POST", "/executions/exec-1/resume", OPERATE),
    ("executions", "POST", "/executions/exec-1/cancel", OPERATE),
    ("queries", "GET", "/protection-groups", VIEW),
    ("queries", "GET", "/protection-groups/pg-1", VIEW),
    ("queries", "GET", "/protection-groups/pg-1/launch-config-status", VIEW),
    ("queries", "GET", "/protection-groups/pg-1/servers/s-0123456789abcdef0/launch-config", VIEW),
    ("queries", "GET", "/waves/exec-1/0", VIEW),
    ("queries", "GET", "/executions/exec-1", VIEW),
    ("queries", "GET", "/protection-groups/pg-1/history", AUDIT),
    ("queries", "GET", "/audit-log", AUDIT),
    ("queries", "GET", "/verify", AUDIT),
]


Route = tuple[str, str, str, set[str]]


def asked(cloud: Cloud, route: Route, claims: Json | None) -> tuple[int, Json]:
    """Without `pathParameters`, as some callers send it."""
    handler, method, path, _ = route
    context = {"authorizer": {"claims": claims}} if claims else {}
    event = {"httpMethod": method, "path": path, "body": "{}", "requestContext": context}
    with cloud.environment():
        answer = HANDLERS[handler].handler(event, LambdaContext())  # type: ignore[attr-defined]
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("role", [*RIGHTS])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(route[1:3]))
def test_each_role_reaches_what_it_may_and_nothing_else(cloud: Cloud, route: Route, role: str) -> None:
    claims = {"cognito:username": "ada@example.com", "cognito:groups": f"[{role}]", "token_use": "id"}
    before = cloud.streams()
    status, body = asked(cloud, route, claims)
    assert (status == 403) == (role not in route[3]), body
    if status == 403:
        assert body["error"] == "FORBIDDEN"
        assert all(holder in body["message"] for holder in route[3])
    assert cloud.streams() == before, "whatever was refused wrote nothing"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(route[1:3]))
def test_nobody_reaches_anything_without_signing_in(cloud: Cloud, route: Route) -> None:
    assert asked(cloud, route, None)[0] == 401


def test_a_denied_attempt_is_logged_with_who_it_was(cloud: Cloud) -> None:
    claims = {"cognito:username": "eve@example.com", "cognito:groups": "DRSReadOnly"}
    heard: list[logging.LogRecord] = []
    ear = logging.Handler()
    ear.emit = heard.append  # type: ignore[method-assign]
    entry.log.addHandler(ear)
    asked(cloud, ROUTES[5], claims)
    [denied] = [record.__dict__ for record in heard if record.getMessage() == "denied"]
    assert (denied["actor"], denied["operation"]) == ("eve@example.com", "apply_launch_configs")
    assert denied["roles"] == ["viewer"]
