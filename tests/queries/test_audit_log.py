"""The audit log of all streams: every page in time, each commit exactly once, and exactly those asked for."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import facts as f
from events.commits import Commit
from events.doors import parse
from events.errors import Refused
from events.moments import moment
from events.streams import GROUP
from queries.trail import GetHistory
from tests.events.given import NOON, sid
from tests.queries.trails import ACTORS, Json, SlowLog, Trail, failed, lived, place, places

EXECUTIONS = {name: (f"execution#{name}", f"wave#{name}#") for name in ("exec-0", "exec-1", "exec")}


@pytest.fixture(scope="module")
def trail() -> Trail:
    return lived(Trail.real())


# --- pages -----------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(limit=st.integers(1, 100))
def test_pages_of_any_size_give_every_commit_exactly_once_newest_first(trail: Trail, limit: int) -> None:
    found = trail.entries(limit=limit)
    assert sorted(map(place, found)) == sorted(places(trail.written))
    assert all(one["recordedAt"] >= two["recordedAt"] for one, two in pairwise(found))


@given(limit=st.integers(1, 7))
@settings(max_examples=10)
def test_what_happens_while_pages_are_turned_is_of_a_later_moment(limit: int) -> None:
    trail = lived(Trail.real())
    before, began = places(trail.written), trail.clock.now()
    found: list[Json] = []
    token = None
    while True:
        page = trail.page(limit=limit, nextToken=token)
        assert datetime.fromisoformat(page["asOf"]) == moment(began)
        found, token = found + page["entries"], page["nextToken"]
        trail.clock.sleep(0.5)
        trail.append(GROUP, ("pg-busy",), failed(1))
        if token is None:
            break
    assert sorted(map(place, found)) == sorted(before)


def test_the_days_without_anything_cost_a_query_each_and_the_default_is_ninety_days(trail: Trail) -> None:
    log = SlowLog(trail.log._table, trail.clock, 0)
    quiet = Trail(trail.clock, trail.store, log)
    assert quiet.page(actor="nobody") | {"asOf": ""} == {"entries": [], "nextToken": None, "asOf": "", **since(quiet)}
    assert log.queries == 91


def since(trail: Trail) -> Json:
    then = trail.clock.now() - timedelta(days=90)
    return {"from": f"{then.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"}


@pytest.mark.parametrize("seconds", [0.05, 0.4, 2.6])
def test_a_page_ends_in_time_with_a_cursor_even_if_it_is_empty_and_nothing_is_lost(seconds: float) -> None:
    trail = lived(Trail.real())
    trail.log = SlowLog(trail.log._table, trail.clock, seconds)
    asked: Json = {"from": (NOON - timedelta(days=80)).isoformat(), "actor": ACTORS[1], "nextToken": None}
    found, empty = list[Json](), 0
    while True:
        began = trail.clock.now()
        page = trail.page(**asked)
        assert trail.clock.now() - began <= timedelta(seconds=max(3, seconds))
        found, empty = found + page["entries"], empty + (not page["entries"])
        asked["nextToken"] = page["nextToken"]
        if not asked["nextToken"]:
            break
    assert empty, "days without anything were cut, too"
    assert sorted(map(place, found)) == sorted(places([one for one in trail.written if one.actor == ACTORS[1]]))


def test_a_page_ends_before_it_is_too_large_to_be_answered() -> None:
    trail = Trail.real()
    everybody = tuple(sid(number) for number in range(500))
    refused = f.GroupConfigFailed(source_server_ids=everybody, code="DRS_NOT_INITIALIZED", message="x" * 512, at=NOON)
    for _ in range(100):
        trail.append(GROUP, ("pg-big",), *[refused] * 3)
    for form in ("json", "csv"):
        pages, token = 0, None
        while True:
            page = trail.page(format=form, nextToken=token, limit=100)
            pages, token = pages + 1, page["nextToken"]
            assert len(json.dumps(json.dumps(page))) < 2_000_000
            if token is None:
                break
        assert pages > 2, form


# --- what is asked for -----------------------------------------------------------------------------------------------


def plainly(commits: list[Commit], asked: Json) -> list[tuple[str, int, int]]:
    """The commits that are asked for and how many facts of each, found by looking at all of them."""
    found = []
    begin, end = asked.get("from", "2000-01-01T00:00:00Z"), asked.get("to", "3000-01-01T00:00:00Z")
    for commit in commits:
        facts = [fact for fact in json.loads(commit.events) if wanted(fact, asked)]
        stream, at = commit.stream_id, datetime.fromisoformat(commit.recorded_at)
        itself, waves = EXECUTIONS.get(str(asked.get("executionId")), (stream, "?"))
        if (
            (facts or not {"serverId", "type"} & {*asked})
            and asked.get("actor", commit.actor) == commit.actor
            and asked.get("groupId") in {None, stream.removeprefix("group#")}
            and (stream == itself or stream.startswith(waves))
            and datetime.fromisoformat(begin) <= at <= datetime.fromisoformat(end)
        ):
            found.append((stream, commit.version, len(facts)))
    return sorted(found)


def wanted(fact: Json, asked: Json) -> bool:
    return asked.get("type", fact["type"]) == fact["type"] and asked.get("serverId", "") in json.dumps(fact)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "actor": st.sampled_from([*ACTORS, "nobody"]),
    "type": st.sampled_from(["ServerConfigFailed", "LaunchConfigsDue", "ServersDropped", "GroupEnrolled", "WaveDone"]),
    "serverId": st.integers(0, 10).map(sid),
    "limit": st.integers(1, 100),
}
SUBJECTS = st.fixed_dictionaries({"groupId": st.sampled_from(["pg-0", "pg-1", "pg"])}) | st.fixed_dictionaries(
    {"executionId": st.sampled_from([*EXECUTIONS])}
)
MOMENTS = st.integers(-3600, 9 * 86_400).map(lambda at: NOON + timedelta(seconds=at))
TIMES = st.lists(MOMENTS, min_size=2, max_size=2).map(
    lambda ends: {"from": min(ends).isoformat(), "to": max(ends).isoformat()}
)
ASKED = st.tuples(st.fixed_dictionaries({}, optional=FIELDS), st.just({}) | SUBJECTS, st.just({}) | TIMES)


@settings(max_examples=80)
@given(parts=ASKED)
def test_every_filter_finds_what_a_look_at_all_commits_finds(trail: Trail, parts: tuple[Json, Json, Json]) -> None:
    asked = {key: value for part in parts for key, value in part.items()}
    if "from" in asked and datetime.fromisoformat(asked["from"]) > trail.clock.now():
        return
    found = [(*place(entry), len(entry["facts"])) for entry in trail.entries(**asked)]
    assert sorted(found) == plainly(trail.written, asked)


def test_a_commit_whose_facts_were_damaged_hides_nothing_and_is_not_hidden() -> None:
    trail = Trail.real()
    for number in range(3):
        trail.append(GROUP, (f"pg-{number}",), failed(number))
    store: Any = trail.store
    key = {"streamId": {"S": "group#pg-1"}, "version": {"N": "1"}}
    item = store._client.get_item(TableName=store._table, Key=key)["Item"]
    store._client.put_item(TableName=store._table, Item={**item, "events": {"B": b"damaged"}})
    found = {entry["streamId"]: entry for entry in trail.entries(serverId=sid(0))}
    assert {*found} == {"group#pg-0", "group#pg-1"}
    assert "checksum" in found["group#pg-1"]["fault"]


def test_a_fact_that_there_is_none_of_is_refused_by_field() -> None:
    with pytest.raises(Refused, match="must be one of ApplyEnded, ") as no:
        parse(GetHistory, {"groupId": "pg-1", "type": "Nonsense"})
    assert no.value.details["field"] == "type"
