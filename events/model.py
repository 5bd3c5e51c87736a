"""What every stored or received model has in common."""

from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from events.errors import Corrupt, UnknownFact

T = TypeVar("T")

ServerId = Annotated[str, StringConstraints(pattern=r"^s-[0-9a-f]{17}$")]
"""A DRS source server: ``s-`` and 17 hexadecimal digits."""


DEFERRED = ConfigDict(defer_build=True)
"""Validators are made when they are first needed: a function that starts makes only those of what it was asked."""


class Model(BaseModel):
    """Frozen, strict, camelCase outside, and closed to fields nobody declared."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,
    )


def canonical(value: Any) -> bytes:  # noqa: ANN401  any JSON
    """The one way to write ``value`` as JSON: keys sorted, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def parsed(adapter: TypeAdapter[T], stored: bytes, what: str) -> tuple[T, ...]:
    """Each of a stored list of JSON, as ``what`` the adapter knows. No error tells what was stored: some is secret.

    Raises:
        UnknownFact: one of them is none that the adapter knows.
        Corrupt: it is no list of JSON.
    """
    try:
        found = orjson.loads(stored)
        if isinstance(found, list):
            return tuple(adapter.validate_json(canonical(one)) for one in found)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise UnknownFact(f"{what} that this code does not know: {'; '.join(faults)}") from None
    except (ValueError, TypeError) as error:
        raise Corrupt(f"what is stored is no JSON ({type(error).__name__})") from None
    raise Corrupt("what is stored is no list")
