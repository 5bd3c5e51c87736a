"""Whom the command line asks, and as whom: addresses, credentials, stacks, tokens; and who is not believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench_cloud import BenchCloud as Cloud
from tests.local.command_line.bench import DONE, NOBODY, REFUSED, SOMEBODY, USAGE, Ask, service


def test_an_api_that_cannot_be_reached_is_said_with_what_to_check(ask: Ask) -> None:
    code, out, err = ask("groups", "--api", NOBODY, "--json")
    assert (code, json.loads(out)["error"], json.loads(out)["retryable"]) == (REFUSED, "NO_CONNECTION", True)
    assert "make serve" in err
    assert SOMEBODY not in out + err


def test_without_credentials_nobody_is_asked(ask: Ask) -> None:
    code, out, err = ask("groups", "--api", NOBODY, "--region", "eu-west-1", "--json", token="")
    assert (code, json.loads(out)["error"]) == (REFUSED, "NO_CREDENTIALS")
    assert "aws sso login" in err


def test_credentials_that_aws_does_not_know_are_refused_by_api_and_directly(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYATALL00000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no secret")
    monkeypatch.setenv("AWS_REGION", cloud.description["region"])
    by_api = ask("groups", "--api", cloud.description["api"], "--json", token="")
    directly = ask("groups", "--direct", "preflight", "--endpoint-url", cloud.description["endpoint"], "--json")
    for code, out, err in (by_api, directly):
        assert code == REFUSED
        assert json.loads(out)["error"] in {"UnrecognizedClientException", "InvalidClientTokenId"}
        assert "--profile" in err
        assert "no secret" not in out + err


def test_who_needs_a_key_is_told_where_it_is(cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.description["account"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "preflight")
    monkeypatch.setenv("AWS_REGION", cloud.description["region"])
    audit = ("audit", "--limit", "1", "--api", cloud.description["api"])
    code, _, err = ask(*audit, token="")
    assert (code, "PREFLIGHT_API_KEY" in err) == (REFUSED, True)
    monkeypatch.setenv("PREFLIGHT_API_KEY", cloud.description["auditKey"])
    assert ask(*audit, token="")[0] == DONE


def test_a_stack_is_found_by_its_outputs_and_functions_by_their_names(
    cloud: Cloud, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.description["account"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "preflight")
    monkeypatch.setenv("AWS_REGION", cloud.description["region"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.description["endpoint"])
    names = cloud.description["functions"]
    named = ",".join(f"{room}={names[f'{room.capitalize()}Function']}" for room in ("commands", "queries", "waves"))
    functions = f"{named},executions={names['ExecutionsFunction']}"

    assert ask("groups", "--direct", functions, "--json") == ask("groups", "--direct", "preflight", "--json")
    assert ask("groups", "--direct", "another", "--json")[0] == REFUSED
    monkeypatch.setenv("PREFLIGHT_STACK", "preflight")
    assert ask("groups")[0] == 0


def test_a_person_signed_in_with_cognito_may_do_what_the_role_may(cloud: Cloud, ask: Ask, tmp_path: Path) -> None:
    line, viewer = tmp_path / "cloud.json", cloud.people.tokens("viewer")["IdToken"]
    line.write_text(json.dumps(cloud.description))
    assert ask("groups", "--serve-line", str(line), token=viewer)[0] == 0
    code, out, _ = ask("verify", "--serve-line", str(line), "--json", token=viewer)
    assert (code, json.loads(out)["error"]) == (REFUSED, "FORBIDDEN")
    code, _, err = ask("groups", "--serve-line", str(line), token="no.token")  # noqa: S106  it is none
    assert (code, "id token" in err) == (REFUSED, True)


def test_the_line_that_is_not_there_yet_is_waited_for_and_another_is_refused(ask: Ask, tmp_path: Path) -> None:
    line = tmp_path / "cloud.json"
    for said, word in (("", "not there yet"), ("python3 -m venv .venv\n", "not there yet"), ("{}\n", "not the line")):
        line.write_text(said)
        code, _, err = ask("groups", "--serve-line", str(line))
        assert (code, word in err) == (USAGE, True)


@pytest.mark.parametrize("answer", ["<html>a portal</html>", "[]", {"hello": "world"}, (502, {"message": "no"})])
def test_whoever_answers_something_else_is_not_believed(ask: Ask, answer: Any) -> None:  # noqa: ANN401  whatever is said
    with service(answer) as other:
        code, _, err = ask("groups", "--api", other.url)
    assert (code, "what to do: " in err) == (REFUSED, True)
