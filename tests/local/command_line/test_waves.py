"""Waves from the command line: could one start, start one, wait for its jobs."""

import threading
from collections.abc import Iterator

import pytest

from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import A_JOB, DONE, FAILED, NOT_YET, NOWHERE, Run, definition, ready


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
