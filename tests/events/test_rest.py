"""What API Gateway hands over and is answered: routes with and without its own parsing, sheets, sizes, waits."""

import json
from typing import Annotated, Any

import pytest
from pydantic import Field

from events.doors import LARGEST_ANSWER, LARGEST_REQUEST, parse
from events.entry import Asking, Operation, entry
from events.errors import Refused
from events.model import Model
from events.rest import Routes, response
from tests.test_launch_config_invocation_methods import LambdaContext

Json = dict[str, Any]
ONE, ALL = "GET /waves/{executionId}/{waveNumber}", "POST /waves"
ROUTES = Routes([(ONE, "get_wave"), (ALL, "start_wave_recovery")])


class Echo(Model):
    """Says as much as it is told to."""

    text: str = ""
    times: int = 1


def said(request: Echo, _asking: Asking) -> Json:
    return {"text": request.text * request.times}


HANDLER = entry([Operation("echo", Echo, "view", said, ("POST /echo",))])


def event(method: str, path: str, **more: object) -> Json:
    return {"httpMethod": method, "path": path, **more}


@pytest.mark.parametrize("path", ["/waves/arn:a~b.c-d_e/7", "/waves/arn:a~b.c-d_e/7/", "/waves/arn%3Aa~b.c-d_e/7"])
def test_a_path_says_what_is_meant_where_api_gateway_did_not(path: str) -> None:
    assert ROUTES.match(event("GET", path)) == ("get_wave", {"executionId": "arn:a~b.c-d_e", "waveNumber": "7"})


def test_what_api_gateway_parsed_is_taken_from_it_slashes_and_all() -> None:
    given = {"executionId": "a/b", "waveNumber": "7"}
    asked = event("GET", "/waves/a/b/7", resource="/waves/{executionId}/{waveNumber}", pathParameters=given)
    assert ROUTES.match(asked) == ("get_wave", given)
    assert ROUTES.match(event("POST", "/waves", resource="/waves", pathParameters=None))[0] == "start_wave_recovery"


@pytest.mark.parametrize(
    "asked",
    [
        event("GET", "/waves"),
        event("PUT", "/waves"),
        event("GET", "/waves/a/b/7"),
        event("GET", "/waves/a/b/7", resource="/waves/{executionId}/{waveNumber}", pathParameters={"executionId": "a"}),
        event("GET", "/waves/a/b/7", resource="/{proxy+}", pathParameters={"proxy": "waves/a/b/7"}),
        event("GET", "//waves/a/7"),
        event("GET", ""),
    ],
)
def test_what_is_no_route_is_not_found(asked: Json) -> None:
    with pytest.raises(Refused) as no:
        ROUTES.match(asked)
    assert no.value.status == 404


def test_a_sheet_is_the_body_and_what_stands_beside_it_in_headers() -> None:
    answer = response(200, {"csv": "a,b\r\n", "asOf": "2026-11-29T12:00:00Z", "nextToken": None})
    assert answer["body"] == "a,b\r\n"
    assert answer["headers"]["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["headers"]["X-As-Of"] == "2026-11-29T12:00:00Z"
    assert "X-Next-Token" not in answer["headers"]
    assert "X-As-Of" in answer["headers"]["Access-Control-Expose-Headers"]


def test_who_must_wait_is_told_how_long_in_a_header_too() -> None:
    answer = response(429, Refused("COOLING_DOWN", "later", 429, retryable=True, retryAfter=21).body())
    assert answer["headers"]["Retry-After"] == "21"
    assert json.loads(answer["body"])["details"] == {"retryAfter": 21}
    assert "Retry-After" not in response(404, Refused("NOT_FOUND", "no", 404).body())["headers"]


def test_what_lambda_could_not_give_is_refused_with_a_reason_through_every_door() -> None:
    """As text within JSON every quotation mark takes two bytes: that counts, too."""
    asked = {"operation": "echo", "text": '"' * 1000, "times": LARGEST_ANSWER // 1000 // 2 - 1}
    assert set(HANDLER(asked, LambdaContext())["text"]) == {'"'}  # type: ignore[arg-type]
    large = {**asked, "times": LARGEST_ANSWER // 1000 // 2 + 1}
    assert HANDLER(large, LambdaContext())["error"] == "ANSWER_TOO_LARGE"  # type: ignore[arg-type]
    people = {"authorizer": {"claims": {"cognito:username": "ada", "cognito:groups": "viewer"}}}
    body = json.dumps({"text": '"' * 1000, "times": LARGEST_ANSWER // 1000 // 4 + 1})
    through_http = event("POST", "/echo", headers=None, body=body, requestContext=people)
    answer = HANDLER(through_http, LambdaContext())  # type: ignore[arg-type]
    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (413, "ANSWER_TOO_LARGE")


def test_a_request_that_is_too_large_is_refused_and_the_largest_one_is_not() -> None:
    around = len(b'{"text":""}')
    assert parse(Echo, {"text": "x" * (LARGEST_REQUEST - around)})
    with pytest.raises(Refused) as no:
        parse(Echo, {"text": "x" * (LARGEST_REQUEST - around + 1)})
    assert (no.value.code, no.value.status) == ("REQUEST_TOO_LARGE", 413)


class Many(Model):
    """A list of those."""

    all: Annotated[tuple[Echo, ...], Field(min_length=1)]


def test_a_list_is_not_called_too_short_for_what_is_wrong_within_it() -> None:
    with pytest.raises(Refused) as no:
        parse(Many, {"all": [{"times": "often"}]})
    assert [each["field"] for each in no.value.details["validationErrors"]] == ["all.0.times"]
    with pytest.raises(Refused, match="at least 1 item"):
        parse(Many, {"all": []})
