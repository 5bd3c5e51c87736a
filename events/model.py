"""What every stored or received model has in common."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

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
