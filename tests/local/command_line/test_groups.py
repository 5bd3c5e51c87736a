"""Groups from the command line: defined, applied, changed, deleted; by API and directly."""

from pathlib import Path

import pytest

from local.command_line.program import main
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import DONE, NOT_YET, REFUSED, Ask, Run, definition, ready, written


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


@pytest.mark.parametrize("way", [(), ("--direct", "preflight")], ids=["api", "direct"])
def test_servers_are_added_and_removed_and_a_group_is_deleted(
    cloud: Cloud, run: Run, read: Ask, line: Path, way: tuple[str, ...]
) -> None:
    where = ("--serve-line", str(line), *way)
    first, second = cloud.take_servers(2)
    id_ = ready(cloud, f"Grows {way}", [first])

    code, answer = run("add", id_, second, "--wait", *where)
    assert (code, answer["status"], answer["appliedServers"]) == (DONE, "ready", 2)
    code, answer = run("remove", id_, first, *where)
    assert (code, answer["status"], answer["appliedServers"]) == (DONE, "ready", 1)
    code, answer = run("add", id_, second, *where)
    assert (code, answer["version"]) == (DONE, answer["version"])
    code, out, _ = read("delete", id_, "--request-id", f"gone {way}", *where)
    assert (code, out.startswith(f"{id_} deleted - version ")) == (DONE, True)
    code, again = run("delete", id_, "--request-id", f"gone {way}", *where)
    assert (code, again["deleted"]) == (DONE, True)
    assert cloud.until(lambda: run("status", id_)[0] == REFUSED or None)


def test_the_same_request_id_creates_one_group(cloud: Cloud, run: Run, tmp_path: Path) -> None:
    body = written(tmp_path, definition("Made once", cloud.take_servers(1)))
    first, again = (run("create", "-f", body, "--request-id", "cli-once")[1] for _ in range(2))
    assert first["groupId"] == again["groupId"]


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
    first, *_, last = err.splitlines()
    assert (out, first.startswith("preflight: SERVER_CONFLICT: ")) == ("", True)
    assert last.startswith("  what to do: another group or server holds it: ")


def test_all_that_is_wrong_in_a_definition_is_said_once(read: Ask, tmp_path: Path) -> None:
    wrong = {"groupName": "", "launchConfig": {"instanceType": 7}, "sourceServerIds": []}
    code, _, err = read("create", "-f", written(tmp_path, wrong))
    first, *more, last = err.splitlines()
    assert (code, first.startswith("preflight: INVALID_PARAMETER: groupName: ")) == (REFUSED, True)
    assert [one.startswith("  also launchConfig.instanceType: ") for one in more] == [True]
    assert last.startswith("  what to do: mend the field")
