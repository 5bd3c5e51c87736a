"""The command line in front of the embedded cloud (`run`, `both`), and in front of whatever a test says (`ask`)."""

import json
from pathlib import Path

import pytest

from local.command_line.program import main
from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import SAYS_WHOM, SOMEBODY, Ask, Json, Run


@pytest.fixture
def line(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `make serve` prints, in a file; and an environment that says nothing else."""
    for name in SAYS_WHOM:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "cloud.json"
    file.write_text(f"make: a word before it\n{json.dumps(cloud.description)}\n")
    monkeypatch.setenv("PREFLIGHT_SERVE_LINE", str(file))
    return file


@pytest.fixture
def run(line: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command with ``--json``: its exit code, and the one document on standard output."""
    assert line.exists()

    def ran(*arguments: str) -> tuple[int, Json]:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out = capsys.readouterr().out
        assert out.count("\n") == 1, out
        return code, json.loads(out)

    return ran


@pytest.fixture
def read(line: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """A command as people give it: its exit code, standard output and standard error."""
    assert line.exists()

    def asked(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(arguments), *capsys.readouterr()

    return asked


@pytest.fixture
def both(run: Run, line: Path) -> Run:
    """A question that is asked by API and directly, and answered with the same JSON and code."""

    def asked(*arguments: str) -> tuple[int, Json]:
        by_api = run(*arguments)
        assert run(*arguments, "--direct", "preflight", "--serve-line", str(line)) == by_api
        return by_api

    return asked


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """A command with a token, or without: its exit code, standard output and standard error."""
    aws = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION")
    for name in (*SAYS_WHOM, *aws):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    def asked(*arguments: str, token: str = SOMEBODY) -> tuple[int, str, str]:
        code = main([*arguments, *(("--token", token) if token else ())])
        return code, *capsys.readouterr()

    return asked
