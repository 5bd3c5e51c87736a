"""What may be asked about groups: strict, and closed to unknown fields."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from events.model import Model, ServerId
from events.moments import moment

GroupId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
ExecutionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9:_./-]{1,256}$")]


def _written(said: object) -> object:
    """Or pydantic takes a number for seconds since 1970."""
    if isinstance(said, str) and re.match(r"\d{4}-\d\d-\d\d", said):
        return said
    raise PydanticCustomError("INVALID_PARAMETER", "must be a time with its zone, as 2026-11-24T12:00:00Z")


Time = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
Instant = Annotated[Time, AfterValidator(moment)]


class Question(Model):
    """Any question; who asks is recorded in the log."""

    invoked_by: str | None = None
    request_id: str | None = None


class AboutGroup(Question):
    """One group. `consistency: strong` folds the stream itself, `minVersion` asks for no less than that.

    `asOf` and `version` ask for what was true then: freshness too is judged at that moment.
    """

    group_id: GroupId
    consistency: Literal["eventual", "strong"] = "eventual"
    min_version: Annotated[int, Field(ge=1)] | None = None
    as_of: Instant | None = None
    version: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if len([one for one in (self.as_of, self.version, self.min_version) if one is not None]) > 1:
            raise PydanticCustomError("INVALID_PARAMETER", "ask for one of asOf, version and minVersion")
        return self


class GetLaunchConfigStatus(AboutGroup):
    """`GET /protection-groups/{groupId}/launch-config-status`."""


class GetProtectionGroup(AboutGroup):
    """`GET /protection-groups/{groupId}`."""


class GetServerLaunchConfig(AboutGroup):
    """`GET /protection-groups/{groupId}/servers/{serverId}/launch-config`."""

    server_id: ServerId


class ListProtectionGroups(Question):
    """`GET /protection-groups`, by name, page by page."""

    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    next_token: str | None = None
