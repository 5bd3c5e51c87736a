"""What the door to AWS is asked, and what it brings back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from events.configuration import LaunchConfiguration
from events.groups import Target

Kind = Literal["permanent", "transient", "busy", "outage", "group"]
"""What a fault means: for good, an attempt spent, held by a job, AWS away; `group`: for good, for the whole group."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Make one server's settings equal to ``configuration``; with ``force``, by a new version even if they are."""

    group_id: str
    server_id: str
    epoch: int
    configuration: LaunchConfiguration
    config_hash: str
    force: bool = False

    @property
    def description(self) -> str:
        """Names a template version as this ask's work, so that work done by a worker that died is recognised."""
        return f"preflight {self.group_id} epoch {self.epoch} {self.config_hash}"


@dataclass(frozen=True, slots=True)
class Proved:
    """AWS was read at ``at`` and held what was asked for. ``wrote``: the writes it took, in order."""

    server_id: str
    epoch: int
    config_hash: str
    at: datetime
    template_id: str = ""
    template_version: int = 0
    wrote: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """AWS did not take it. An ``outage`` says nothing about the server: no attempt is spent on it."""

    server_id: str
    epoch: int
    kind: Kind
    code: str
    message: str
    at: datetime
    wrote: tuple[str, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Whether a write was sent that may still land: the lease is kept until it cannot any more."""
        return self.kind == "outage" and bool(self.wrote)


Outcome = Proved | Fault


@dataclass(frozen=True, slots=True)
class SourceServer:
    """A server as DRS knows it: what groups are defined by. `hostname` is in lower case, up to its first dot."""

    server_id: str
    tags: Mapping[str, str]
    hostname: str = ""


class Doorway(Protocol):
    """What the rest of the commands know of the door to one account and Region."""

    def apply(self, asks: Sequence[Ask], deadline: datetime, *, urgent: bool = False) -> Iterator[Outcome]:
        """One outcome a server, as it comes; none for those the deadline left. `urgent`: a wave waits."""

    def servers(self, ids: Sequence[str] | None = None) -> list[SourceServer]:
        """The source servers with these ids, or all; ids that nobody has are passed over.

        Raises:
            Refused: AWS cannot be asked (`AWS_UNAVAILABLE`, retryable, or its own code).
        """


Doors = Callable[[Target], Doorway]
HANG = timedelta(seconds=10)
"""The longest a call to AWS can go on after it began: connect and read timeout, with room."""
