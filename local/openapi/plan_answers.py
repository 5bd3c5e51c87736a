"""What comes out of what is only asked and not done: dry runs, and what an update would change."""

from typing import Any, Literal

from pydantic import Field

from local.openapi.answers import Answer, AwsError


class ServerChange(Answer):
    """One field that an apply would change."""

    field: str
    found: Any = Field(alias="from")
    wanted: Any = Field(alias="to")


class ServerPlan(Answer):
    """One server of a dry run."""

    source_server_id: str
    changes: list[ServerChange]
    errors: list[AwsError]
    calls: int


class DryRunAnswer(Answer):
    """`dryRun: true`: what an apply would do."""

    group_id: str
    version: int
    dry_run: Literal[True]
    servers: list[ServerPlan]
    changed_servers: int
    refused_servers: int
    calls: dict[str, int]
    total_calls: int
    expected_seconds: float


class ResolveAnswer(Answer):
    """What an update that sends nothing would change now."""

    group_id: str
    version: int
    joining: list[str]
    leaving: list[str]
    changed: list[dict[str, Any]]
    unchanged: int
