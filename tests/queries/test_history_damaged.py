"""Nothing that somebody did to a commit hides the rest of a group's history."""

from typing import Any

import pytest

from events import facts as f
from events.commits import pack
from events.errors import Refused
from events.groups import Definition
from events.streams import GROUP
from tests.events.given import sid
from tests.queries.trails import Json, Trail, damage, inserted

ALL = [6, 5, 4, 3, 2, 1]


def lived() -> Trail:
    """A group whose every commit changed its instance type."""
    trail = Trail.real()
    for version in range(1, 7):
        said: Json = {"groupName": "ERP", "accountId": "123456789012", "region": "us-east-1"}
        said |= {"servers": [{"sourceServerId": sid(1)}], "launchConfig": {"instanceType": f"m5.{version}xlarge"}}
        anew = Definition.model_validate(said, strict=False)
        kind: Any = f.ProtectionGroupCreated if version == 1 else f.ProtectionGroupUpdated
        fields = {"definition": anew, "version": version} | ({"group_id": "pg-1"} if version == 1 else {})
        trail.append(GROUP, ("pg-1",), kind(**fields))
        trail.clock.sleep(60)
    return trail


def told(trail: Trail, **asked: object) -> tuple[list[Any], set[Any], set[Any]]:
    """The versions, those with a fault, and those whose changes cannot be told."""
    entries = trail.told("pg-1", **asked)
    faults = {entry["version"] for entry in entries if "fault" in entry}
    return [one["version"] for one in entries], faults, {one["version"] for one in entries if "changesFault" in one}


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_history_that_nobody_touched_has_no_faults(limit: int) -> None:
    assert told(lived(), limit=limit) == (ALL, set(), set())


DAMAGES: list[Json] = [
    {"state": {"B": b"damaged"}},
    {"state": None},
    {"events": {"B": b"damaged"}},
    {"events": {"B": pack(b"no json")}},
    {"events": {"B": pack(b"\xff")}},
    {"actor": None},
    {"bucket": None, "recordedAt": {"S": "2026-12-24T12:00:00.000Z"}},
    {"recordedAt": {"S": "2026-11-23T12:0x:00.000Z"}},
    {"note": {"S": "approved"}},
]


@pytest.mark.parametrize("changed", DAMAGES, ids=str)
@pytest.mark.parametrize("version", [1, 4, 6])
@pytest.mark.parametrize("limit", [1, 50])
def test_a_damaged_commit_is_a_fault_and_all_others_are_told(changed: Json, version: int, limit: int) -> None:
    trail = lived()
    damage(trail, "pg-1", version, **changed)
    versions, faults, unknown = told(trail, limit=limit)
    assert (versions, faults) == (ALL, {version})
    assert unknown <= {version, version + 1}, "behind it the next memo is where the fold goes on"
    entries = {entry["version"]: entry for entry in trail.told("pg-1")}
    assert all("changes" in entries[one] for one in ALL if one not in {version, version + 1})
    assert all("changes" not in entries[one] for one in {version, version + 1} & {*ALL})


@pytest.mark.parametrize("recorded_at", ["2025-11-23T12:00:00.000Z", "2026-11-23T12:00:00.00xZ", "9999-11-23"])
@pytest.mark.parametrize("asked", [{}, {"from": "2026-11-23T11:00:00Z"}, {"to": "2026-11-23T13:00:00Z"}], ids=str)
def test_a_flipped_time_at_the_head_neither_breaks_nor_ends_the_history(recorded_at: str, asked: Json) -> None:
    trail = lived()
    damage(trail, "pg-1", 6, recordedAt={"S": recorded_at}, bucket={"S": recorded_at[:10]})
    assert told(trail, limit=2, **asked)[:2] == (ALL, {6})


def test_what_is_altered_so_that_it_can_be_read_is_a_fault_and_has_no_changes() -> None:
    trail = lived()
    damage(trail, "pg-1", 4, actor={"S": "mallory@example.com"})
    versions, faults, unknown = told(trail)
    assert (versions, faults, unknown) == (ALL, {4}, {4, 5})


def test_a_history_of_an_older_time_is_told_across_what_is_damaged() -> None:
    trail = lived()
    at = trail.written[3].recorded_at
    damage(trail, "pg-1", 6, state=None)
    versions, faults, _ = told(trail, to=at, limit=1)
    assert ([one for one in versions if one not in faults], faults) == ([4, 3, 2, 1], {6})


@pytest.mark.parametrize(("version", "shown"), [("0", 0), ("-7", -7), ("1.5", "1.5"), ("7", 7)])
@pytest.mark.parametrize("limit", [1, 50])
def test_a_commit_that_was_put_between_is_a_fault_in_its_place(version: str, shown: int | str, limit: int) -> None:
    trail = lived()
    inserted(trail, "pg-1", version)
    versions, faults, _ = told(trail, limit=limit)
    assert versions == sorted([*ALL, shown], key=float, reverse=True)
    assert faults == {shown}


def test_who_is_asked_for_by_name_is_found_and_what_names_nobody_is_not_hidden() -> None:
    trail = lived()
    damage(trail, "pg-1", 4, actor=None)
    assert told(trail, actor="nobody@example.com")[:2] == ([4], {4})
    assert told(trail, actor="nobody@example.com", type="ServersAdded")[:2] == ([4], {4})
    with pytest.raises(Refused, match="there never was"):
        trail.history("pg-2")
