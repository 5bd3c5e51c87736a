"""Nothing that somebody put into the table takes the audit log down, or stops its pages."""

import json

import pytest

from events.commits import pack
from events.streams import GROUP
from tests.events.given import sid
from tests.queries.trails import Json, Trail, damage, failed, inserted, place


def three() -> Trail:
    """A group of three commits, a minute apart."""
    trail = Trail.real()
    for number in range(3):
        trail.append(GROUP, ("pg-1",), failed(number))
        trail.clock.sleep(60)
    return trail


def faults(entries: list[Json]) -> dict[int, str]:
    return {entry["version"]: entry["fault"] for entry in entries if "fault" in entry}


@pytest.mark.parametrize(
    ("version", "shown"), [("0", 0), ("-7", -7), ("1.5", "1.5"), ("12345678901234567890123", "12345678901234567890123")]
)
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_commit_of_any_number_is_in_the_log_and_the_pages_go_on(version: str, shown: int | str, limit: int) -> None:
    trail = three()
    inserted(trail, "pg-1", version)
    entries = trail.entries(limit=limit)
    assert sorted(map(str, map(place, entries))) == sorted(str(("group#pg-1", one)) for one in (1, 2, 3, shown))
    json.dumps(entries)


@pytest.mark.parametrize("name", ["actor", "via", "command", "commandId", "correlationId", "causationId", "eventTypes"])
@pytest.mark.parametrize("value", [None, {"N": "7"}, {"BOOL": True}, {"M": {}}])
def test_a_commit_without_an_attribute_or_with_another_type_is_a_fault_in_its_own_entry(
    name: str, value: Json | None
) -> None:
    trail = three()
    damage(trail, "pg-1", 2, **{name: value})
    entries = trail.entries()
    assert [entry["version"] for entry in entries] == [3, 2, 1]
    assert {*faults(entries)} == {2}
    assert name in faults(entries)[2]
    assert entries[1]["facts"][0]["sourceServerId"] == sid(1), "its facts are told"
    assert {*faults(trail.entries(type="LaunchConfigsDue"))} == {2}, "it may have been such a fact"
    assert name in trail.page(format="csv")["csv"]


@pytest.mark.parametrize(
    "events",
    [
        None,
        {"S": "[]"},
        {"B": b""},
        {"B": b"damaged"},
        *({"B": pack(text)} for text in (b"no json", b"\xff", b"7", b"{}", b"[7]", b'[{"type": 7}]')),
    ],
    ids=str,
)
def test_facts_that_are_none_are_a_fault_and_hide_nothing_else(events: Json | None) -> None:
    trail = three()
    damage(trail, "pg-1", 2, events=events)
    for asked in ({}, {"serverId": sid(1)}, {"type": "ServerConfigFailed", "limit": 1}):
        assert {*faults(trail.entries(**asked))} == {2}
    assert [entry["version"] for entry in trail.entries()] == [3, 2, 1]


def test_facts_of_another_shape_than_any_are_shown_as_they_are() -> None:
    trail = three()
    said = [{"type": "ProtectionGroupUpdated", "definition": 7, "offenders": "none", "servers": [{"x": 1}, 7]}]
    damage(trail, "pg-1", 2, events={"B": pack(json.dumps(said).encode())})
    assert trail.entries()[1]["facts"] == said
    assert "ProtectionGroupUpdated" in trail.page(format="csv")["csv"]


def test_a_commit_that_is_listed_under_another_day_is_a_fault_there_and_the_pages_go_on() -> None:
    trail = three()
    damage(trail, "pg-1", 2, bucket={"S": "2026-11-22"})
    entries = trail.entries(limit=1)
    assert [entry["version"] for entry in entries] == [3, 1, 2]
    assert "bucket" in faults(entries)[2]
