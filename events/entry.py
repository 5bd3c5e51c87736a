"""The one way into every function: an event becomes a request, is allowed or denied, answered, and shown as it may be.

Three ways in, one answer: API Gateway with a Cognito user, API Gateway with an IAM principal, a direct call. What an
operation is asked by, which right it needs and who answers it stands in one table per function.
Environment: PRINCIPAL_ROLES (JSON: ARN pattern to role) and DEFAULT_ROLE (none, or a role), see `events.roles`.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.callers import Access, Caller, direct_caller, http_caller, with_a_key_of
from events.doors import TOO_LARGE, Json, direct_fields, fits, http_fields, parse, query_fields
from events.errors import Refused
from events.model import Model
from events.redaction import redacted
from events.rest import Routes, response
from events.roles import Right, Role, default_roles, holders, may, principals
from events.telling import told

log = Logger()
OK = 200
KEY_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Asking:
    """Around one request: who asks, the function's context, and API Gateway's event if it came through that."""

    caller: Caller
    context: LambdaContext
    http: Mapping[str, Any] | None = None

    @property
    def account_id(self) -> str:
        """The account that the function runs in, by its own ARN."""
        return self.context.invoked_function_arn.split(":")[4]


@dataclass(frozen=True, slots=True)
class Operation:
    """What may be asked under a name. ``routes``: ``"POST /waves"``; ``fields`` and ``status`` are HTTP's own."""

    name: str
    model: type[Model]
    right: Right
    answer: Callable[[Any, Asking], Json]
    routes: tuple[str, ...] = ()
    status: Callable[[Json], int] = lambda _answer: OK
    fields: Callable[[Json, Mapping[str, Any]], Json] = lambda fields, _event: fields


def entry(operations: Iterable[Operation], elsewhere: str = "") -> Callable[[object, LambdaContext], Json]:
    """A Lambda handler. ``elsewhere`` says to a direct caller which function answers what this one does not know."""
    table = {operation.name: operation for operation in operations}
    routes = Routes((route, operation.name) for operation in table.values() for route in operation.routes)

    def handler(event: object, context: LambdaContext) -> Json:
        if isinstance(event, dict) and _came_over_http(event):
            answer = response(*_over_http(table, routes, event, context))
            return answer if fits(answer) else response(413, TOO_LARGE.body())
        answer = _directly(table, event, context, elsewhere)
        return answer if fits(answer) else TOO_LARGE.body()

    return handler


def _came_over_http(event: Mapping[str, Any]) -> bool:
    """As API Gateway sends it, always; whoever calls directly may say anything."""
    texts = all(isinstance(event.get(said), str) for said in ("httpMethod", "path"))
    return texts and isinstance(event.get("headers"), dict | None)


def _directly(table: Mapping[str, Operation], event: object, context: LambdaContext, elsewhere: str) -> Json:
    try:
        fields = direct_fields(event)
        operation = _named(table, fields.pop("operation", None), elsewhere)
        caller = direct_caller(fields, context.aws_request_id)
        _allowed(operation, caller)
        return _answered(operation, fields, Asking(caller, context))
    except Exception as error:  # noqa: BLE001  a direct caller is answered with the same shape, whatever happens
        return told(error).body()


def _named(table: Mapping[str, Operation], name: object, elsewhere: str) -> Operation:
    if isinstance(name, str) and name in table:
        return table[name]
    raise Refused("UNKNOWN_OPERATION", f"operation must be one of {', '.join(table)}{elsewhere}", field="operation")


def _over_http(
    table: Mapping[str, Operation], routes: Routes, event: Mapping[str, Any], context: LambdaContext
) -> tuple[int, Json]:
    roles: frozenset[Role] = frozenset()
    try:
        name, parameters = routes.match(event)
        operation = table[name]
        caller = http_caller(event, context.aws_request_id, _access())
        roles = caller.roles
        asking = Asking(caller, context, event)
        _allowed(operation, caller)
        answer = _answered(operation, operation.fields(_said(event, parameters), event), asking)
        return operation.status(answer), answer
    except Exception as error:  # noqa: BLE001  the one place where our errors become HTTP
        refused = told(error)
        return refused.status, redacted(refused.body(), roles)


def _said(event: Mapping[str, Any], parameters: Mapping[str, str]) -> Json:
    """What a query string says beside a body is not passed over: it may be a precondition."""
    asked = query_fields(event, parameters)
    if event["httpMethod"] == "GET":
        return asked
    body = http_fields(event, parameters)
    if twice := [key for key in {*asked} & {*body} - {*parameters} if asked[key] != body[key]]:
        raise Refused("INVALID_PARAMETER", f"{twice[0]}: the body says another; say it once", field=twice[0])
    return {**asked, **body}


def _allowed(operation: Operation, caller: Caller) -> None:
    """Before anything of the request is read, so that whoever may not is told that, and the log is, too."""
    if may(caller.roles, operation.right):
        return
    log.warning("denied", roles=sorted(caller.roles), **_who(operation, caller))
    who = " or ".join(holders(operation.right))
    raise Refused("FORBIDDEN", f"{operation.name} needs the role {who}: ask an admin for it", 403)


def _who(operation: Operation, caller: Caller) -> Json:
    return {"operation": operation.name, "via": caller.via, "actor": caller.actor, "key": caller.key[:KEY_SHOWN]}


def _answered(operation: Operation, fields: Json, asking: Asking) -> Json:
    with_a_key_of(asking.caller, fields)
    request = parse(operation.model, fields)
    log.info("asked", **_who(operation, asking.caller))
    answer: Json = redacted(operation.answer(request, asking), asking.caller.roles)
    return answer


@cache
def _access() -> Access:
    return Access(principals(os.environ.get("PRINCIPAL_ROLES", "")), default_roles(os.environ.get("DEFAULT_ROLE", "")))
