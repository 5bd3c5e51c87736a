"""Who may do what: roles, the rights they hold, and how a caller comes to them. Denied by default. Pure.

Source of the groups' shapes: API Gateway hands `cognito:groups` to a function as a list, as text with commas, or as
`[a b]`. Principals: IAM's own ARN patterns, `*` and `?`.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import TypeAdapter, ValidationError

Role = Literal["viewer", "auditor", "operator", "admin"]
Right = Literal["view", "operate", "audit"]
"""`view`: groups, status, waves. `operate`: define, apply, start. `audit`: who did what, and whether it stands."""
RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset({"view"}),
    "auditor": frozenset({"view", "audit"}),
    "operator": frozenset({"view", "operate"}),
    "admin": frozenset({"view", "operate", "audit"}),
}
PLATFORM: Mapping[str, Role] = {
    "DRSOrchestrationAdmin": "admin",
    "DRSRecoveryManager": "operator",
    "DRSPlanManager": "operator",
    "DRSOperator": "operator",
    "DRSReadOnly": "viewer",
    "DRSAuditor": "auditor",
}
"""The groups of the platform that calls us, as roles of ours."""
GROUPS: Mapping[str, Role] = {**{role: role for role in RIGHTS}, **PLATFORM}
EVERY_ROLE: frozenset[Role] = frozenset(RIGHTS)
_PRINCIPALS = TypeAdapter(dict[str, Role])


def roles_of_groups(groups: object) -> frozenset[Role]:
    """The roles behind a Cognito user's groups, in whichever shape they came; groups nobody knows are none."""
    if isinstance(groups, str):
        groups = groups.strip().removeprefix("[").removesuffix("]").replace(",", " ").split()
    if not isinstance(groups, Iterable):
        return frozenset()
    return frozenset(GROUPS[name] for name in map(str, groups) if name in GROUPS)


def roles_of_principal(arn: str, patterns: Mapping[str, Role]) -> frozenset[Role]:
    """The roles of an IAM principal: of every pattern that its ARN matches."""
    return frozenset(role for pattern, role in patterns.items() if fnmatchcase(arn, pattern))


def principals(setting: str) -> dict[str, Role]:
    """The patterns in a setting: ``{"arn:aws:sts::*:assumed-role/Ops*/*": "operator"}``.

    Raises:
        ValueError: it is no such JSON, or names a role that there is not.
    """
    try:
        return _PRINCIPALS.validate_json(setting or "{}", strict=True)
    except ValidationError as error:
        roles = ", ".join(RIGHTS)
        raise ValueError(f"PrincipalRoles: JSON from ARN patterns to {roles} is expected: {error}") from error


def default_roles(setting: str) -> frozenset[Role]:
    """Of a caller in no known group: ``none``, or a role."""
    found: frozenset[Role] = frozenset(role for role in RIGHTS if role == setting)
    if not found and setting not in {"", "none"}:
        raise ValueError(f"DefaultRole: none, {', '.join(RIGHTS)} are expected, not {setting!r}")
    return found


def may(roles: Iterable[Role], right: Right) -> bool:
    """Whether one of the roles holds the right."""
    return any(right in RIGHTS[role] for role in roles)


def holders(right: Right) -> list[Role]:
    """The roles that hold a right, for a message."""
    return [role for role, rights in RIGHTS.items() if right in rights]
