"""What the door to AWS is asked, and what it brings back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from events.configuration import LaunchConfiguration

Kind = Literal["permanent", "transient", "outage"]


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
Apply = Callable[[Sequence[Ask], datetime], Iterator[Outcome]]
"""What the pump knows of the door: asks and a deadline in, one outcome a server as it comes."""
HANG = timedelta(seconds=10)
"""The longest a call to AWS can go on after it began: connect and read timeout, with room."""
