"""Points in time: UTC, to the millisecond, and written so that text order is time order."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer

FEW = 1024
"""Moments remembered: servers of a group share theirs, and a hundred are read and written with every wave."""


@lru_cache(FEW)
def moment(value: datetime) -> datetime:
    """``value`` in UTC, cut to the millisecond: what survives being stored."""
    value = _utc(value)
    over = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - over) if over else value


@lru_cache(FEW)
def iso(value: datetime) -> str:
    """``2025-02-16T10:30:00.000Z``: fixed width, for storage and sorting."""
    return f"{_utc(value).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def iso_seconds(value: datetime | None) -> str | None:
    """``2025-02-16T10:30:00Z``: what people and the status answer are shown."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _utc(value: datetime) -> datetime:
    try:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from error


def earliest(*values: datetime | None) -> datetime | None:
    """The first of those that are set, or None."""
    return min((value for value in values if value), default=None)


Moment = Annotated[datetime, AfterValidator(moment), PlainSerializer(iso, return_type=str)]
FRESH_FOR = timedelta(hours=24)
"""How long a read-back of AWS counts as proof."""
