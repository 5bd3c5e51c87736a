"""A cursor fits the question it was handed out for, and no other; what cannot be asked is refused."""

import base64
import json
from collections.abc import Callable
from datetime import datetime

import pytest

from events.errors import Refused
from events.streams import GROUP
from tests.events.given import Clock, sid
from tests.queries.trails import ACTORS, Json, Trail, failed, lived


@pytest.fixture(scope="module")
def trail() -> Trail:
    return lived(Trail.real())


def meddled(token: str, **changes: object) -> str:
    said = {**json.loads(base64.urlsafe_b64decode(token)), **changes}
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode()


WRONG: list[Callable[[str], str]] = [
    lambda _: "",
    lambda _: "garbage",
    lambda _: "ünïcode",
    lambda _: base64.urlsafe_b64encode(b"[1, 2]").decode(),
    lambda token: token[:-8],
    lambda token: meddled(token, more=1),
    lambda token: meddled(token, bucket="2026-01-01"),
    lambda token: meddled(token, bucket="2027-01-01"),
    lambda token: meddled(token, bucket="tomorrow"),
    lambda token: meddled(token, bucket="2026-01-01", after=None),
    lambda token: meddled(token, bucket="2027-01-01", after=None),
    lambda token: meddled(token, after=["2026-11-24T00:00:00.000Z", "group#pg-0", 1]),
    lambda token: meddled(token, after=["2026-11-24T00:00:00.000Z", "group#pg-0", "one"]),
    lambda token: meddled(token, after=["2026-11-24T00:00:00.000Z", "group#pg-0", "1e999"]),
    lambda token: meddled(token, after=["2026-11-24T00:00:00.000Z", "group#pg-0", "1" * 39]),
    lambda token: meddled(token, after=["2020-11-24T00:00:00.000Z", "group#pg-0", "1"]),
    lambda token: meddled(token, after=["", "", "1"]),
    lambda token: meddled(token, after={"streamId": "group#pg-0"}),
    lambda token: meddled(token, asOf=7),
    lambda token: meddled(token, asOf="0001-01-01T00:00:00.000Z"),
    lambda token: meddled(token, asOf="9999-12-31T00:00:00.000Z"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_cursor_that_nobody_handed_out_is_refused(trail: Trail, wrong: Callable[[str], str]) -> None:
    token = trail.page(limit=3)["nextToken"]
    with pytest.raises(Refused) as no:
        trail.page(limit=3, nextToken=wrong(token))
    assert (no.value.code, no.value.details["field"]) == ("INVALID_PARAMETER", "nextToken")


OTHERS: list[Json] = [
    {"actor": ACTORS[0]},
    {"groupId": "pg-0"},
    {"executionId": "exec-0"},
    {"serverId": sid(1)},
    {"type": "ServerConfigFailed"},
    {"from": "2026-11-01T00:00:00Z"},
    {"to": "2026-11-30T00:00:00Z"},
    {"format": "csv"},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: str(*other))
def test_a_cursor_of_another_question_is_refused_and_of_another_size_is_not(trail: Trail, other: Json) -> None:
    token = trail.page(limit=3)["nextToken"]
    with pytest.raises(Refused) as no:
        trail.page(limit=3, nextToken=token, **other)
    assert no.value.details["field"] == "nextToken"
    assert len(trail.page(limit=7, nextToken=token, invokedBy="somebody else")["entries"]) == 7


REFUSED: list[Json] = [
    {"type": "NoSuchFact"},
    {"from": "2026-11-24T00:00:00Z", "to": "2026-11-23T00:00:00Z"},
    {"from": "9999-12-31T23:59:59-10:00"},
    {"from": "2026-11-24T00:00:00"},
    {"groupId": "pg-0", "executionId": "exec-0"},
    {"limit": 0},
    {"limit": 101},
    {"serverId": "s-1"},
    {"format": "xml"},
    {"colour": "blue"},
]


@pytest.mark.parametrize("asked", REFUSED, ids=str)
def test_what_cannot_be_asked_is_refused(trail: Trail, asked: Json) -> None:
    with pytest.raises(Refused):
        trail.page(**asked)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_a_time_beyond_the_calendar_is_the_first_or_the_last_there_is(time: str) -> None:
    trail = Trail.real(Clock(datetime.fromisoformat("2020-01-02T00:00:00Z")))
    trail.append(GROUP, ("pg-0",), failed(1))
    early = time.startswith("0")
    assert len(trail.entries(**{"from" if early else "to": time})) == 1
    assert trail.entries(to="0001-01-01T00:00:00+10:00") == []
