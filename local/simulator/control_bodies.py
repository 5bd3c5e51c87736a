"""The bodies that the control API takes."""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.simulator.faults import Fault
from local.simulator.identities import HOUR
from local.simulator.machines import Place
from local.simulator.shapes import Shape

Account = Annotated[str, Field(pattern=r"^\d{12}$")]
ReplicationState = Literal[
    "STOPPED", "INITIATING", "INITIAL_SYNC", "BACKLOG", "CREATING_SNAPSHOT", "CONTINUOUS", "PAUSED", "RESCAN",
    "STALLED", "DISCONNECTED",
]  # fmt: skip


class Body(BaseModel):
    """camelCase outside, and nothing that is not known."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Where(Body):
    """An account in a Region; home's if it is not said."""

    account: Account | None = None
    region: str | None = None

    def place(self, home: Place) -> Place:
        """That account and Region."""
        return Place(self.account or home.account, self.region or home.region)


class NewServers(Where):
    """More source servers."""

    count: int = Field(default=1, ge=0, le=4000)
    names: list[str] = []
    tags: dict[str, str] = {}
    staging_account: Account | None = None


class ServerChange(Body):
    """What changed about a machine, or about its replication; tags are replaced as a whole."""

    data_replication_state: ReplicationState | None = None
    tags: dict[str, str] | None = None
    recommended_instance_type: str | None = None
    disks: dict[str, int] = {}
    """GiB by device name; a disk only grows."""

    def apply(self, server: Shape) -> None:
        """Write it into the server's description."""
        if self.data_replication_state:
            server["dataReplicationInfo"]["dataReplicationState"] = self.data_replication_state
        if self.tags is not None:
            server["tags"] = self.tags
        if self.recommended_instance_type:
            server["sourceProperties"]["recommendedInstanceType"] = self.recommended_instance_type


class Clock(Body):
    """Seconds to let pass, and whether time stands still otherwise."""

    advance: float = Field(default=0, ge=0)
    frozen: bool | None = None


class NewFault(Body):
    """See local.simulator.faults; `times` null is for ever."""

    error: str
    operation: str = "*"
    times: int | None = Field(default=1, ge=1)
    seconds: float = Field(default=0, ge=0)
    server_id: str | None = None
    account: Account | None = None
    region: str | None = None
    message: str | None = None
    retry_after: int = Field(default=1, ge=0)
    rate: float = Field(default=1, ge=0, le=1)
    seed: int = 0

    def fault(self) -> Fault:
        """The fault itself."""
        return Fault(**self.model_dump())


class Edit(Body):
    """Someone in the console: launch settings to patch, keys of the default template to replace."""

    server_id: str
    launch_configuration: dict[str, Any] | None = None
    launch_template_data: dict[str, Any] | None = None


class Limit(Where):
    """Request limits: those of AWS in force or not, an operation's own, the tokens it has now."""

    published: bool | None = None
    operation: str | None = None
    burst: float | None = Field(default=None, ge=0)
    rate: float | None = Field(default=None, ge=0)
    tokens: float | None = None


class Latency(Body):
    """Seconds of the machine's clock that calls take longer: all, or those of an operation."""

    seconds: float = Field(ge=0)
    operation: str = "*"


class NewRole(Body):
    """See local.simulator.identities."""

    account: Account
    name: str = "PreflightRole"
    external_id: str | None = None
    trusts: Account | None = None
    max_seconds: int = Field(default=HOUR, ge=900, le=12 * HOUR)


class Offering(Body):
    """Whether an instance type can be had in an Availability Zone; in none if no zone is named."""

    instance_type: str
    zone: str | None = None
    offered: bool = False


class Lag(Body):
    """Seconds of the simulator's clock that reads are behind writes."""

    drs: float = Field(default=0, ge=0)
    templates: float = Field(default=0, ge=0)


class JobSpeed(Body):
    """How many times as fast as the real drill jobs run."""

    speed: float | Literal["instant"]

    @property
    def times(self) -> float:
        """As a number."""
        if self.speed == "instant":
            return math.inf
        if self.speed <= 0:
            raise ValueError("a job does not run backwards")
        return self.speed


class Initialized(Where):
    """Whether DRS is initialised in a Region."""

    initialized: bool


class RightSizing(Body):
    """How often DRS looks at instance types by itself, in seconds; null is never."""

    every: float | None = Field(gt=0)
