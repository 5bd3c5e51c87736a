"""What may be asked of waves, as it comes through any door: strict, and closed to unknown fields."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from commands.lists import ServerIds
from commands.requests import GroupId, Policy, Request

PER_JOB = 100
"""Servers in one recovery job (DRS service quotas)."""
MAX_GROUPS, MAX_WAVES = 90, 50
"""Groups of one wave: a transaction of DynamoDB takes 100 items."""
DEFAULT_BUDGET, LONGEST_BUDGET = 120, 240
ExecutionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_./-]{1,256}$")]
WaveNumber = Annotated[int, Field(ge=0, le=10_000)]
Budget = Annotated[int, Field(ge=0, le=LONGEST_BUDGET)]


class OfGroups(Request):
    """Names its protection groups, by one id or by a list."""

    protection_group_id: GroupId | None = None
    protection_group_ids: Annotated[tuple[GroupId, ...], Field(max_length=MAX_GROUPS)] = ()

    @property
    def group_ids(self) -> tuple[str, ...]:
        """The groups, each once, in the order in which they were named."""
        one = (self.protection_group_id,) if self.protection_group_id else ()
        return tuple(dict.fromkeys((*one, *self.protection_group_ids)))


class StartWave(OfGroups):
    """Start one wave of an execution, once: executionId and waveNumber are its idempotency key."""

    execution_id: ExecutionId
    wave_number: WaveNumber
    is_drill: bool
    on_not_ready: Policy | None = None
    budget_seconds: Budget = DEFAULT_BUDGET
    live_check: bool = False

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.group_ids:
            raise PydanticCustomError("MISSING_FIELD", "name the groups in protectionGroupIds")
        if self.live_check and not self.budget_seconds:
            raise PydanticCustomError("INVALID_PARAMETER", "liveCheck takes time: allow some in budgetSeconds")
        return self


class WatchWave(Request):
    """Look at a wave's recovery jobs now, and record what has changed."""

    execution_id: ExecutionId
    wave_number: WaveNumber


class WaveToCheck(OfGroups):
    """A wave that might be started: by its groups, or by servers, which are then looked up in the roster."""

    wave_name: Annotated[str, StringConstraints(max_length=256)] = ""
    source_server_ids: ServerIds | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if bool(self.group_ids) == bool(self.source_server_ids):
            raise PydanticCustomError("MISSING_FIELD", "name protectionGroupIds, or else sourceServerIds")
        return self


class CheckReadiness(Request):
    """`POST /readiness`: could these waves start now?"""

    waves: Annotated[tuple[WaveToCheck, ...], Field(min_length=1, max_length=MAX_WAVES)]
