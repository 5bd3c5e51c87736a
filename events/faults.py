"""What is wrong with a request, by field and by stable code: ours, and pydantic's in words that callers know. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from events.configuration import BLOCKED
from events.errors import Refused
from events.model import Model

Fault = Mapping[str, Any]
"""One of pydantic's error details: `loc`, `type`, `msg`."""
_LONGEST, _MOST = 200, 20


def swallowed(model: type[Model], fields: Mapping[str, Any]) -> list[Fault]:
    """Fields said by their Python names: pydantic passes these over in JSON, and refuses them in a dict (2.13)."""
    try:
        model.model_validate(fields, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        return [one for one in details(error) if one["type"] == "extra_forbidden"]
    return []


def details(error: ValidationError) -> list[Fault]:
    """All that pydantic says, without what was sent."""
    return [dict(one) for one in error.errors(include_url=False, include_input=False)]


def refused(found: list[Fault]) -> Refused:
    """The refusal of all that is wrong; the first fault is its code and its message."""
    faults = [_fault(one) for one in found if not _follows(one, found)]
    first = faults[0]
    return Refused(
        first["error"],
        f"{first['field']}: {first['message']}" if first["field"] else first["message"],
        field=first["field"],
        validationErrors=faults[:_MOST],
    )


def _follows(fault: Fault, found: Iterable[Fault]) -> bool:
    """Whether a list is too short only because pydantic does not count what is wrong in it."""
    at = fault["loc"]
    return fault["type"] == "too_short" and any(one["loc"][: len(at)] == at != one["loc"] for one in found)


def _fault(detail: Fault) -> dict[str, str]:
    """One fault: our own codes are upper case already, pydantic's are mapped to the words that callers know."""
    field = ".".join(str(part) for part in detail["loc"])[:_LONGEST]
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
