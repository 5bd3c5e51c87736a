"""The main job, from end to end: a group of servers goes in, a wave starts at once.

Everything on the way is the deployed template: API Gateway takes the definition, stream and queue carry it, the
worker applies it to the simulator, the projector shows it, and the waves function is invoked directly.
"""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.cloud import Cloud
from local.programs import ACCOUNT, REGION
from local.synchronizer import define, read_folder

SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "drs-tools"
GIVE_UP = 300.0
"""Seconds after which a group that is not ready is called a failure."""
A_JOB = 600
"""Seconds in which DRS has launched everything, on the simulator's clock."""
CONFIGURES = ("LaunchConfiguration", "LaunchTemplate")
Json = dict[str, Any]
say = Console(stderr=True, highlight=False)


def run(servers: int = 100, *, as_json: bool = False) -> int:
    """Exit code 0 if the group became ready and the wave started on it without one configuration call."""
    say.print(f"[bold]Starting the embedded cloud[/] with {servers} source servers ...")
    with Cloud(port=0, servers=servers) as cloud:
        figures = _figures(cloud, servers)
        if as_json:
            print(orjson.dumps(figures).decode(), flush=True)
        else:
            _tell(figures)
    _look_around()
    return 0 if _kept(figures) else 1


def _figures(cloud: Cloud, servers: int) -> Json:
    body = _definition(cloud)
    began = time.monotonic()
    status = _applied(cloud, body, servers)
    seconds = time.monotonic() - began
    calls = cloud.simulator.counts()
    wave = _wave(cloud, status["groupId"])
    return {
        "servers": servers,
        "ready": status["counts"]["ready"],
        "status": status["status"],
        "applySeconds": round(seconds, 2),
        "awsCalls": calls,
        "wave": wave,
        "projectionLagMilliseconds": _milliseconds(status["recordedAt"], status["projectedAt"]),
    }


def _definition(cloud: Cloud) -> Json:
    """The sample configuration of a public project, for the servers that DRS knows."""
    pages = cloud.client("drs").get_paginator("describe_source_servers").paginate()
    found = [server for page in pages for server in page["items"]]
    imported = define(
        read_folder(SAMPLE), found, "Sample application", cloud.description["region"], cloud.description["account"]
    )
    say.print(f"Imported {len(found)} servers' settings; left out, by name: {len(imported.findings)} keys")
    return imported.groups[0]


def _applied(cloud: Cloud, body: Json, servers: int) -> Json:
    """The status once nothing is pending any more, the bar moving as the projector shows it."""
    code, created = cloud.request("POST", "/protection-groups", body, {"Prefer": "respond-async"})
    if code not in {201, 202}:
        raise SystemExit(f"the group was refused: {created}")
    columns = (TextColumn("Applying and reading back"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=say) as bar:
        task = bar.add_task("", total=servers)
        return _until_settled(cloud, created["groupId"], lambda done: bar.update(task, completed=done))


def _until_settled(cloud: Cloud, group_id: str, show: Callable[[int], None]) -> Json:
    give_up = time.monotonic() + GIVE_UP
    while True:
        code, status = cloud.request("GET", f"/protection-groups/{group_id}/launch-config-status")
        if code == 200:  # noqa: PLR2004  OK; just after the create the row may not be there yet
            show(status["counts"]["ready"] + status["counts"]["notConfigured"])
            if status["status"] != "pending":
                return status
        if time.monotonic() > give_up:
            raise SystemExit(f"not settled after {GIVE_UP:.0f} s: {status}\n{cloud.log()}")
        time.sleep(0.1)


def _wave(cloud: Cloud, group_id: str) -> Json:
    before = sum(_configuring(cloud.simulator.counts()).values())
    answer = cloud.invoke(
        "WavesFunction",
        {
            "operation": "start_wave_recovery",
            "executionId": "demo",
            "waveNumber": 0,
            "protectionGroupIds": [group_id],
            "isDrill": True,
            "invokedBy": "make demo",
        },
    )
    if "error" in answer:
        raise SystemExit(f"the wave did not start: {answer}")
    after = sum(_configuring(cloud.simulator.counts()).values())
    keys = ("decision", "path", "eventTableReads", "jobIds", "startMilliseconds")
    return {**{key: answer[key] for key in keys}, "configurationCalls": after - before, **_seen_through(cloud)}


def _seen_through(cloud: Cloud) -> Json:
    """DRS's clock is moved on until its job has ended; then the wave is looked at, as is done every minute."""
    cloud.simulator.advance(A_JOB)
    seen = cloud.invoke("WavesFunction", {"operation": "watch_wave", "executionId": "demo", "waveNumber": 0})
    return {"status": seen["status"], "launched": seen["counts"]["launched"]}


def _configuring(counts: dict[str, int]) -> dict[str, int]:
    """The calls that read or write configuration, as the simulator counted them."""
    return {call: n for call, n in counts.items() if any(word in call for word in CONFIGURES)}


def _milliseconds(since: str, until: str) -> int:
    return round((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds() * 1000)


def _kept(figures: Json) -> bool:
    """The promise: ready means at once, with no configuration call."""
    wave = figures["wave"]
    at_once = wave["decision"] == "started" and not wave["configurationCalls"]
    return bool(figures["status"] == "ready" and at_once and wave["status"] == "recovered")


def _tell(figures: Json) -> None:
    wave = figures["wave"]
    say.print(f"[bold]{figures['status']}[/]: {figures['ready']} servers proved in {figures['applySeconds']} s")
    for call, n in figures["awsCalls"].items():
        say.print(f"  {n:5d}  {call}")
    say.print(
        f"[bold]Wave {wave['decision']}[/] on the {wave['path']} path, {wave['startMilliseconds']} ms from start wave"
        f" to StartRecovery accepted: {wave['configurationCalls']} configuration calls, {wave['eventTableReads']} read"
        f" of the event table, job {', '.join(wave['jobIds'])}"
    )
    say.print(f"Ten minutes of DRS's clock later it is [bold]{wave['status']}[/]: {wave['launched']} servers launched")


def _look_around() -> None:
    say.print(
        f"\n[bold]Look around[/]\n"
        "  make serve          such a cloud until Ctrl-C, with no group yet; it prints its addresses as one JSON line\n"
        f"  curl --aws-sigv4 aws:amz:{REGION}:execute-api --user {ACCOUNT}:any $API/protection-groups\n"
        "                      its groups; $API is the line's `api`, any other route is in docs/api.md\n"
        "  curl $SIMULATOR/_simulator/calls\n"
        "                      every AWS call that was made; $SIMULATOR is the line's `simulator`\n"
        "  README.md           one command's way through the house, and one wave's way",
        soft_wrap=True,
    )
