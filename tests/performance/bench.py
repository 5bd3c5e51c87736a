"""How fast the door is: `make bench` prints a table, `JSON=1 make bench` one JSON object. Nothing is asserted.

Every call takes 300 ms; AWS is the simulator in a process of its own, which enforces the published request rates, and
DRS's default here (20 a second, 50 at once), and counts what exceeds them. Each row is an apply by a worker in a
process of its own. The floor is what the limits alone make it take: (calls - tokens there are) / rate, of the slowest.
The baseline is the same code with one server at a time, in the same run. Takes some
thirteen minutes.
"""

import math
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from commands.aws.paces import PUBLISHED, SPARED, Pace
from local.processes import HOST, Process, ports
from local.remote import RemoteSimulator
from tests.performance.cold_start import TARGET as COLD
from tests.performance.requests_once import SERVERS as SERVERS_ASKED
from tests.performance.requests_once import TARGET as BEYOND

LATENCY = 0.3
SERVERS = 500
NO_DRS_LIMIT = '{"drs": null}'
REQUEST = {"status": "one GetItem", "apply": "one Query, no write"}
"""What a request may ask of the tables."""
Json = dict[str, Any]
say = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Case:
    """One row. ``limits``: a setting of the limiter; ``empty``: EC2 has no tokens; ``target``: what it must reach."""

    name: str
    servers: int
    limits: str = "{}"
    empty: bool = False
    workers: int | None = None
    target: str = ""


CASES = (
    Case("10 servers", 10, target="< 3.5 s"),
    Case("100 servers, EC2 buckets full, no DRS limit", 100, NO_DRS_LIMIT, target="< 12 s"),
    Case("100 servers, the default limits", 100, target="<= 1.3 x floor"),
    Case("100 servers, EC2 buckets empty", 100, empty=True, target="< 30 s"),
    Case("500 servers, the default limits", 500, target="<= 1.3 x floor"),
    Case("baseline: 100 servers one at a time, no DRS limit", 100, NO_DRS_LIMIT, workers=1, target=">= 8 x row 2"),
)


def main(*, as_json: bool) -> int:
    """Runs them all."""
    [port] = ports(0, count=1)
    with Process("local.simulator", "--port", str(port), "--servers", str(SERVERS), speaks=True) as process:
        process.first_line(60)
        simulator = RemoteSimulator(f"http://{HOST}:{port}")
        rows = [_run(simulator, case) for case in CASES]
        waves = {
            name: _waves(simulator, applied_before=name == "appliedBefore") for name in ("appliedBefore", "atRunTime")
        }
    say.print("a wave on a ready group, on the embedded cloud ...")
    start = _process("wave_start", {"waves": 50})
    say.print("a question and an apply that has nothing to do, on the embedded cloud ...")
    requests = _process("requests_once", {"times": 200})
    say.print("cold starts, from the built package ...")
    cold = _process("cold_start", {"rounds": 10})
    baseline = rows[-1]["seconds"] / rows[1]["seconds"]
    if as_json:
        figures = {"latencySeconds": LATENCY, "rows": rows, "baselineRatio": round(baseline, 1), "waves": waves}
        figures |= {"waveStart": start, "requests": requests, "coldStart": cold}
        print(orjson.dumps(figures).decode())  # noqa: T201  asked for
    _tell(rows, baseline)
    _tell_waves(waves)
    _tell_start(start)
    _tell_requests(requests)
    _tell_cold(cold)
    return 0


def _run(simulator: RemoteSimulator, case: Case) -> Json:
    say.print(f"{case.name} ...")
    simulator.reset()
    limited = case.limits != NO_DRS_LIMIT
    simulator.set_limits(published=True, operation="drs:*", burst=50 if limited else 1e6, rate=20 if limited else 1e6)
    simulator.latency(LATENCY)
    for name in (name for name in PUBLISHED if case.empty and name.startswith("ec2:")):
        simulator.set_limits(operation=name, tokens=0)
    asked: Json = {"endpoint": simulator.endpoint, "servers": case.servers, "limits": case.limits, "empty": case.empty}
    if case.workers:
        asked["workers"] = case.workers
    seen = _process("apply_once", asked)
    floor = _floor(case)
    return {
        "name": case.name,
        **seen,
        "floorSeconds": round(floor, 2),
        "timesFloor": round(seen["seconds"] / floor, 2) if floor > 1 else None,
        "target": case.target,
        "throttled": sum(simulator.throttled().values()),
        "awsCalls": simulator.counts(),
    }


def _waves(simulator: RemoteSimulator, *, applied_before: bool) -> Json:
    say.print(f"five waves, {'applied before' if applied_before else 'applied at run time'} ...")
    simulator.reset()
    simulator.latency(LATENCY)
    simulator.set_limits(published=True, operation="drs:*", burst=50, rate=20)
    asked = {"endpoint": simulator.endpoint, "limits": "{}", "appliedBefore": applied_before}
    return _process("waves_once", asked)


def _process(module: str, asked: Json) -> Json:
    """What a process of its own saw."""
    command = [sys.executable, "-m", f"tests.performance.{module}", orjson.dumps(asked).decode()]
    seen: Json = orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
    return seen


def _floor(case: Case) -> float:
    """Seconds below which no first apply of so many servers can be, whatever its code does."""
    drs = (
        0.0
        if case.limits == NO_DRS_LIMIT
        else _seconds(PUBLISHED["drs"], 2 * case.servers + math.ceil(case.servers / 200))
    )
    writes = _seconds(PUBLISHED["ec2:CreateLaunchTemplateVersion"], case.servers, empty=case.empty)
    return max(drs, writes)


def _seconds(pace: Pace, calls: int, *, empty: bool = False) -> float:
    there = 0 if empty else int(pace.burst * (1 - SPARED))
    return max((calls - there) / pace.rate, 0.0)


def _tell(rows: list[Json], baseline: float) -> None:
    table = Table("", "ready", "seconds", "floor", "x floor", "target", "calls", "throttled", "peak MB")
    for row in rows:
        times = "" if row["timesFloor"] is None else f"{row['timesFloor']:.2f}"
        cells = (row["ready"], f"{row['seconds']:.2f}", f"{row['floorSeconds']:.2f}", times, row["target"])
        table.add_row(row["name"], *map(str, (*cells, row["calls"], row["throttled"], row["peakMegabytes"])))
    say.print(table)
    say.print(f"One server at a time takes {baseline:.1f} times as long as {CASES[1].name}.")


def _tell_waves(waves: Json) -> None:
    before, then = (sum(waves[name]["milliseconds"]) / 1000 for name in ("appliedBefore", "atRunTime"))
    calls = waves["appliedBefore"]["configurationCalls"]
    say.print("Five waves of 100 servers one after another, from start wave to StartRecovery accepted:")
    say.print(f"{then:.1f} s applied at run time, {before:.1f} s applied before with {calls} configuration calls.")
    say.print(f"That is {then / before:.0f} times as fast (target >= 20), {1 - before / then:.1%} less.")


def _tell_start(start: Json) -> None:
    calls = ", ".join(f"{name} {milliseconds} ms" for name, milliseconds in start["calls"].items())
    say.print(f"A wave on a ready group of {start['servers']}, p50 of {start['waves']}, no latency: {calls}.")
    say.print(
        f"Bare they take {start['bareMilliseconds']} ms, the wave {start['waveMilliseconds']} ms:"
        f" {start['timesBare']} times as long (target <= 1.5)."
    )


def _tell_requests(requests: Json) -> None:
    for name, seen in requests.items():
        calls, ours, bare = ", ".join(seen["calls"]), seen["milliseconds"], seen["bareMilliseconds"]
        say.print(
            f"{name} of a ready group of {SERVERS_ASKED}: {calls}; p50 {ours} ms, bare {bare} ms,"
            f" {seen['beyondMilliseconds']} ms beyond it (target {REQUEST[name]} and < {BEYOND:g} ms)."
        )


def _tell_cold(cold: Json) -> None:
    table = Table("cold start", "ms", "boto3 and the same clients, ms", "times", "target", "our libraries alone, times")
    for handler, seen in cold.items():
        times, alone = f"{seen['timesBare']:.2f}", f"{seen['librariesTimesBare']:.2f}"
        table.add_row(handler, str(seen["milliseconds"]), str(seen["bareMilliseconds"]), times, f"<= {COLD}", alone)
    say.print(table)


if __name__ == "__main__":
    sys.exit(main(as_json="--json" in sys.argv))
