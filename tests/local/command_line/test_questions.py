"""Questions from the command line: the same answer whichever way, now and then; and no operation without a command."""

import json
from pathlib import Path

from local.command_line.routes import ROUTES
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import A_JOB, DONE, NOT_YET, REFUSED, SETTINGS, Run, caught_up, ready, written


def test_every_question_is_answered_with_the_same_json_by_api_and_directly(cloud: Cloud, both: Run) -> None:
    id_ = ready(cloud, "Asked both ways", cloud.take_servers(1))
    wave = {"executionId": "cli:both", "waveNumber": 0, "protectionGroupIds": [id_], "isDrill": True}
    cloud.request("POST", "/waves", wave)
    caught_up(cloud, id_)
    assert both("status", id_)[1]["status"] == "ready"

    code, then = both("status", id_, "--version", "1")
    assert (code, then["status"], then["version"]) == (NOT_YET, "pending", 1)
    assert both("group", id_)[1]["groupName"] == "Asked both ways"
    assert id_ in [group["groupId"] for group in both("groups")[1]["groups"]]
    assert both("groups", "--of-region", "eu-west-3") == (DONE, {"groups": [], "nextToken": None})
    assert both("wave", "show", "cli:both", "0")[1]["status"] == "running"
    assert both("verify", "--group", id_)[1]["ok"]
    assert both("wave", "show", "cli:both", "7")[0] == REFUSED
    cloud.simulator.advance(A_JOB)


def test_a_group_and_its_servers_are_told_as_they_were(cloud: Cloud, both: Run, run: Run, tmp_path: Path) -> None:
    server = cloud.take_servers(1)[0]
    id_ = ready(cloud, "Told as it was", [server])
    then = run("history", id_, "--limit", "1")[1]["entries"][0]
    larger = {"launchConfig": {**SETTINGS, "instanceType": "m5.large"}}
    assert run("update", id_, "-f", written(tmp_path, larger), "--wait")[0] == DONE
    caught_up(cloud, id_)

    for command in (("group", id_), ("server", id_, server)):
        assert both(*command)[1]["launchConfig"]["instanceType"] == "m5.large"
        for moment in (("--version", str(then["version"])), ("--as-of", then["recordedAt"])):
            code, found = both(*command, *moment)
            assert (code, found["launchConfig"]["instanceType"]) == (DONE, "c5.large")


def test_every_operation_of_the_api_has_its_route_here_and_no_other() -> None:
    paths = json.loads(Path("docs/openapi.json").read_text())["paths"]
    published = {each["operationId"]: f"{way.upper()} {path}" for path, of in paths.items() for way, each in of.items()}
    here = {name: f"{route.method} {route.path}" for name, route in ROUTES.items()}
    here["remove_servers_from_group"] = here["remove_servers_from_group"].replace("sourceServerIds", "serverId")
    assert here == published
