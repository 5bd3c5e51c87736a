"""Every way into every function: one operation and its fields, asked through each, answered by a status and a body."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from commands import app as commands
from commands.executions import app as executions
from commands.waves import app as waves
from events.entry import Operation
from local.remote import told
from queries import app as queries
from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
APPS: dict[str, Any] = {
    "CommandsFunction": commands,
    "ExecutionsFunction": executions,
    "QueriesFunction": queries,
    "WavesFunction": waves,
}
"""Whoever is asked, and so whose tables say what may be asked."""
OPERATIONS: dict[str, tuple[str, Operation]] = {
    operation.name: (function, operation) for function, app in APPS.items() for operation in app.OPERATIONS
}
ROUTED = [name for name, (_, operation) in OPERATIONS.items() if operation.routes]
PATHS = {"groupId": "pg-nobody", "serverId": "s-0123456789abcdef0", "executionId": "never", "waveNumber": 0}
"""What a route must name, of things that are not there."""
ADMIN = {"cognito:username": "admin@example.com", "cognito:groups": "admin", "token_use": "id"}


@dataclass(frozen=True)
class Asked:
    """An operation on its way in, said as HTTP says it; a question's numbers are text then."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Json | None

    @property
    def url(self) -> str:
        """Path and query string."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def said(name: str, fields: Json) -> Asked:
    """By the route that the function's own table has for it."""
    left = dict(fields)
    if name == "remove_servers_from_group":
        [left["serverId"]] = left.pop("sourceServerIds")
    method, _, pattern = OPERATIONS[name][1].routes[0].partition(" ")
    path = re.sub(r"{(\w+)}", lambda part: quote(str(left.pop(part[1])), safe=""), pattern)
    if method == "GET":
        return Asked(method, path, {key: str(value) for key, value in left.items()}, None)
    return Asked(method, path, {}, left)


def named(operation: str) -> Json:
    """The fields that the operation's route has in its path, which stands for all that it cannot do without."""
    [route] = OPERATIONS[operation][1].routes
    fields = {name: value for name, value in PATHS.items() if f"{{{name}}}" in route}
    if operation == "remove_servers_from_group":
        fields["sourceServerIds"] = [fields.pop("serverId")]
    return fields


Way = Callable[[Cloud, str, Json], tuple[int, Json]]


def frontend(cloud: Cloud, name: str, fields: Json) -> tuple[int, Json]:
    """A person, signed in with Cognito."""
    asked = said(name, fields)
    return cloud.request_as(asked.method, asked.url, asked.body)


def automation(cloud: Cloud, name: str, fields: Json) -> tuple[int, Json]:
    """A program, signed with IAM."""
    asked = said(name, fields)
    return cloud.request(asked.method, asked.url, asked.body)


def bare_event(cloud: Cloud, name: str, fields: Json) -> tuple[int, Json]:
    """API Gateway's event as the requirement shows it: a path, but no `pathParameters`."""
    asked = said(name, fields)
    event: Json = {
        "httpMethod": asked.method,
        "path": asked.path,
        "queryStringParameters": dict(asked.query) or None,
        "headers": {"Authorization": "Bearer <cognito-token>"},
        "body": json.dumps(asked.body) if asked.body is not None else None,
        "requestContext": {"authorizer": {"claims": ADMIN}},
    }
    answer = cloud.invoke(OPERATIONS[name][0], event)
    return answer["statusCode"], told(answer["body"], answer["headers"])


def direct(cloud: Cloud, name: str, fields: Json) -> tuple[int, Json]:
    """Step Functions or another function; there is no status, so its own is told by what HTTP would say."""
    return _bare(name, cloud.invoke(OPERATIONS[name][0], {"operation": name, **fields}))


def direct_under_body(cloud: Cloud, name: str, fields: Json) -> tuple[int, Json]:
    """The platform's own style: commands under `body`, questions under `queryParams`."""
    under = "queryParams" if OPERATIONS[name][0] == "QueriesFunction" else "body"
    return _bare(name, cloud.invoke(OPERATIONS[name][0], {"operation": name, under: fields}))


WAYS: dict[str, Way] = {way.__name__: way for way in (frontend, automation, bare_event, direct, direct_under_body)}
HTTP = {"frontend", "automation", "bare_event"}


def _bare(name: str, answer: Json) -> tuple[int, Json]:
    assert "statusCode" not in answer, f"{name}: a direct answer is the bare dict"
    return 0, answer
