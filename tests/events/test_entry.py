"""One entry for every door: first whether they may, then what they say, said once."""

import json
from typing import Any

import pytest

from events import entry as module
from events.entry import Asking, Operation, entry
from events.model import Model
from tests.test_launch_config_invocation_methods import LambdaContext

Json = dict[str, Any]
ASKED: list[Json] = []


class Change(Model):
    """Something with a precondition."""

    text: str = ""
    version: int | None = None
    request_id: str | None = None
    invoked_by: str | None = None


def done(request: Change, asking: Asking) -> Json:
    ASKED.append({"key": asking.caller.key, **request.model_dump(exclude_unset=True)})
    return {}


HANDLER = entry([Operation("change", Change, "operate", done, ("PUT /things/{text}",))])


def put(groups: str = "operator", **more: Any) -> tuple[int, Json]:  # noqa: ANN401  parts of an event
    claims = {"cognito:username": "ada", "cognito:groups": groups}
    context = {"requestId": "its own", "authorizer": {"claims": claims}}
    event = {"httpMethod": "PUT", "path": "/things/a", "headers": {}, "requestContext": context, **more}
    answer = HANDLER(event, LambdaContext())  # type: ignore[arg-type]
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    "more", [{"body": "{bad"}, {"headers": {"Idempotency-Key": "k" * 201}}, {"body": '{"nobody": 1}'}]
)
def test_whoever_may_not_is_told_that_and_the_log_is_whatever_else_is_wrong(
    more: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Json] = []
    monkeypatch.setattr(module.log, "warning", lambda text, **said: told.append({"text": text, **said}))
    status, answer = put("viewer", **more)
    assert (status, answer["error"]) == (403, "FORBIDDEN")
    assert [(one["text"], one["actor"], one["operation"]) for one in told[:1]] == [("denied", "ada", "change")]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"headers": {"idempotency-KEY": "k" * 201}}, "requestId"),
        ({"headers": {"Idempotency-Key": "one"}, "body": '{"requestId": "another"}'}, "requestId"),
        ({"queryStringParameters": {"version": "1"}, "body": '{"version": null}'}, "version"),
        ({"queryStringParameters": {"version": "1"}, "body": '{"version": 2}'}, "version"),
        ({"multiValueQueryStringParameters": {"version": ["1", "2"]}}, "version"),
        ({"queryStringParameters": {"oddly": "1"}}, "oddly"),
    ],
)
def test_what_is_said_twice_or_to_nobody_is_refused_and_nothing_is_done(more: Json, field: str) -> None:
    ASKED.clear()
    status, answer = put(**more)
    assert (status, answer["details"]["field"]) == (400, field)
    assert ASKED == []


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, {"key": "its own", "text": "a"}),
        ({"queryStringParameters": {"version": "3"}, "body": "{}"}, {"key": "its own", "text": "a", "version": 3}),
        (
            {"queryStringParameters": {"version": "3"}, "body": '{"version": 3, "text": "b"}'},
            {"key": "its own", "text": "a", "version": 3},
        ),
        ({"headers": {"Idempotency-Key": "k" * 200}}, {"key": "k" * 200, "text": "a"}),
        (
            {"headers": {"Idempotency-Key": "k"}, "body": '{"requestId": "k"}'},
            {"key": "k", "text": "a", "requestId": "k"},
        ),
    ],
)
def test_what_is_said_once_or_alike_is_done(more: Json, asked: Json) -> None:
    ASKED.clear()
    assert put(**more)[0] == 200
    assert [asked] == ASKED


@pytest.mark.parametrize("body", [[], 0, False, "no", 7])
def test_a_direct_body_that_is_no_object_is_none(body: object) -> None:
    assert HANDLER({"operation": "change", "body": body}, LambdaContext())["error"] == "INVALID_JSON"  # type: ignore[arg-type]
