"""Plans of waves from the command line: started, followed wave by wave, resumed, cancelled."""

import json
from pathlib import Path

import pytest

from local.command_line.program import main
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import (
    DONE,
    FAILED,
    NOT_YET,
    NOWHERE,
    REFUSED,
    Ask,
    Run,
    definition,
    ready,
    service,
    written,
)


def test_an_execution_is_started_resumed_watched_and_cancelled(
    cloud: Cloud, both: Run, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = ready(cloud, "Executed", cloud.take_servers(1))
    wave = {"waveName": "only", "protectionGroupIds": [id_], "pauseBeforeWave": True}
    plan = {"isDrill": True, "pollSeconds": 1, "waves": [wave]}

    for name in ("cli-resumed", "cli-cancelled"):
        code, answer = run("execution", "start", "-f", written(tmp_path, {**plan, "executionId": name}))
        assert (code, answer["joined"]) == (NOT_YET, False)
        cloud.until(lambda name=name: run("execution", "show", name)[1]["pausedAt"])
    code, paused = both("execution", "show", "cli-resumed")
    assert (code, paused["status"], paused["pausedBeforeWave"]) == (NOT_YET, "paused", 0)

    code, no = run("execution", "resume", "cli-resumed", "--wave", "1")
    assert (code, no["error"], no["details"]["field"]) == (REFUSED, "NOT_PAUSED", "waveNumber")
    code, answer = run("execution", "cancel", "cli-cancelled")
    assert (code, answer["status"]) == (DONE, "cancelled")
    assert run("execution", "show", "cli-cancelled")[0] == FAILED
    assert run("execution", "resume", "cli-cancelled")[1]["error"] == "NOT_PAUSED"

    cloud.simulator.job_speed("instant")
    try:
        assert run("execution", "resume", "cli-resumed", "--wave", "0")[0] == NOT_YET
        code, done = run("execution", "show", "cli-resumed", "--watch", "--timeout", "60")
    finally:
        cloud.simulator.job_speed(1)
    assert (code, done["status"]) == (DONE, "completed")
    assert main(["execution", "show", "cli-resumed"]) == DONE
    assert "recovered" in capsys.readouterr().out


def test_whoever_waits_for_an_execution_follows_it_until_it_pauses_and_then_until_it_has_ended(
    cloud: Cloud, read: Ask, tmp_path: Path
) -> None:
    first, second = (ready(cloud, f"Followed {n}", cloud.take_servers(1)) for n in range(2))
    waves = [
        {"waveName": "database", "protectionGroupIds": [first]},
        {"waveName": "front", "protectionGroupIds": [second], "pauseBeforeWave": True},
    ]
    plan = {"executionId": "cli-followed", "isDrill": True, "pollSeconds": 1, "waves": waves}
    cloud.simulator.job_speed("instant")
    try:
        code, out, err = read(
            "execution", "start", "-f", written(tmp_path, plan), "--wait", "--timeout", "60", "--json"
        )
        paused = json.loads(out)
        assert (code, paused["status"], paused["pausedBeforeWave"]) == (NOT_YET, "paused", 1)
        assert err.splitlines()[-1] == "execution paused, wave 0 database recovered 1 of 1 servers, waves ended: 1 of 2"
        code, out, err = read("execution", "show", "cli-followed", "--watch", "--timeout", "60")
        assert (code, "waits before wave 1: execution resume cli-followed" in out) == (NOT_YET, True)
        assert "not settled" not in err
        code, out, err = read("execution", "resume", "cli-followed", "--wait", "--timeout", "60")
    finally:
        cloud.simulator.job_speed(1)
    assert (code, out.split()[:3]) == (DONE, ["execution", "cli-followed", "completed"])
    said = "execution completed, wave 1 front recovered 1 of 1 servers, waves ended: 2 of 2"
    assert err.splitlines()[-1] == said


def test_an_execution_that_may_not_start_has_failed_and_its_wave_says_why(
    cloud: Cloud, run: Run, read: Ask, tmp_path: Path
) -> None:
    body = definition("Cannot start", cloud.take_servers(1), subnetId=NOWHERE)
    group = run("create", "-f", written(tmp_path, body), "--wait")[1]["groupId"]
    wave = {"waveName": "only", "protectionGroupIds": [group], "onNotReady": "block"}
    plan = {"executionId": "cli-shut", "isDrill": True, "pollSeconds": 1, "waves": [wave]}
    code, ended = run("execution", "start", "-f", written(tmp_path, plan), "--wait", "--timeout", "60")
    assert (code, ended["status"]) == (FAILED, "failed")
    code, out, _ = read("execution", "show", "cli-shut")
    assert (code, "execution cli-shut failed" in out) == (FAILED, True)
    told = " ".join(out.split())
    assert f"wave 0 could not start; what blocks it: readiness {group}" in told
    assert "the gate found SUBNET_NOT_FOUND: mend it, then start the plan under another executionId" in told


def test_waiting_for_an_execution_ends_in_time_and_says_how_to_go_on(ask: Ask, tmp_path: Path) -> None:
    wave = {"waveNumber": 0, "waveName": "only", "status": "running"}
    runs = {"status": "running", "pausedBeforeWave": None, "endedAt": None, "reason": "", "waves": [wave]}
    found = {"executionId": "exec-1", **runs}
    plan = written(tmp_path, {"executionId": "exec-1"})
    with service(*[found] * 9) as slow:
        waits = ("execution", "start", "-f", plan, "--wait", "--timeout", "0.5", "--json")
        code, out, err = ask(*waits, "--api", slow.url)
    assert (code, json.loads(out)) == (NOT_YET, found)
    assert err.splitlines()[0] == "execution running, wave 0 only running, waves ended: 0 of 1"
    assert "not settled after" in err.splitlines()[-1]
