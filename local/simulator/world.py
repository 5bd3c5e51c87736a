"""Everything one simulator holds, and the lock around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import RLock
from typing import Any

from moto.core.model_instances import reset_model_data
from moto.iam.models import IAMBackend

from local.simulator.calls import CallLog
from local.simulator.clock import Clock
from local.simulator.edits import refuse_impossible
from local.simulator.errors import not_found
from local.simulator.estate import Estate
from local.simulator.faults import Faults
from local.simulator.identities import Identities
from local.simulator.instance_types import Catalogue
from local.simulator.knobs import Knobs
from local.simulator.launch_templates import Author
from local.simulator.limits import Limits
from local.simulator.machines import Place
from local.simulator.shapes import Shape
from local.simulator.source_servers import REPLICATING, SourceServer

HOME = Place("123456789012", "us-east-1")


@dataclass(eq=False)
class World:
    """All accounts and Regions. `home` holds the first `servers` servers and everyone without an account.

    `throttles` is whether AWS's published request limits are enforced, `right_sizing` how often DRS looks at types.
    """

    home: Place = HOME
    servers: int = 0
    throttles: bool = False
    right_sizing: float | None = None
    clock: Clock = field(default_factory=Clock)
    calls: CallLog = field(default_factory=CallLog)
    faults: Faults = field(default_factory=Faults)
    lock: RLock = field(default_factory=RLock)
    catalogue: Catalogue = field(default_factory=Catalogue)
    limits: Limits = field(default_factory=Limits)
    knobs: Knobs = field(default_factory=Knobs)
    identities: Identities = field(init=False)
    uninitialized: set[Place] = field(default_factory=set)
    _later: list[tuple[datetime, Callable[[datetime], None]]] = field(default_factory=list)
    _iam: dict[str, Any] = field(default_factory=dict)
    _estates: dict[Place, Estate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.identities = Identities(self.home.account)
        self.reset()

    def reset(self) -> None:
        """Be as at the start: the first servers again, real time, no calls, no faults."""
        with self.lock:
            for each in (self._estates, self._iam, self._later, self.calls, self.faults, self.limits, self.identities):
                each.clear()
            self.limits.enforced = self.throttles
            self.uninitialized.clear()
            self.catalogue, self.knobs = Catalogue(), Knobs(right_sizing=self.right_sizing)
            self.clock.reset()
            reset_model_data()  # moto keeps every object it ever made, for a dashboard that nobody looks at
            self._populate()

    def account_of(self, access_key: str) -> str:
        """A key of twelve digits is that account, a session's is its role's, every other is the home account's."""
        return self.identities.account_of(access_key)

    def iam(self, account: str) -> Any:  # noqa: ANN401  moto's IAMBackend; moto ships no types
        """The IAM of an account; an empty one until somebody asks."""
        with self.lock:
            if account not in self._iam:
                self._iam[account] = IAMBackend("aws", account)
            return self._iam[account]

    def estate(self, place: Place) -> Estate:
        """What an account has in a Region; an empty one until somebody asks."""
        with self.lock:
            if place not in self._estates:
                self._estates[place] = Estate(place, self.catalogue, partial(self.iam, place.account))
            return self._estates[place]

    def add_servers(
        self,
        count: int,
        place: Place,
        names: list[str] | None = None,
        tags: dict[str, str] | None = None,
        staging_account: str | None = None,
    ) -> list[SourceServer]:
        """More servers; `names` go to the first. With a staging account that one replicates them."""
        with self.lock:
            given = [*(names or []), *[None] * count][:count]
            return [self._add_server(place, name, tags, staging_account) for name in given]

    def _add_server(
        self, place: Place, name: str | None, tags: dict[str, str] | None, staging_account: str | None
    ) -> SourceServer:
        estate, now = self.estate(place), self.clock.now()
        if not staging_account:
            return estate.add_server(now, name, tags)
        staging = self.estate(Place(staging_account, place.region)).add_server(now, name, tags, estate.made)
        return estate.extend(staging, now, staging.description["tags"])

    def _populate(self) -> None:
        """The first servers. An account replicates 300 at most: those beyond are extended from staging accounts."""
        own = min(self.servers, REPLICATING)
        self.add_servers(own, self.home)
        for number, start in enumerate(range(own, self.servers, REPLICATING), start=1):
            account = f"9{number:011d}"
            self.add_servers(min(REPLICATING, self.servers - start), self.home, staging_account=account)

    def find(self, server_id: str) -> tuple[Estate, SourceServer]:
        """A server and where it is, whoever owns it."""
        for estate in self._estates.values():
            if server_id in estate.servers:
                return estate, estate.servers[server_id]
        raise not_found("SourceServer", server_id)

    def estates(self) -> list[Estate]:
        """All that anybody has."""
        return list(self._estates.values())

    def later(self, at: datetime, act: Callable[[datetime], None]) -> None:
        """Let something happen when the clock has come so far."""
        self._later.append((at, act))

    def catch_up(self) -> datetime:
        """Let everything happen that is due, one after another, and tell the time."""
        with self.lock:
            now = self.clock.now()
            for at, act in sorted((each for each in self._later if each[0] <= now), key=lambda each: each[0]):
                self._later.remove((at, act))
                self._advance(at)
                act(at)
            self._advance(now)
            return now

    def _advance(self, now: datetime) -> None:
        for estate in self._estates.values():
            estate.advance(now, self.knobs.right_sizing)

    def grow_disk(self, server_id: str, device: str, gib: int) -> None:
        """A disk of a source server grows."""
        with self.lock:
            now = self.catch_up()
            estate, server = self.find(server_id)
            estate.grow_disk(server, device, gib, now)

    def edit(self, server_id: str, settings: Shape | None = None, template: Shape | None = None) -> SourceServer:
        """Someone in the console changes a server's launch settings, or keys of its default template."""
        refuse_impossible(settings or {}, template or {})
        with self.lock:
            now = self.catch_up()
            estate, server = self.find(server_id)
            if settings:
                estate.change_settings(server, settings, now)
            if template:
                someone = Author(f"arn:aws:iam::{estate.place.account}:user/someone-in-the-console", now)
                estate.write_default(estate.templates.get(server.template_id), template, someone)
            return server
