"""The simulator in a test: behind HTTP, or answering boto3 in this process.

with Simulator.serve(servers=3) as sim:
    drs = sim.client("drs")
    ...
    assert sim.counts() == {"drs:GetLaunchConfiguration": 1}
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Self

import boto3
from botocore.config import Config
from moto import mock_aws

from local.simulator import install, running
from local.simulator.calls import Call
from local.simulator.clock import Clock
from local.simulator.disposed import Disposed
from local.simulator.faults import Fault
from local.simulator.machines import Place
from local.simulator.server import HttpServer
from local.simulator.shapes import Shape
from local.simulator.source_servers import SourceServer
from local.simulator.world import HOME, World

Client = Any  # boto3 makes its clients when asked for them
KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
ONCE = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)


@lru_cache(64)
def _client(service: str, region: str, endpoint: str | None, config: Config, *keys: str | None) -> Client:
    """Clients are kept: to make one for EC2 takes longer than most tests."""
    make: Any = boto3.client
    return make(service, region, endpoint_url=endpoint, config=config, **dict(zip(KEYS, keys, strict=True)))


class Simulator(Disposed):
    """A running simulator. `endpoint` is None when it answers in this process."""

    def __init__(self, world: World, endpoint: str | None = None) -> None:
        self.world = world
        self.endpoint = endpoint

    @classmethod
    @contextmanager
    def serve(cls, port: int = 0, servers: int = 0, home: Place = HOME, *, throttles: bool = False) -> Iterator[Self]:
        """Behind HTTP on 127.0.0.1, for any client of any process; `throttles` as AWS publishes it."""
        world = World(home, servers, throttles)
        with HttpServer(world, port) as server:
            yield cls(world, server.endpoint)

    @classmethod
    @contextmanager
    def in_process(cls, servers: int = 0, home: Place = HOME) -> Iterator[Self]:
        """Under moto's `mock_aws`: every boto3 client of this process is answered, and no socket opened."""
        world = World(home, servers)
        with install.our_services(), mock_aws(), running.answering(world):
            yield cls(world)

    def client(
        self,
        service: str,
        place: Place | None = None,
        config: Config = ONCE,
        credentials: Mapping[str, Any] | None = None,
    ) -> Client:
        """A boto3 client of an account in a Region, or with STS's `Credentials`. Only `config` makes it retry."""
        where = place or self.world.home
        keys: tuple[str | None, ...] = (where.account, "nobody checks", None)
        if credentials:
            keys = tuple(credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        return _client(service, where.region, self.endpoint, config, *keys)

    @property
    def clock(self) -> Clock:
        """Read it, freeze it, advance it; what is due happens before the next call."""
        return self.world.clock

    def advance(self, seconds: float) -> None:
        """Let time pass, and the jobs with it."""
        self.clock.advance(seconds)
        self.world.catch_up()

    def server_ids(self, place: Place | None = None) -> list[str]:
        """The servers of an account in a Region, in the order they came."""
        return list(self.world.estate(place or self.world.home).servers)

    def add_servers(
        self,
        count: int = 1,
        place: Place | None = None,
        *,
        tags: dict[str, str] | None = None,
        staging_account: str | None = None,
    ) -> list[SourceServer]:
        """More servers, at home or elsewhere; with a staging account they are extended from there."""
        where = place or self.world.home
        return self.world.add_servers(count, where, tags=tags, staging_account=staging_account)

    def server(self, server_id: str) -> SourceServer:
        """A server, whoever owns it, after all that is due has happened."""
        self.world.catch_up()
        return self.world.find(server_id)[1]

    def replication(self, server_id: str, state: str) -> None:
        """Let a server's replication get into a state: `DISCONNECTED`."""
        self.server(server_id).description["dataReplicationInfo"]["dataReplicationState"] = state

    def fault(self, fault: Fault) -> None:
        """Queue a fault: `Fault("ThrottlingException", "GetLaunchConfiguration", times=2)`."""
        self.world.faults.add(fault)

    def faults_left(self) -> int:
        """Faults that have not struck as often as they should."""
        with self.world.lock:
            return len(self.world.faults)

    def edit(self, server_id: str, settings: Shape | None = None, template: Shape | None = None) -> None:
        """Someone in the console changes launch settings, or keys of the default template."""
        self.world.edit(server_id, settings, template)

    def calls(self, since: int = 0) -> list[Call]:
        """The AWS calls so far, in order."""
        with self.world.lock:
            self.world.catch_up()
            return self.world.calls.since(since)

    def counts(self, since: int = 0) -> dict[str, int]:
        """How often each operation was called: `{"drs:StartRecovery": 1}`."""
        with self.world.lock:
            self.world.catch_up()
            counts: dict[str, int] = self.world.calls.shape(since)["counts"]
        return counts

    def throttled(self, since: int = 0) -> dict[str, int]:
        """How often each operation was refused for being called too often."""
        with self.world.lock:
            refused: dict[str, int] = self.world.calls.shape(since)["throttled"]
        return refused

    def reset(self) -> None:
        """As at the start."""
        self.world.reset()
