"""What an answer leaves out for who asks: AWS's own words are for admins, addresses are not for viewers. Pure.

What our own check says is for whoever can mend it. It may name addresses, so a viewer is shown its code only. An
external id is half of what assuming a role takes: it is for whoever may change it, and left out whole for others.
"""

from collections.abc import Iterable
from typing import Any

from events.roles import Role
from events.shown_commits import LEFT_OUT as SECRET

ADDRESSES = {"privateIp", "staticPrivateIp"}
RAW = {"errors", "refusal", "aws", "facts"}
"""Under these keys stands what AWS or our check said: `{code, message}`, or a list of such, or facts that say it."""
LEFT_OUT = "AWS's own words are shown to an admin; docs/troubleshooting.md says what to do about this code"
FOR_OPERATORS = "it may name addresses, not shown to a viewer; docs/troubleshooting.md says what to do about this code"
CHECKED = {
    "BYOL_NEEDS_DEDICATED_HOST",
    "DEVICE_NOT_FOUND",
    "IAM_PROFILE_NOT_FOUND",
    "INSTANCE_TYPE_UNAVAILABLE",
    "INSTANCE_TYPE_UNSUITED",
    "IP_IN_USE",
    "IP_OUT_OF_RANGE",
    "IP_RESERVED",
    "KEY_PAIR_NOT_FOUND",
    "SECURITY_GROUPS_NOT_FOUND",
    "SECURITY_GROUPS_WRONG_VPC",
    "SUBNET_FULL",
    "SUBNET_NOT_FOUND",
    "SUBNET_REQUIRED",
    "TARGET_INSTANCE_NOT_ALLOWED",
    "TARGET_INSTANCE_NOT_FOUND",
    "VOLUME_TOO_SMALL",
}
"""What is found before anything is written: the words beside these codes are ours; AWS spells none of its own so."""
ENDED = {"CANCELLED", "CLAIM_EXPIRED", "NOBODY_LEFT"}
"""Ends of a wave that AWS had no part in: ours, too."""


def redacted(answer: Any, roles: Iterable[Role]) -> Any:  # noqa: ANN401  JSON
    """The answer as these roles may see it; all of it, with ``admin``."""
    held = {*roles}
    if "admin" in held:
        return answer
    return _without(answer, addresses=not held & {"operator", "auditor"}, secrets="operator" not in held)


def _without(value: Any, *, addresses: bool, secrets: bool) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, list):
        return [_without(one, addresses=addresses, secrets=secrets) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without(one, addresses=addresses, secrets=secrets) for key, one in value.items()}
    for key in RAW & {*kept}:
        kept[key] = _hushed(kept[key], addresses=addresses)
    for key in ADDRESSES & {*kept} if addresses else ():
        kept[key] = None
    if secrets and kept.get("externalId", SECRET) != SECRET:
        del kept["externalId"]
    return kept


def _hushed(said: Any, *, addresses: bool) -> Any:  # noqa: ANN401  what was said: one error, a list of them, or nothing
    if isinstance(said, list):
        return [_hushed(one, addresses=addresses) for one in said]
    if not isinstance(said, dict) or "message" not in said:
        return said
    if str(said.get("code", said.get("outcome"))) not in CHECKED | ENDED:
        return {**said, "message": LEFT_OUT}
    return {**said, "message": FOR_OPERATORS} if addresses else said
