"""The command line against the embedded cloud: every command, by API and directly, with its exit code."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.command_line import main
from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
Run = Callable[..., tuple[int, Json]]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}
NOWHERE = "subnet-0123456789abcdef0"
DONE, NOT_YET, FAILED, REFUSED = 0, 2, 3, 4
A_JOB = 600
"""Seconds in which a recovery job ends."""


@pytest.fixture
def line(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `make serve` prints, in a file; and an environment that says nothing."""
    for name in ("PREFLIGHT_API", "PREFLIGHT_STACK", "PREFLIGHT_SERVE_LINE", "PREFLIGHT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "cloud.json"
    file.write_text(f"make: a word before it\n{json.dumps(cloud.description)}\n")
    return file


@pytest.fixture
def run(line: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command with ``--json``: its exit code, and the one document on standard output."""
    monkeypatch.setenv("PREFLIGHT_SERVE_LINE", str(line))

    def ran(*arguments: str) -> tuple[int, Json]:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out = capsys.readouterr().out
        assert out.count("\n") == 1, out
        return code, json.loads(out)

    return ran


@pytest.fixture
def both(run: Run, line: Path) -> Run:
    """A question that is asked by API and directly, and answered with the same JSON and code."""

    def asked(*arguments: str) -> tuple[int, Json]:
        by_api = run(*arguments)
        assert run(*arguments, "--direct", "preflight", "--serve-line", str(line)) == by_api
        return by_api

    return asked


@pytest.fixture
def running_clock(cloud: Cloud) -> Iterator[None]:
    """DRS's clock runs fast, and waves are looked at, while a command waits."""
    over = threading.Event()

    def advance() -> None:
        while not over.wait(0.2):
            cloud.simulator.advance(A_JOB / 4)
            for name in ("cli-waits", "cli-partly"):
                cloud.invoke("WavesFunction", {"operation": "watch_wave", "executionId": name, "waveNumber": 0})

    runner = threading.Thread(target=advance)
    runner.start()
    yield
    over.set()
    runner.join()


def written(folder: Path, body: Json) -> str:
    file = folder / "body.json"
    file.write_text(json.dumps(body))
    return str(file)


def definition(name: str, servers: list[str], **settings: object) -> Json:
    return {"groupName": name, "sourceServerIds": servers, "launchConfig": {**SETTINGS, **settings}}


def ready(cloud: Cloud, name: str, servers: list[str]) -> str:
    """A group, applied and proved; its id."""
    code, answer = cloud.request("POST", "/protection-groups", definition(name, servers))
    assert (code, answer["status"]) == (201, "ready")
    return str(answer["groupId"])


@pytest.mark.parametrize("way", [(), ("--direct", "preflight")], ids=["api", "direct"])
def test_a_group_is_created_updated_and_applied_and_each_says_how_it_stands(
    cloud: Cloud, run: Run, line: Path, tmp_path: Path, way: tuple[str, ...]
) -> None:
    where = ("--serve-line", str(line), *way)
    body = definition(f"Made {way}", cloud.take_servers(2))

    code, answer = run("create", "-f", written(tmp_path, body), "--no-wait", *where)
    assert (code, answer["status"], answer["pendingServers"]) == (NOT_YET, "pending", 2)
    id_ = answer["groupId"]
    code, answer = run("apply", id_, "--wait", *where)
    assert (code, answer["status"], answer["appliedServers"], answer["pendingServers"]) == (DONE, "ready", 2, 0)

    _, shown = run("group", id_, *where)
    shown["launchConfig"]["instanceType"] = "m5.large"
    code, answer = run("update", id_, "-f", written(tmp_path, shown), "--wait", *where)
    assert (code, answer["status"], answer["launchConfigStatus"]["counts"]["ready"]) == (DONE, "ready", 2)
    code, forced = run("apply", id_, "--force", *where)
    assert (code, forced["version"] > answer["version"]) == (DONE, True)
    code, again = run("apply", id_, *where)
    assert (code, again["version"]) == (DONE, forced["version"])


def test_every_question_is_answered_with_the_same_json_by_api_and_directly(cloud: Cloud, both: Run) -> None:
    id_ = ready(cloud, "Asked both ways", cloud.take_servers(1))
    wave = {"executionId": "cli:both", "waveNumber": 0, "protectionGroupIds": [id_], "isDrill": True}
    cloud.request("POST", "/waves", wave)
    cloud.until(lambda: both("status", id_)[1].get("recordedAt"))

    code, then = both("status", id_, "--version", "1")
    assert (code, then["status"], then["version"]) == (NOT_YET, "pending", 1)
    assert both("group", id_)[1]["groupName"] == "Asked both ways"
    assert id_ in [group["groupId"] for group in both("groups")[1]["groups"]]
    assert both("groups", "--of-region", "eu-west-3") == (DONE, {"groups": [], "nextToken": None})
    assert both("wave", "show", "cli:both", "0")[1]["status"] == "running"
    assert both("verify", "--group", id_)[1]["ok"]
    assert both("wave", "show", "cli:both", "7")[0] == REFUSED
    cloud.simulator.advance(A_JOB)


def test_a_plan_shows_field_by_field_what_somebody_has_changed_in_the_console(
    cloud: Cloud, both: Run, line: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = cloud.take_servers(2)
    id_ = ready(cloud, "Planned", servers)
    cloud.simulator.edit(servers[0], template={"InstanceType": "t3.micro"})

    code, plan = both("plan", id_)
    change = {"field": "instanceType", "from": "t3.micro", "to": "c5.large"}
    assert (code, plan["changedServers"]) == (DONE, 1)
    assert [change in server["changes"] for server in sorted(plan["servers"], key=lambda s: s["sourceServerId"])] == [
        server == servers[0] for server in sorted(servers)
    ]
    assert main(["plan", id_, "--force", "--serve-line", str(line)]) == DONE
    out = capsys.readouterr().out
    assert "  ~ instanceType: t3.micro -> c5.large\n" in out
    assert "1 would change, 0 would be refused, 1 as they should be\n" in out


def test_a_group_that_aws_refuses_fails_and_its_plan_says_why(
    cloud: Cloud, run: Run, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = definition("Nowhere", cloud.take_servers(1), subnetId=NOWHERE)
    code, answer = run("create", "-f", written(tmp_path, body), "--wait")
    assert (code, answer["status"], answer["errors"][0]["code"]) == (FAILED, "failed", "SUBNET_NOT_FOUND")
    assert run("status", answer["groupId"], "--watch")[0] == FAILED
    assert run("plan", answer["groupId"])[1]["refusedServers"] == 1
    assert main(["plan", answer["groupId"], "--serve-line", str(line)]) == FAILED
    assert "  ! SUBNET_NOT_FOUND: " in capsys.readouterr().out


def test_what_the_service_refuses_is_said_with_what_to_do(
    cloud: Cloud, run: Run, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = cloud.take_servers(1)
    ready(cloud, "Held by a wave", servers)
    body = written(tmp_path, definition("Wants the same", servers))

    code, answer = run("create", "-f", body)
    assert (code, answer["error"]) == (REFUSED, "SERVER_CONFLICT")
    assert main(["create", "-f", body, "--serve-line", str(line)]) == REFUSED
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0].startswith("preflight: SERVER_CONFLICT: ")) == ("", True)
    assert "what to do: " in err.splitlines()[-1]


def test_the_same_request_id_creates_one_group(cloud: Cloud, run: Run, tmp_path: Path) -> None:
    body = written(tmp_path, definition("Made once", cloud.take_servers(1)))
    first, again = (run("create", "-f", body, "--request-id", "cli-once")[1] for _ in range(2))
    assert first["groupId"] == again["groupId"]


def test_readiness_says_go_repair_and_no_go(cloud: Cloud, run: Run) -> None:
    servers = cloud.take_servers(2)
    id_ = ready(cloud, "Could start", servers[:1])
    assert (run("readiness", id_)[0], run("readiness", "--servers", servers[0])[0]) == (DONE, DONE)
    waiting = {**definition("Would be repaired", servers[1:]), "respondAsync": True}
    cloud.simulator.latency(1.0, "GetLaunchConfiguration")
    try:
        _, pending = cloud.request("POST", "/protection-groups", waiting)
        code, answer = run("readiness", pending["groupId"])
    finally:
        cloud.simulator.latency(0.0, "GetLaunchConfiguration")
    assert (code, answer["waves"][0]["verdict"]) == (NOT_YET, "repair")
    code, answer = run("readiness", id_, "pg-nobody")
    assert (code, answer["waves"][0]["blocks"][0]["code"]) == (FAILED, "NOT_FOUND")


@pytest.mark.usefixtures("running_clock")
def test_a_wave_is_started_and_waited_for_until_its_jobs_have_ended(cloud: Cloud, run: Run) -> None:
    servers = cloud.take_servers(3)
    good, torn = ready(cloud, "Waited for", servers[:1]), ready(cloud, "Torn", servers[1:])
    elsewhere = {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": NOWHERE}]}
    cloud.simulator.edit(servers[1], template=elsewhere)

    code, started = run("wave", "start", "cli-waits", "0", good, "--drill", "--budget", "5")
    assert (code, started["decision"], started["isDrill"]) == (NOT_YET, "started", True)
    code, wave = run("wave", "show", "cli-waits", "0", "--watch", "--timeout", "60")
    assert (code, wave["status"], wave["jobIds"]) == (DONE, "recovered", started["jobIds"])
    code, wave = run("wave", "start", "cli-partly", "0", torn, "--recovery", "--on-not-ready", "proceed", "--wait")
    assert (code, wave["status"], wave["isDrill"]) == (FAILED, "partly", False)


def test_a_live_check_finds_what_a_fresh_proof_cannot(cloud: Cloud, run: Run) -> None:
    servers = cloud.take_servers(1)
    id_ = ready(cloud, "Looked at", servers)
    cloud.simulator.edit(servers[0], template={"InstanceType": "t3.micro"})
    _, started = run("wave", "start", "cli-live", "0", id_, "--drill", "--live-check")
    assert (started["liveChecked"], started["path"]) == (True, "repaired")
    cloud.simulator.advance(A_JOB)


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

    code, answer = run("execution", "cancel", "cli-cancelled")
    assert (code, answer["status"]) == (DONE, "cancelled")
    assert run("execution", "show", "cli-cancelled")[0] == FAILED
    assert run("execution", "resume", "cli-cancelled")[1]["error"] == "NOT_PAUSED"

    cloud.simulator.job_speed("instant")
    try:
        assert run("execution", "resume", "cli-resumed")[0] == NOT_YET
        code, done = run("execution", "show", "cli-resumed", "--watch", "--timeout", "60")
    finally:
        cloud.simulator.job_speed(1)
    assert (code, done["status"]) == (DONE, "completed")
    assert main(["execution", "show", "cli-resumed"]) == DONE
    assert "recovered" in capsys.readouterr().out


def test_all_streams_are_verified_and_what_is_no_stream_is_refused(run: Run, both: Run) -> None:
    code, answer = run("verify")
    assert (code, answer["ok"], answer["after"], answer["streams"] > 1) == (DONE, True, None, True)
    assert both("verify", "--stream", "nonsense")[0] == REFUSED


def test_history_and_audit_log_tell_who_did_what_and_what_it_changed(
    cloud: Cloud, run: Run, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = cloud.take_servers(1)
    id_ = ready(cloud, "Told", servers)
    body = written(tmp_path, {"launchConfig": {**SETTINGS, "instanceType": "m5.large"}})
    assert run("update", id_, "-f", body, "--wait", "--direct", "preflight", "--serve-line", str(line))[0] == DONE

    code, history = run("history", id_, "--type", "ProtectionGroupUpdated")
    [entry] = history["entries"]
    assert (code, entry["command"], entry["via"]) == (DONE, "UpdateProtectionGroup", "direct")
    assert entry["actor"].startswith("command line")
    change = {"sourceServerId": servers[0], "field": "instanceType", "from": "c5.large", "to": "m5.large"}
    assert entry["changes"] == [change]
    code, audit = run("audit", "--group", id_, "--server", servers[0], "--limit", "1")
    assert (code, len(audit["entries"]), audit["nextToken"] is not None) == (DONE, 1, True)
    _, rest = run("audit", "--group", id_, "--server", servers[0], "--limit", "0", "--next-token", audit["nextToken"])
    assert {one["streamId"] for one in rest["entries"]} == {f"group#{id_}"}

    assert main(["audit", "--group", id_, "--csv"]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("recordedAt,actor,via,command,streamId,version,fact,sourceServerId")
    assert any("UpdateProtectionGroup" in one for one in lines[1:])
    assert main(["history", id_]) == DONE
    assert f"  ~ {servers[0]} instanceType: c5.large -> m5.large\n" in capsys.readouterr().out
