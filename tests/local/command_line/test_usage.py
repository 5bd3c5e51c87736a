"""A command line that makes no sense: one line says so, and nobody is asked."""

import json
from pathlib import Path

import pytest

from local.command_line import refusals
from tests.local.command_line.bench import NOBODY, SOMEBODY, USAGE, Ask


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("groups",),
        ("groups", "--api", "ftp://nowhere"),
        ("groups", "--api", "http://recovery.example.com"),
        ("groups", "--api", "http://[::1"),
        ("groups", "--api", "http://127.0.0.1:99999/live"),
        ("groups", "--api", NOBODY, "--token", "two words"),
        ("group", "", "--api", NOBODY),
        ("delete", "..", "--api", NOBODY),
        ("wave", "show", "../x", "0", "--api", NOBODY),
        ("groups", "--api", NOBODY, "--direct", "preflight"),
        ("groups", "--direct", "commands=a,queries=b"),
        ("groups", "--serve-line", "/nowhere.json"),
        ("groups", "--api", NOBODY, "--profile", "nobody's"),
        ("create", "-f", "/nowhere.json", "--api", NOBODY),
        ("create", "-f", "/dev/null", "--api", NOBODY),
        ("apply", "pg-1", "--wait", "--no-wait", "--api", NOBODY),
        ("audit", "--csv", "--json", "--api", NOBODY),
        ("audit", "--limit", "-1", "--api", NOBODY),
        ("wave", "start", "exec-1", "0", "pg-1", "--api", NOBODY),
        ("readiness", "--api", NOBODY),
        ("status", "pg-1", "--timeout", "soon", "--api", NOBODY),
        ("status", "pg-1", "--js", "--api", NOBODY),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line_and_nobody_is_asked(ask: Ask, arguments: tuple[str, ...]) -> None:
    code, out, err = ask(*arguments, token="" if "--token" in arguments else SOMEBODY)
    assert (code, err.startswith("preflight: "), err.count("\n")) == (USAGE, True, 1)
    assert not out if "--json" not in arguments else json.loads(out)["error"] == "USAGE"


def test_an_update_from_another_groups_file_is_not_sent(ask: Ask, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"groupId": "pg-2"}')
    code, _, err = ask("update", "pg-1", "-f", str(body), "--api", NOBODY)
    assert (code, "pg-2, not of pg-1" in err) == (USAGE, True)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (("audit", "--limit", "many"), "many is no number of entries"),
        (("status", "pg-1", "--timeout", "soon"), "soon is no number of seconds"),
        (("status", "pg-1", "--timeout", "nan"), "nan is no number of seconds"),
        (("group", "pg-1", "--version", "1", "--as-of", "2026-11-24T12:00:00Z"), "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_named(ask: Ask, said: tuple[str, ...], word: str) -> None:
    assert word in ask(*said, "--api", NOBODY)[2]


def test_a_definition_that_is_not_json_is_named_with_its_line(ask: Ask, tmp_path: Path) -> None:
    body = tmp_path / "group.yaml"
    body.write_text("groupName: Payments\n")
    code, _, err = ask("create", "-f", str(body), "--api", NOBODY)
    assert (code, f"{body} is not JSON: " in err, "line 1 column 1" in err) == (USAGE, True, True)


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("UNKNOWN_FIELDS_PRESENT", "leave it out (settings: docs/configuration.md)"),
        ("API_KEY_QUOTA", "a key of the usage plan (docs/deployment.md), as `x-api-key`"),
        ("FORBIDDEN", "an admin for one (roles: docs/api.md)"),
    ],
)
def test_advice_that_points_elsewhere_names_the_file(
    code: str, where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = "| `API_KEY_QUOTA` | 429 | with a key of the [usage plan](deployment.md#throttles), as `x-api-key` |\n"
    guide = tmp_path / "troubleshooting.md"
    guide.write_text(refusals.GUIDE.read_text() + row)
    monkeypatch.setattr(refusals, "GUIDE", guide)
    advice = refusals.refusal(code, "no").advice
    assert where in advice
    assert "](" not in advice
