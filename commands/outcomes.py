"""What the door to AWS is asked, and what it brings back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from events.configuration import LaunchConfiguration
from events.groups import Target

Kind = Literal["permanent", "transient", "busy", "outage", "cut", "group"]
"""What a fault means: for good; an attempt spent; held by a job; AWS away; no time left in the middle; and `group`,
for good and for the whole group."""
LAG = timedelta(seconds=5)
"""How long a read may answer what was there before a write."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Make one server's settings equal to ``configuration``; with ``force``, by a new version even if they are.

    ``sharing`` servers of the group go to its subnet. What is only read must be read at ``settled_at`` or later; if
    nothing at all is written, at ``unknown_until`` or later, for who wrote before the server came here is not known.
    """

    group_id: str
    server_id: str
    epoch: int
    configuration: LaunchConfiguration
    config_hash: str
    force: bool = False
    sharing: int = 1
    settled_at: datetime | None = None
    unknown_until: datetime | None = None

    @property
    def description(self) -> str:
        """Names a template version as this ask's work, so that work done by a worker that died is recognised."""
        return f"preflight {self.group_id} epoch {self.epoch} {self.config_hash}"


@dataclass(frozen=True, slots=True)
class Proved:
    """AWS was read at ``at`` and held what was asked for. ``wrote``: the writes it took, the last at ``wrote_at``."""

    server_id: str
    epoch: int
    config_hash: str
    at: datetime
    template_id: str = ""
    template_version: int = 0
    wrote: tuple[str, ...] = ()
    wrote_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """AWS did not take it.

    ``unanswered``: a write was sent that may still land; the lease is kept until it cannot. ``retry_after``: the
    seconds of patience that AWS asked for.
    """

    server_id: str
    epoch: int
    kind: Kind
    code: str
    message: str
    at: datetime
    wrote: tuple[str, ...] = ()
    wrote_at: datetime | None = None
    unanswered: bool = False
    retry_after: float = 0


Outcome = Proved | Fault


@dataclass(frozen=True, slots=True)
class SourceServer:
    """A server as DRS knows it: what groups are defined by. `hostname` is in lower case, up to its first dot."""

    server_id: str
    tags: Mapping[str, str]
    hostname: str = ""


Call = tuple[str, str]
"""Service and operation."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what AWS holds now, and what it would hold."""

    field: str
    found: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server. ``errors``: codes and texts of why it would be refused, or cannot be said."""

    server_id: str
    changes: tuple[Change, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All servers, the calls by name, and the seconds they would take from how the limits stand now."""

    servers: tuple[ServerPlan, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Doorway(Protocol):
    """What the rest of the commands know of the door to one account and Region."""

    def apply(self, asks: Sequence[Ask], deadline: datetime, *, urgent: bool = False) -> Iterator[Outcome]:
        """One outcome a server, as it comes; none for those the deadline left. `urgent`: a wave waits."""

    def plan(self, asks: Sequence[Ask], deadline: datetime) -> Plan:
        """What an apply would do; nothing is written."""

    def servers(self, ids: Sequence[str] | None = None) -> list[SourceServer]:
        """The source servers with these ids, or all; ids that nobody has are passed over.

        Raises:
            Refused: AWS cannot be asked (`AWS_UNAVAILABLE`, retryable, or its own code).
        """


Doors = Callable[[Target], Doorway]
HANG = timedelta(seconds=10)
"""The longest a call to AWS can go on after it began: connect and read timeout, with room."""
OVER = HANG + LAG
"""After this a write that began is over for sure, and every read shows it."""
