"""Every code that the service may answer with is in the guide, which says what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"[A-Z]+(_[A-Z0-9]+)*")
SAY_SO = {
    "Refused",
    "PydanticCustomError",
    "FailedError",
    "Refusal",
    "Declined",
    "Block",
    "WaveDone",
    "_fault",
    "refusal",
}
"""What is called with a code: a refusal, a server's or a wave's failure, what blocks a wave."""


def codes(*rooms: str) -> Iterator[str]:
    """Every literal code in calls that say no; the code is the only word of theirs in capitals."""
    for file in sorted(file for room in rooms for file in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and _called(call) in SAY_SO:
                said = (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code"))
                words = (one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str))
                yield from (word for word in words if len(word) > 2 and CODE.fullmatch(word))


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def told(guide: str) -> set[str]:
    """The codes in the first column of the guide's tables."""
    rows = [line.split(" | ")[0] for line in (ROOT / "docs" / guide).read_text().splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_every_code_of_the_service_is_in_the_guide() -> None:
    found = {*codes("events", "commands", "queries")}
    assert {"UNAUTHENTICATED", "INVALID_IP_FORMAT", "IP_RESERVED", "JOBS_QUOTA", "DEPENDENCY_FAILED"} <= found
    assert found - told("troubleshooting.md") == set()


def test_every_code_that_api_gateway_is_made_to_answer_is_in_the_guide() -> None:
    found = {*re.findall(r'"error": "([A-Z_0-9]+)"', (ROOT / "template.yaml").read_text())}
    assert "API_KEY_NEEDED" in found
    assert found - told("troubleshooting.md") == set()


def test_every_code_of_the_command_lines_own_is_in_its_guide() -> None:
    found = {*codes("local/command_line")}
    assert {"NO_CONNECTION", "FUNCTION_FAILED"} <= found
    assert found - told("command-line.md") == set()


@pytest.mark.parametrize(
    ("module", "name"),
    [("commands.waves", "OURS"), ("commands.waves.job", "UNRECOVERABLE"), ("events.redaction", "CHECKED")],
)
def test_every_code_that_is_kept_in_a_set_is_in_the_guide(module: str, name: str) -> None:
    assert set(getattr(__import__(module, fromlist=[name]), name)) - told("troubleshooting.md") == set()
