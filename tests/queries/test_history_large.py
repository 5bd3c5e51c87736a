"""However many servers a definition changed, its entry can be answered, and so can all that is older."""

from typing import Any

import orjson
import pytest

from events import facts as f
from events.doors import LARGEST_ANSWER
from events.groups import Definition, ServerDefinition
from events.streams import GROUP
from queries.trail import LARGEST
from tests.events.given import sid
from tests.queries.trails import Json, Trail

MANY = 500
ROOM = {"group_name": "ERP", "account_id": "123456789012", "region": "us-east-1"}


def tags(seed: str) -> dict[str, str]:
    """45 tags of 200 characters."""
    return {f"Tag{number:02}": f"{seed}{number:02}".ljust(200, "x") for number in range(45)}


def defined(trail: Trail, own: bool) -> None:  # noqa: FBT001  drawn
    """A group of 500, whose tags were changed once: for all, or of each its own."""
    for version in (1, 2):
        default: Any = {"tags": tags(f"all {version} ")}
        servers = tuple(
            ServerDefinition(
                source_server_id=sid(number),
                launch_template={"tags": tags(f"{number} {version} ")} if own else {},  # type: ignore[typeddict-item]
            )
            for number in range(MANY)
        )
        definition = Definition(**ROOM, launch_config=default, servers=servers)
        kind: Any = f.ProtectionGroupUpdated if version == 2 else f.ProtectionGroupCreated
        born = {"group_id": "pg-1"} if version == 1 else {}
        trail.append(GROUP, ("pg-1",), kind(definition=definition, version=version, **born))


def answered(trail: Trail) -> list[Json]:
    """Every entry by pages of one; each as an HTTP body, which is text within JSON."""
    found, token = list[Json](), None
    while True:
        page = trail.history("pg-1", limit=1, nextToken=token)
        assert len(orjson.dumps({"body": orjson.dumps(page).decode()})) < LARGEST_ANSWER
        found, token = found + page["entries"], page["nextToken"]
        if token is None:
            return found


def test_a_default_that_changed_for_all_is_one_line_for_all_of_them() -> None:
    trail = Trail()
    defined(trail, own=False)
    updated, created = answered(trail)
    everybody = [sid(number) for number in range(MANY)]
    assert updated["changes"] == [
        {"sourceServerIds": everybody, "field": "tags", "from": tags("all 1 "), "to": tags("all 2 ")}
    ]
    assert {one["field"] for one in created["changes"]} == {"member", "tags"}
    assert "changesLeftOut" not in updated


def test_changes_of_each_its_own_are_cut_and_counted_and_one_server_is_told_whole() -> None:
    trail = Trail()
    defined(trail, own=True)
    updated = trail.history("pg-1")["entries"][0]
    assert len(orjson.dumps(updated["changes"])) <= LARGEST
    assert len(updated["changes"]) + updated["changesLeftOut"] == MANY
    [mine] = [one for one in trail.told("pg-1", serverId=sid(MANY - 1)) if one["version"] == 2]
    assert mine["changes"] == [
        {
            "sourceServerId": sid(MANY - 1),
            "field": "tags",
            "from": tags(f"{MANY - 1} 1 "),
            "to": tags(f"{MANY - 1} 2 "),
        }
    ]


@pytest.mark.parametrize("servers", [1, 3])
def test_what_is_small_is_told_server_by_server(servers: int) -> None:
    trail = Trail()
    members = tuple(ServerDefinition(source_server_id=sid(number)) for number in range(servers))
    definition = Definition(**ROOM, servers=members)
    trail.append(GROUP, ("pg-1",), f.ProtectionGroupCreated(group_id="pg-1", definition=definition, version=1))
    [entry] = trail.told("pg-1")
    assert [one["sourceServerId"] for one in entry["changes"]] == [sid(number) for number in range(servers)]
