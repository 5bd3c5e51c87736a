"""What the bench's processes are made of: the commands in front of the simulator, with store and buckets in memory."""

import time
from dataclasses import dataclass, replace
from typing import Any

import boto3

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Fill, Limiter
from commands.aws.paces import paces
from commands.drs import CONFIG, WORKERS, Door
from commands.operations import OPERATIONS, carry_out
from commands.service import Service
from commands.waves.parts import now
from events.callers import Caller
from events.doors import parse
from events.memory import MemoryStore

ACCOUNT, REGION = "123456789012", "us-east-1"
SETTINGS = {
    "copyTags": True,
    "copyPrivateIp": False,
    "targetInstanceTypeRightSizingMethod": "NONE",
    "instanceType": "m5.xlarge",
    "metadataOptions": {"httpTokens": "required"},
}


class Here:
    """Clients of the simulator."""

    def __init__(self, endpoint: str) -> None:
        session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="any", region_name=REGION)  # noqa: S106  nobody checks
        names: Any = ("drs", "ec2", "iam")
        self._made = {name: session.client(name, endpoint_url=endpoint, config=CONFIG) for name in names}

    def client(self, service: str) -> Any:  # noqa: ANN401  a boto3 client
        return self._made[service]

    def renew(self, used: Any) -> None:  # noqa: ANN401  a boto3 client
        raise AssertionError(f"an account's own keys do not expire: {used}")


@dataclass
class Bench:
    """A service, and what it is made of."""

    service: Service
    clients: Here
    calls: Calls
    other_calls: Calls
    buckets: MemoryBuckets
    limits: str

    def server_ids(self, servers: int) -> list[str]:
        """The first of DRS's servers."""
        pages = self.clients.client("drs").get_paginator("describe_source_servers").paginate()
        return [server["sourceServerID"] for page in pages for server in page["items"]][:servers]

    def define(self, name: str, ids: list[str]) -> str:
        """A group that is defined and not yet applied; its id."""
        fields = {"groupName": name, "sourceServerIds": ids, "launchConfig": SETTINGS, "respondAsync": True}
        request = parse(OPERATIONS["create_protection_group"], fields)
        return str(carry_out(self.service, request, Caller("bench", "direct", name), self.service.after(60))["groupId"])

    def empty_ec2(self) -> None:
        """Its buckets were emptied by somebody else in the account, a moment ago."""
        for name, pace in paces(self.limits).items():
            if name.startswith("ec2:"):
                self.buckets.empty(f"home#{name}", Fill(now() + pace.holds))


def bench(asked: dict[str, Any]) -> Bench:
    """For ``{"endpoint", "limits"?, "workers"?}``."""
    clients, buckets, limits = Here(asked["endpoint"]), MemoryBuckets(), asked.get("limits", "")
    limiter = Limiter(buckets, "home", paces(limits), now, time.sleep)
    calls = Calls(clients, limiter, now, time.sleep)
    door = replace(Door(calls), workers=asked.get("workers", WORKERS))
    service = Service(MemoryStore(), lambda _target: door, now, time.sleep, REGION, ACCOUNT)
    return Bench(service, clients, calls, Calls(clients, limiter, now, time.sleep), buckets, limits)
