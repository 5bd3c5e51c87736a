"""Who calls, and what they may: by API Gateway's event, or by their own word, which is only recorded. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.doors import Json, mapping
from events.errors import Refused
from events.roles import EVERY_ROLE, Role, roles_of_groups, roles_of_principal

_TEXT = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, through which door, under which key, and what they may; a direct call's own word is only recorded.

    `keyed`: the key is theirs, said in a header.
    """

    actor: str
    via: str
    key: str
    correlation_id: str = ""
    roles: frozenset[Role] = frozenset()
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """How callers of the API come to roles: by Cognito group, else by IAM principal, else the default."""

    principals: Mapping[str, Role] = field(default_factory=dict)
    default: frozenset[Role] = frozenset()


def http_caller(event: Mapping[str, Any], key: str, access: Access) -> Caller:
    """A user signed in with Cognito (`frontend`), or a principal signed with IAM (`api`).

    Raises:
        Refused: nobody is signed in, or with a token that says nothing of who it is.
    """
    context = mapping(event.get("requestContext"))
    claims = mapping(mapping(context.get("authorizer")).get("claims"))
    user, arn = claims.get("cognito:username"), mapping(context.get("identity")).get("userArn")
    if (not user and not arn) or claims.get("token_use", "id") != "id":
        raise Refused("UNAUTHENTICATED", "sign in: an id token of Cognito's, or a signature of IAM's", 401)
    found = roles_of_groups(claims.get("cognito:groups")) if user else roles_of_principal(str(arn), access.principals)
    headers = http_headers(event)
    return Caller(
        actor=str(_name(claims) if user else arn)[:_TEXT],
        via="frontend" if user else "api",
        key=str(headers.get("idempotency-key") or context.get("requestId") or key),
        correlation_id=str(headers.get("x-correlation-id") or context.get("requestId") or "")[:_TEXT],
        roles=found or access.default,
        keyed=bool(headers.get("idempotency-key")),
    )


def direct_caller(fields: Mapping[str, Any], key: str) -> Caller:
    """Step Functions or another function: allowed by the resource policy, named as it names itself."""
    return Caller(
        actor=str(fields.get("invokedBy") or "direct")[:_TEXT],
        via="direct",
        key=str(fields.get("requestId") or key),
        roles=EVERY_ROLE,
    )


def with_a_key_of(caller: Caller, fields: Mapping[str, Any]) -> None:
    """Keys are never cut, for two that begin alike are two; and a request has one.

    Raises:
        Refused: its key is too long, or its header says another than its field.
    """
    if len(caller.key) > _TEXT:
        raise Refused("INVALID_PARAMETER", f"Idempotency-Key: has {_TEXT} characters at most", field="requestId")
    if caller.keyed and fields.get("requestId") not in {None, caller.key}:
        message = "requestId: the Idempotency-Key header says another; send one of them"
        raise Refused("INVALID_PARAMETER", message, field="requestId")


def http_headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers, names in lower case."""
    return {str(name).lower(): str(value or "") for name, value in mapping(event.get("headers")).items()}


def _name(claims: Json) -> object:
    """A person's name: the address they sign in with, once Cognito has seen that it is theirs."""
    verified = str(claims.get("email_verified")).lower() == "true"
    return (verified and claims.get("email")) or claims["cognito:username"]
