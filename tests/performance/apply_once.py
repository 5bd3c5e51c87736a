"""One apply of one group, in a process of its own: seconds, calls and peak memory, as one line of JSON.

python -m tests.performance.apply_once '{"endpoint": ..., "servers": 100, "workers": 48, "limits": "{}"}'

The worker's own code, imports included; only its event store and its buckets are in memory.
"""

import os
import resource
import sys
import time
from dataclasses import replace
from typing import Any

import boto3
import orjson

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Fill, Limiter
from commands.aws.paces import Pace, paces
from commands.drs import CONFIG, WORKERS, Door
from commands.operations import OPERATIONS, carry_out
from commands.pump import pump
from commands.service import Service
from commands.worker import app as worker
from events import shown, status
from events.doors import Caller, parse
from events.memory import MemoryStore

ACCOUNT, REGION = "123456789012", "us-east-1"
A_TURN = 70
"""Seconds of one invocation of the worker that it applies for."""
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


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """What was seen."""
    clients, limits = Here(asked["endpoint"]), paces(asked.get("limits", ""))
    buckets = MemoryBuckets()
    limiter = Limiter(buckets, "home", limits, worker.now, time.sleep)
    calls = Calls(clients, limiter, worker.now, time.sleep)
    door = replace(Door(calls), workers=asked.get("workers", WORKERS))
    service = Service(MemoryStore(), lambda _target: door, worker.now, time.sleep, REGION, ACCOUNT)
    pages = clients.client("drs").get_paginator("describe_source_servers").paginate()
    ids = [server["sourceServerID"] for page in pages for server in page["items"]][: asked["servers"]]
    fields = {"groupName": "Bench", "sourceServerIds": ids, "launchConfig": SETTINGS, "respondAsync": True}
    request = parse(OPERATIONS["create_protection_group"], fields)
    group_id = carry_out(service, request, Caller("bench", "direct", "bench"), service.after(60))["groupId"]
    if asked.get("empty"):
        _emptied(buckets, limits)
    began = time.monotonic()
    turns = _applied(service, group_id)
    seconds = time.monotonic() - began
    counts = shown.launch_config_status(service.group(group_id).state, worker.now())["counts"]
    return {
        "seconds": round(seconds, 2),
        "turns": turns,
        "ready": counts["ready"],
        "calls": calls.made,
        "peakMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _applied(service: Service, group_id: str) -> int:
    """Woken until nothing is due; how often."""
    turns = 0
    while status.next_due_at(service.group(group_id).state, worker.now()) is not None:
        state = pump(service, group_id, service.after(A_TURN)).state
        turns += 1
        if status.status(state, worker.now()) != "pending":
            break
    return turns


def _emptied(buckets: MemoryBuckets, limits: dict[str, Pace]) -> None:
    """EC2's, by somebody else in the account, a moment ago."""
    now = worker.now()
    for name, pace in limits.items():
        if name.startswith("ec2:"):
            buckets.empty(f"home#{name}", Fill(now + pace.holds))


if __name__ == "__main__":
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output
