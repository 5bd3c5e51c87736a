"""What comes out of an operation, by status: body and headers. API Gateway, too, refuses in this shape."""

from typing import Any

from pydantic import BaseModel

from events.entry import Operation
from events.rest import STATED
from local.openapi import examples
from local.openapi.answers import ErrorAnswer
from local.openapi.published import ANSWERS

Json = dict[str, Any]
Refs = dict[type[BaseModel], Json]
ERRORS = {
    400: "a field is wrong: `details.field` names it",
    401: "nobody is signed in",
    403: "none of the caller's roles may, or a key is needed",
    404: "there is no such thing",
    409: "not as things stand: read again, or try again later if `retryable`",
    413: "too large",
    429: "too many requests: try again later",
    500: "something broke on our side",
    502: "the function broke off: ask how things stand before trying again",
    503: "not now: try again",
    504: "no answer within 29 s: what was asked may go on, ask how things stand",
}
LATER = {409, 429, 503}
ACCEPTED, CONFLICT = 202, 409
TEXT: Json = {"schema": {"type": "string"}}
ORIGIN: Json = {"Access-Control-Allow-Origin": {"required": True, **TEXT}}
SHEET: Json = {name: {"description": f"`{key}`, beside a sheet", **TEXT} for key, name in STATED.items()}
RETRY: Json = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def responses(operation: Operation, refs: Refs) -> Json:
    """Every response, by status."""
    done = {status: _done(operation, status, refs) for status in ANSWERS[operation.name]}
    return {str(status): shown for status, shown in {**done, **{each: _refused(each, refs) for each in ERRORS}}.items()}


def json_of(schema: Json, example: Json | None = None) -> Json:
    """A body that is JSON."""
    return {"application/json": {"schema": schema, **({"example": example} if example is not None else {})}}


def _done(operation: Operation, status: int, refs: Refs) -> Json:
    sheets = "format" in operation.model.model_fields
    return {
        "description": "recorded, and goes on" if status == ACCEPTED else "done",
        "headers": {**ORIGIN, **(SHEET if sheets else {})},
        "content": {
            **json_of(_any(ANSWERS[operation.name][status], refs), examples.ANSWERS.get(operation.name)),
            **({"text/csv": TEXT} if sheets else {}),
        },
    }


def _refused(status: int, refs: Refs) -> Json:
    headers = {"headers": RETRY} if status in LATER else {}
    return {
        "description": ERRORS[status],
        **headers,
        "content": json_of(refs[ErrorAnswer], examples.REFUSAL if status == CONFLICT else None),
    }


def _any(models: tuple[type[BaseModel], ...], refs: Refs) -> Json:
    return refs[models[0]] if len(models) == 1 else {"anyOf": [refs[model] for model in models]}
