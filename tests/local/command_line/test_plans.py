"""What would change, from the command line: the plan of an apply, and what tags select now."""

from pathlib import Path

import pytest

from local.command_line.program import main
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import DONE, FAILED, NOWHERE, SETTINGS, Ask, Run, definition, ready, written


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


def test_what_tags_select_now_is_shown_before_an_update_takes_it(
    cloud: Cloud, both: Run, read: Ask, run: Run, tmp_path: Path
) -> None:
    stays, leaves, joins = cloud.take_servers(3)

    def tag(id_: str, value: str) -> None:
        drs = cloud.client("drs")
        [found] = drs.describe_source_servers(filters={"sourceServerIDs": [id_]})["items"]
        drs.tag_resource(resourceArn=found["arn"], tags={"Cli": value})

    for id_ in (stays, leaves):
        tag(id_, "selected")
    body = {"groupName": "Selected", "serverSelectionTags": {"Cli": "selected"}, "launchConfig": SETTINGS}
    _, made = run("create", "-f", written(tmp_path, body), "--wait")
    tag(leaves, "no longer")
    tag(joins, "selected")

    code, found = both("resolve", made["groupId"])
    assert (code, found["joining"], found["leaving"], found["unchanged"]) == (DONE, [joins], [leaves], 1)
    code, out, _ = read("resolve", made["groupId"])
    head = f"{made['groupId']} 1 would join, 1 would leave, 0 would change, 1 as they are"
    assert (code, out.splitlines()) == (DONE, [head, f"  + {joins}", f"  - {leaves}"])
