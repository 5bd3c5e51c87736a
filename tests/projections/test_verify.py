"""Whatever is done to a stored commit is found, and the first commit that does not fit is named."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.dynamodb import DynamoStore
from events.facts import ApplyStarted
from events.memory import MemoryStore
from events.streams import GROUP, load
from events.verify import verify
from projections.catch_up import catch_up
from projections.verify import verified
from tests.bench_cloud import BenchCloud as Cloud
from tests.events import endpoint
from tests.events.given import NOON, by_worker, commits, written
from tests.projections.rows import MemoryRows

STREAM = "group#pg-erp"
Item = dict[str, Any]


class Table:
    """The commits of one group in a table of DynamoDB's, and what somebody with rights to it does to them."""

    def __init__(self, number: int = 5) -> None:
        self.client, self.name = endpoint.client(), endpoint.event_table()
        self.store = DynamoStore(self.client, self.name)
        written(self.store, *commits(number=number))

    def item(self, version: int) -> Item:
        key = {"streamId": {"S": STREAM}, "version": {"N": str(version)}}
        return dict(self.client.get_item(TableName=self.name, Key=key)["Item"])

    def put(self, item: Item) -> None:
        self.client.put_item(TableName=self.name, Item=item)

    def remove(self, version: int) -> None:
        self.client.delete_item(TableName=self.name, Key={"streamId": {"S": STREAM}, "version": {"N": str(version)}})


def flipped(value: Any, at: int) -> Any:  # noqa: ANN401  an attribute's value
    """The same with one byte changed."""
    if isinstance(value, bytes):
        place = at % len(value)
        return value[:place] + bytes([value[place] ^ (1 << at % 8)]) + value[place + 1 :]
    text = str(value)
    if not text:
        return "x"
    place = at % len(text)
    other = "7" if text[place] != "7" else "3"
    return text[:place] + other + text[place + 1 :]


def test_streams_as_they_were_written_are_sound() -> None:
    table = Table()
    verdict = verify(table.store, STREAM)
    assert (verdict.ok, verdict.sound) == (True, 5)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table()


@settings(max_examples=60)
@given(version=st.integers(1, 5), place=st.integers(0, 10_000), data=st.data())
def test_one_flipped_byte_anywhere_in_a_stored_commit_is_found_and_its_version_named(
    table: Table, version: int, place: int, data: st.DataObject
) -> None:
    item = table.item(version)
    names = sorted(name for name in item if name not in {"streamId", "version"})
    name = data.draw(st.sampled_from(names))
    changed = deepcopy(item)
    [(kind, value)] = changed[name].items()
    if kind == "L":
        value[place % len(value)]["S"] = flipped(value[place % len(value)]["S"], place)
    else:
        changed[name][kind] = flipped(value, place)
    table.put(changed)
    try:
        verdict = verify(table.store, STREAM)
        assert (verdict.version, verdict.sound) == (version, version - 1), (name, verdict)
        assert verdict.why
    finally:
        table.put(item)
    assert verify(table.store, STREAM).ok


def swapped(table: Table) -> int:
    two, three = table.item(2), table.item(3)
    table.put({**two, "version": three["version"]})
    table.put({**three, "version": two["version"]})
    return 2


def inserted(table: Table) -> int:
    table.put({**table.item(3), "version": {"N": "6"}})
    return 6


def removed(table: Table) -> int:
    table.remove(3)
    return 3


def overwritten(table: Table) -> int:
    """With a commit that is sealed correctly, but was never appended."""
    forged = commits(number=5, text=" forged")
    other = Table(number=1)
    written(other.store, *forged[1:4])
    table.put(other.item(4))
    return 4


@pytest.mark.parametrize("harm", [swapped, inserted, removed, overwritten])
def test_a_removed_swapped_inserted_or_overwritten_commit_is_found_and_named(harm: Callable[[Table], int]) -> None:
    table = Table()
    version = harm(table)
    verdict = verify(table.store, STREAM)
    assert (verdict.version, verdict.ok) == (version, False)


def test_the_last_commit_taken_away_is_missed_by_the_chain_and_found_by_who_saw_it() -> None:
    table, rows = Table(), MemoryRows()
    catch_up(table.store, rows, "pg-erp", lambda: NOON)
    table.remove(5)
    assert verify(table.store, STREAM).ok
    verdict = verified(table.store, rows, STREAM)
    assert (verdict.version, verdict.why) == (5, "the read model saw version 5: it is gone")


def test_a_head_that_was_written_anew_under_its_own_hash_is_found_by_who_saw_it() -> None:
    store, rows = MemoryStore(), MemoryRows()
    chain = written(store, *commits(number=3))
    catch_up(store, rows, "pg-erp", lambda: NOON)
    forged = MemoryStore()
    written(forged, *chain[:2])
    written(
        forged, load(forged, GROUP, "pg-erp").next(by_worker(), [ApplyStarted(lease_id="forged", until=NOON)], NOON)
    )
    assert verify(forged, STREAM).ok
    assert verified(forged, rows, STREAM).version == 3


def test_whoever_touches_a_commit_on_the_cloud_is_told_of_by_doorbell_and_by_question(cloud: Cloud) -> None:
    body = {"groupName": "Touched", "sourceServerIds": cloud.take_servers(1), "launchConfig": {"copyTags": True}}
    _, created = cloud.request("POST", "/protection-groups", body)
    stream_id, table = f"group#{created['groupId']}", cloud.description["tables"]["EventTable"]
    key = {"streamId": {"S": stream_id}, "version": {"N": "2"}}
    item = cloud.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    cloud.client("dynamodb").put_item(TableName=table, Item={**item, "actor": {"S": "nobody"}})
    try:
        _, answer = cloud.request("GET", f"/verify?groupId={created['groupId']}")
        assert (answer["ok"], [fault["version"] for fault in answer["faults"]]) == (False, [2])
        assert cloud.until(lambda: '"alarm":"chain"' in cloud.log(400) or None)
    finally:
        cloud.client("dynamodb").put_item(TableName=table, Item=item)
    assert cloud.request("GET", f"/verify?groupId={created['groupId']}")[1]["ok"] is True
    for nobody in ("groupId=pg-nobody", "streamId=wave%23never%230"):
        assert cloud.request("GET", f"/verify?{nobody}")[0] == 404, "nothing to verify is no proof"
    both = f"/verify?groupId={created['groupId']}&streamId=group%23pg-other"
    assert cloud.request("GET", both)[0] == 400, "of two, one would be passed over"
    swept = cloud.invoke("VerifyFunction", {})
    assert (swept["faults"], swept["after"]) == (0, "")
    assert swept["streams"] >= 1
