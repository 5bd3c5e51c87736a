"""`python -m local import`, against the simulator."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from commands.requests import CreateProtectionGroup
from local.simulator import Simulator
from local.simulator.machines import Place
from local.synchronizer import command

SAMPLE = Path(__file__).parents[1] / "data" / "drs-tools"


def run(*arguments: str) -> int:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "nobody checks",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("account")
def test_the_import_prints_every_server_of_drs_as_bodies_that_the_service_accepts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Simulator.serve() as simulator:
        simulator.add_servers(230, Place("123456789012", "eu-west-1"), tags={"template": "app"})
        assert run(str(SAMPLE), "--group", "Web tier", "--endpoint-url", str(simulator.endpoint)) == 0
    out, err = capsys.readouterr()
    (group,) = json.loads(out)["groups"]
    body = CreateProtectionGroup.model_validate_json(json.dumps(group))
    assert (body.group_name, body.region, body.account_id) == ("Web tier", "eu-west-1", "123456789012")
    assert len(body.servers or ()) == 230
    assert {each.launch_template.get("instanceType") for each in body.servers or ()} == {"m5.4xlarge"}
    assert len(err.splitlines()) == len(json.loads(out)["findings"])


@pytest.mark.usefixtures("account")
def test_without_a_name_the_group_is_called_as_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with Simulator.serve() as simulator:
        assert run(str(SAMPLE), "--endpoint-url", str(simulator.endpoint)) == 0
        assert run(str(SAMPLE), "--group", "ends in a space ", "--endpoint-url", str(simulator.endpoint)) == 2
    assert [group["groupName"] for group in json.loads(capsys.readouterr().out)["groups"]] == ["drs-tools"]


@pytest.mark.usefixtures("account")
def test_an_import_that_knows_no_region_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert run(str(SAMPLE)) == 2
    assert "set AWS_DEFAULT_REGION" in capsys.readouterr().err


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "arguments",
    [
        ("/nowhere",),
        (str(SAMPLE), "--endpoint-url", "nonsense"),
        (str(SAMPLE), "--endpoint-url", "http://127.0.0.1:9"),
    ],
)
def test_an_import_that_cannot_be_done_prints_one_line_and_no_json(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[:16]) == ("", 1, "import refused: ")
