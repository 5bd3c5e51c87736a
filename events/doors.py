"""How a request comes in, through API Gateway or directly, and how its answer goes out. Pure.

API Gateway REST proxy events: AWS, API Gateway Developer Guide, Lambda proxy integrations. A direct event names its
`operation` and carries its fields flat, or under `body` and `queryParams`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from events.configuration import BLOCKED
from events.errors import PreflightError, Refused
from events.model import Model, canonical

Json = dict[str, Any]
M = TypeVar("M", bound=Model)
_TEXT = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, through which door, and under which key; what a direct call says of itself is only recorded."""

    actor: str
    via: str
    key: str
    correlation_id: str = ""


def http_caller(event: Mapping[str, Any], key: str) -> Caller:
    """A user signed in with Cognito (`frontend`), or a principal signed with IAM (`api`)."""
    context: Json = event.get("requestContext") or {}
    claims: Json = (context.get("authorizer") or {}).get("claims") or {}
    user, arn = claims.get("cognito:username"), (context.get("identity") or {}).get("userArn")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Caller(
        actor=str(user or arn or "anonymous")[:_TEXT],
        via="frontend" if user else "api",
        key=str(headers.get("idempotency-key") or context.get("requestId") or key)[:_TEXT],
        correlation_id=str(headers.get("x-correlation-id") or context.get("requestId") or "")[:_TEXT],
    )


def direct_caller(fields: Mapping[str, Any], key: str) -> Caller:
    """Step Functions or another function: allowed by the resource policy, named as it names itself."""
    return Caller(
        actor=str(fields.get("invokedBy") or "direct")[:_TEXT],
        via="direct",
        key=str(fields.get("requestId") or key)[:_TEXT],
        correlation_id=str(fields.get("correlationId") or "")[:_TEXT],
    )


def http_fields(event: Mapping[str, Any], parameters: Mapping[str, str]) -> Json:
    """The fields of a request: its JSON body, and what its path says, which wins."""
    return {**_object(event.get("body") or "{}"), **parameters}


def direct_fields(event: Mapping[str, Any]) -> Json:
    """The fields of a direct event, wherever they are."""
    flat = {key: value for key, value in event.items() if key not in {"operation", "body", "queryParams"}}
    return {**flat, **_object(event.get("queryParams") or {}), **_object(event.get("body") or {})}


def parse(model: type[M], fields: Mapping[str, Any]) -> M:
    """The request in ``fields``.

    Raises:
        Refused: it does not fit the model; says which field, and all that is wrong.
    """
    try:
        return model.model_validate_json(canonical(fields), by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(error) from error
    except TypeError as error:
        raise Refused("INVALID_PARAMETER", f"the request is not JSON: {error}") from error


def json_text(body: Json) -> str:
    """A body as it goes out."""
    return orjson.dumps(body).decode()


def refusal(error: PreflightError) -> Refused:
    """Whatever this service raised, as a refusal: a lost race may be tried again, a corrupt commit may not."""
    if isinstance(error, Refused):
        return error
    retryable = type(error).__name__ == "LostRace"
    code = "BUSY" if retryable else "CORRUPT_STREAM"
    return Refused(code, str(error), 503 if retryable else 500, retryable=retryable)


def _object(value: object) -> Json:
    if isinstance(value, str | bytes):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Refused("INVALID_JSON", f"the body is not JSON: {error}", field="body") from error
    if not isinstance(value, dict):
        raise Refused("INVALID_JSON", "the body must be a JSON object", field="body")
    return value


def _refused(error: ValidationError) -> Refused:
    faults = [_fault(detail) for detail in error.errors(include_url=False, include_input=False)]
    first = faults[0]
    return Refused(
        first["error"],
        f"{first['field']}: {first['message']}",
        field=first["field"],
        validationErrors=faults[:20],
    )


def _fault(detail: Mapping[str, Any]) -> Json:
    """One fault: our own codes are upper case already, pydantic's are mapped to the words that callers know."""
    field = ".".join(str(part) for part in detail["loc"])
    kind = str(detail["type"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind.isupper():
        return {"field": field, "error": kind, "message": message}
    if kind == "extra_forbidden":
        if str(detail["loc"][-1]) in BLOCKED:
            return {"field": field, "error": "BLOCKED_FIELDS_PRESENT", "message": "is managed by DRS: leave it out"}
        return {"field": field, "error": "UNKNOWN_FIELDS_PRESENT", "message": "is not a field that is applied"}
    code = "MISSING_FIELD" if kind == "missing" else "INVALID_PARAMETER"
    return {"field": field, "error": code, "message": message}
