"""What may be asked of waves, as it comes through any door: strict, and closed to unknown fields."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from commands.lists import ServerIds
from commands.requests import GroupId, Policy, Request
from events.model import Model

PER_JOB = 100
"""Servers in one recovery job (DRS service quotas)."""
MAX_GROUPS, MAX_WAVES = 90, 50
"""Groups of one wave: a transaction of DynamoDB takes 100 items."""
MOST_GROUPS = 300
"""Groups that one question about readiness may name: each is read from the event table."""
DEFAULT_BUDGET, LONGEST_BUDGET = 120, 240
ExecutionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_./-]{1,256}$")]
WaveNumber = Annotated[int, Field(ge=0, le=10_000)]
Budget = Annotated[int, Field(ge=0, le=LONGEST_BUDGET)]


def amiss(code: str, words: str, *at: str | int) -> ValidationError:
    """What is wrong with several fields, told of the one to mend; else nobody knows which."""
    fault = InitErrorDetails(type=PydanticCustomError(code, "{words}", {"words": words}), loc=at, input=None)
    return ValidationError.from_exception_data("request", [fault])


class OfGroups(Model):
    """Names its protection groups, by one id or by a list."""

    protection_group_id: GroupId | None = None
    protection_group_ids: Annotated[tuple[GroupId, ...], Field(max_length=MAX_GROUPS)] = ()

    @property
    def group_ids(self) -> tuple[str, ...]:
        """The groups, each once, in the order in which they were named."""
        one = (self.protection_group_id,) if self.protection_group_id else ()
        return tuple(dict.fromkeys((*one, *self.protection_group_ids)))


class StartWave(OfGroups, Request):
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
            raise amiss("MISSING_FIELD", "name the groups", "protectionGroupIds")
        if self.live_check and not self.budget_seconds:
            raise amiss("INVALID_PARAMETER", "liveCheck takes time: allow some", "budgetSeconds")
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
        if not self.group_ids and not self.source_server_ids:
            raise amiss("MISSING_FIELD", "name groups, or else sourceServerIds", "protectionGroupIds")
        if self.group_ids and self.source_server_ids:
            raise amiss("INVALID_PARAMETER", "name them, or else protectionGroupIds", "sourceServerIds")
        return self


class CheckReadiness(Request):
    """`POST /readiness`: could these waves start now?"""

    waves: Annotated[tuple[WaveToCheck, ...], Field(min_length=1, max_length=MAX_WAVES)]

    @model_validator(mode="after")
    def _so_many(self) -> Self:
        groups = {id_ for wave in self.waves for id_ in wave.group_ids}
        if len(groups) > MOST_GROUPS:
            raise amiss("QUOTA_EXCEEDED", f"they name {len(groups)} groups, {MOST_GROUPS} at most: split them", "waves")
        return self
