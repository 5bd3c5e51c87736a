"""What `make package` puts together: all that a function needs, and not much else."""

import ast
import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from commands.aws.paces import PUBLISHED
from local import package
from local.processes import ROOT
from tests.sam import TEMPLATE

KNOWN = set(boto3.Session().get_available_services())
NO_SERVICE = {"events"}
"""A commit's field, and EventBridge's name in botocore."""
PASS_ON = {"commands/aws/accounts.py", "commands/aws/calls.py"}
"""Files that make clients of services named by others."""


def sources() -> dict[str, ast.Module]:
    paths = (path for room in package.ROOMS for path in (ROOT / room).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


def made(tree: ast.Module) -> list[ast.expr]:
    """What is asked of every `.client(...)` and `.resource(...)`."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return [
        argument
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"client", "resource"}
        for argument in call.args[:1]
    ]


def test_every_service_that_the_rooms_name_is_kept() -> None:
    kept = package.called(ROOT, KNOWN)
    asked = {each.value for tree in sources().values() for each in made(tree) if isinstance(each, ast.Constant)}
    paced = {bucket.partition(":")[0] for bucket in PUBLISHED}
    named = {node.value for tree in sources().values() for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert asked | paced | (named & KNOWN) - NO_SERVICE == kept


def test_no_service_is_named_by_anything_but_a_literal() -> None:
    assert {path for path, tree in sources().items() for each in made(tree) if not isinstance(each, ast.Constant)} == (
        PASS_ON
    )


@pytest.mark.parametrize(
    "line",
    [
        'boto3.client("ssm")',
        'session.client(service_name="ssm")',
        'call("ssm", "GetParameter", {})',
        'f(service="ssm")',
    ],
)
def test_a_service_that_is_used_tomorrow_is_kept_tomorrow(tmp_path: Path, line: str) -> None:
    for room in package.ROOMS:
        (tmp_path / room).mkdir()
    (tmp_path / "queries" / "new.py").write_text(line)
    assert package.called(tmp_path, KNOWN) == {"ssm"}


def test_it_is_made_for_the_lambda_that_the_template_asks_for() -> None:
    told = TEMPLATE["Globals"]["Function"]
    assert told["Runtime"] == f"python{package.PYTHON}"
    assert told["Architectures"] == ["arm64"]
    assert package.PLATFORM.endswith("aarch64")
    assert ROOT / told["CodeUri"] == package.TARGET


def test_it_is_small_and_has_no_bulk(built: Path) -> None:
    assert package.size(built) < 25_000_000
    names = {path.name for path in built.rglob("*")}
    assert names.isdisjoint({"tests", "RECORD", "bin", "examples-1.json", "local", "event_handler"})
    assert {path.name for path in built.iterdir()} >= set(package.ROOMS)


def test_every_source_is_compiled_and_the_zip_that_moves_it_does_not_matter(built: Path) -> None:
    sources = [path for path in built.rglob("*.py") if "botocore/data" not in str(path)]
    for source in sources:
        bytecode = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert bytecode[4:8] == (0b01).to_bytes(4, "little"), f"{source}: by hash, and unchecked (PEP 552)"
        assert f"/var/task/{source.relative_to(built)}".encode() in bytecode, "what a traceback says of it"


def test_without_lambdas_python_it_is_made_without_bytecode_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("")
    package.compile_for(None, tmp_path)
    assert not (tmp_path / "__pycache__").exists()
    assert "cold start takes twice as long" in capsys.readouterr().out


def test_versions_are_still_told(built: Path) -> None:
    found = {each.name.replace("_", "-"): each.version for each in importlib.metadata.distributions(path=[str(built)])}
    pinned = (
        line.split()[0].split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line
    )
    assert found == dict(pinned)


@pytest.mark.parametrize(
    ("service", "works"), [*((each, True) for each in sorted(package.called(ROOT, KNOWN))), ("s3", False)]
)
def test_clients_can_be_made_of_what_is_called_and_of_nothing_else(built: Path, service: str, *, works: bool) -> None:
    make = (
        "import sys; sys.path.insert(0, sys.argv[1]); import boto3; boto3.client(sys.argv[2], region_name='eu-west-1')"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", make, str(built), service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is works, done.stderr
    assert works or "Unknown service: 's3'" in done.stderr


def test_a_folder_that_is_no_package_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    with pytest.raises(FileExistsError, match="no package"):
        package.build(tmp_path, here=True)
    assert (tmp_path / "thesis.txt").exists()
