"""One apply of one group, in a process of its own: seconds, calls and peak memory, as one line of JSON.

python -m tests.performance.apply_once '{"endpoint": ..., "servers": 100, "workers": 48, "limits": "{}"}'

The worker's own code, imports included; only its event store and its buckets are in memory.
"""

import resource
import sys
import time
from typing import Any

import orjson

from commands.pump import pump
from commands.service import Service
from commands.waves.parts import now
from events import shown, status
from tests.performance.parts import bench

A_TURN = 70
"""Seconds of one invocation of the worker that it applies for."""


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """What was seen."""
    here = bench(asked)
    group_id = here.define("Bench", here.server_ids(asked["servers"]))
    if asked.get("empty"):
        here.empty_ec2()
    began = time.monotonic()
    turns = _applied(here.service, group_id)
    seconds = time.monotonic() - began
    counts = shown.launch_config_status(here.service.group(group_id).state, now())["counts"]
    return {
        "seconds": round(seconds, 2),
        "turns": turns,
        "ready": counts["ready"],
        "calls": here.calls.made,
        "peakMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _applied(service: Service, group_id: str) -> int:
    """Woken until nothing is due; how often."""
    turns = 0
    while status.next_due_at(service.group(group_id).state, now()) is not None:
        state = pump(service, group_id, service.after(A_TURN)).state
        turns += 1
        if status.status(state, now()) != "pending":
            break
    return turns


if __name__ == "__main__":
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output
