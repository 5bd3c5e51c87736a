"""What an answer leaves out for who asks: AWS's own words are for admins, addresses are not for viewers. Pure."""

from collections.abc import Iterable
from typing import Any

from events.roles import Role

ADDRESSES = {"privateIp", "staticPrivateIp"}
RAW = {"errors", "refusal", "aws", "facts"}
"""Under these keys stands what AWS said: `{code, message}`, or a list of such, or facts that say it."""
LEFT_OUT = "AWS's own words are shown to an admin; docs/troubleshooting.md says what to do about this code"


def redacted(answer: Any, roles: Iterable[Role]) -> Any:  # noqa: ANN401  JSON
    """The answer as these roles may see it; all of it, with ``admin``."""
    held = {*roles}
    if "admin" in held:
        return answer
    return _without(answer, addresses=not held & {"operator", "auditor"})


def _without(value: Any, *, addresses: bool) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, list):
        return [_without(one, addresses=addresses) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without(one, addresses=addresses) for key, one in value.items()}
    for key in RAW & {*kept}:
        kept[key] = _hushed(kept[key])
    for key in ADDRESSES & {*kept} if addresses else ():
        kept[key] = None
    return kept


def _hushed(said: Any) -> Any:  # noqa: ANN401  what AWS said: one error, a list of them, or nothing
    if isinstance(said, list):
        return [_hushed(one) for one in said]
    return {**said, "message": LEFT_OUT} if isinstance(said, dict) and "message" in said else said
