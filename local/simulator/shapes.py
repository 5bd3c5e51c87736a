"""AWS shapes as plain JSON values, and the small things everybody does with them."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

Shape = dict[str, Any]
Json = Any
GIB = 1024**3
Item = TypeVar("Item")


class BadTokenError(ValueError):
    """A nextToken that no page of ours ended with."""


def identifier(prefix: str, *parts: object) -> str:
    """An AWS id, `prefix-` and 17 hex digits, the same for the same parts: `s-51d6b65c73391918f`."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()
    return f"{prefix}-{digest[:17]}"


def timestamp(moment: datetime) -> str:
    """A moment as real DRS writes it in its answers: microseconds, and `+00:00` instead of the model's Z."""
    return moment.isoformat(timespec="microseconds")


def page(items: Sequence[Item], size: int, token: str | None) -> tuple[Sequence[Item], str | None]:
    """One page of `items` and the token of the next, None after the last."""
    start = _offset(token) if token else 0
    end = start + size
    following = base64.urlsafe_b64encode(f"after:{end}".encode()).decode() if end < len(items) else None
    return items[start:end], following


def _offset(token: str) -> int:
    try:
        word, number = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        if word == "after":
            return int(number)
    except (ValueError, binascii.Error) as error:
        raise BadTokenError(token) from error
    raise BadTokenError(token)
