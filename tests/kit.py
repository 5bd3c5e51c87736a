"""A small service for tests: the real commands on the event store in memory, with the DRS simulator behind the door.

    with desk(servers=3) as service: ...

Nothing here is a mock: the store passes the real one's contract, the simulator answers through AWS's own model.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Limiter
from commands.drs import Door
from commands.operations import OPERATIONS, carry_out, context_of
from commands.service import GroupStream, Service
from commands.waves import start_wave
from commands.waves.requests import StartWave
from commands.waves.start import Start, Waves
from commands.waves.watch import watch
from events import shown
from events.callers import Caller
from events.doors import parse
from events.memory import MemoryStore
from events.shown_waves import progress
from events.streams import GROUP, load
from local.simulator.machines import Place
from local.simulator.simulator import Simulator
from local.simulator.world import HOME

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = {
    "copyTags": True,
    "copyPrivateIp": False,
    "targetInstanceTypeRightSizingMethod": "NONE",
    "instanceType": "m5.xlarge",
    "metadataOptions": {"httpTokens": "required"},
}


@dataclass
class Clock:
    """A clock that moves when it is told to, and by what is slept."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True)
class OfSimulator:
    """Clients of one account and Region of a simulator: `commands.aws.calls.Clients`."""

    simulator: Simulator
    place: Place = HOME

    def client(self, service: str) -> Any:  # noqa: ANN401  a boto3 client
        return self.simulator.client(service, self.place)

    def renew(self, used: Any) -> None:  # noqa: ANN401  a boto3 client
        raise AssertionError(f"an account's own keys do not expire: {used}")


@dataclass
class Desk:
    """The commands of one deployment, ready to be asked."""

    simulator: Simulator
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    asked: int = 0

    def __post_init__(self) -> None:
        self.clients = OfSimulator(self.simulator)
        self.door = self.a_door()
        self.service = Service(
            self.store, lambda _target: self.door, self.clock.now, self.clock.sleep, "us-east-1", "123456789012"
        )
        self.waves = Waves(self.service, cache(lambda _target: self.a_door().calls))

    def a_door(self, calls: type[Calls] = Calls, **more: Any) -> Door:  # noqa: ANN401  fields of such calls
        """A door to the home account, at any pace; with calls of another kind, if that is the point."""
        limiter = Limiter(MemoryBuckets(), "home", {}, self.clock.now, self.clock.sleep)
        return Door(calls(self.clients, limiter, self.clock.now, self.clock.sleep, **more))

    def ask(self, operation: str, key: str = "", actor: str = "ada@example.com", **fields: object) -> dict[str, Any]:
        """One command through the frontend's door, with 60 s to apply what is due."""
        self.asked += 1
        caller = Caller(actor, "frontend", key or f"key-{self.asked}")
        return carry_out(self.service, parse(OPERATIONS[operation], fields), caller, self.service.after(60))

    def create(self, name: str = "Payments", **fields: object) -> str:
        """A group of all the simulator's servers, applied; its id."""
        fields = {"sourceServerIds": list(self.simulator.server_ids()), "launchConfig": SETTINGS, **fields}
        return str(self.ask("create_protection_group", groupName=name, **fields)["groupId"])

    def start_wave(self, *group_ids: str, key: str = "sfn-1", **fields: object) -> dict[str, Any]:
        """One wave, started directly."""
        return start_wave(self.wave(*group_ids, key=key, **fields))

    def wave(self, *group_ids: str, key: str = "sfn-1", **fields: object) -> Start:
        """A request to start one."""
        wave = {"executionId": "exec-1", "waveNumber": 0, "protectionGroupIds": list(group_ids), "isDrill": True}
        request = parse(StartWave, {**wave, **fields})
        before = self.door.calls.made
        return Start(
            waves=self.waves,
            configuration_calls=lambda: self.door.calls.made - before,
            request=request,
            context=context_of(request, Caller("OrchestrationRole", "direct", key)),
            requested_at=self.clock.now(),
        )

    def watch(self, execution: str = "exec-1", number: int = 0) -> dict[str, Any]:
        """The wave after a look at its jobs."""
        return progress(watch(self.waves, self.waves.stream(execution, number)))

    def stream(self, group_id: str) -> GroupStream:
        return load(self.store, GROUP, group_id)

    def status(self, group_id: str) -> dict[str, Any]:
        return shown.launch_config_status(self.stream(group_id).state, self.clock.now())


@contextmanager
def desk(servers: int = 3) -> Iterator[Desk]:
    """A desk with a simulator of ``servers`` source servers."""
    with Simulator.serve(servers=servers) as simulator:
        yield Desk(simulator)
