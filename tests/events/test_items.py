"""An item that is not as it was written is no commit, and whoever asks is told so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from events.commits import Commit, Context, pack
from events.errors import Unreadable
from events.facts import ProtectionGroupCreated
from events.groups import Definition
from events.items import decode, encode
from events.streams import GROUP, Stream

AFTER = datetime(2026, 11, 27, 12, tzinfo=UTC)


def commit(at: datetime = AFTER) -> Commit:
    definition = Definition(group_name="ERP", account_id="123456789012", region="us-east-1")
    born = ProtectionGroupCreated(group_id="pg-erp", definition=definition, version=1)
    stream = Stream(GROUP, "group#pg-erp", GROUP.initial())
    return stream.next(Context("Happened", "key-1", "ada@example.com", "api"), [born], at)


def without(name: str, at: datetime = AFTER) -> dict[str, Any]:
    return {key: value for key, value in encode(commit(at)).items() if key != name}


@pytest.mark.parametrize("name", [*encode(commit())])
def test_no_attribute_but_that_of_a_birth_can_be_taken_away(name: str) -> None:
    if name == "born":
        assert decode(without(name)).born is None
        return
    if name in {"streamId", "version"}:
        return  # the table's own keys: DynamoDB has no item without them
    with pytest.raises(Unreadable, match="group#pg-erp: version 1 cannot be read"):
        decode(without(name))


@pytest.mark.parametrize("name", [*encode(commit())])
def test_no_attribute_is_read_as_another_type(name: str) -> None:
    if name in {"streamId", "version"}:
        return
    with pytest.raises(Unreadable) as damaged:
        decode({**encode(commit()), name: {"BOOL": True}})
    assert damaged.value.item[name] == {"BOOL": True}


def test_an_attribute_that_no_commit_has_is_not_passed_over() -> None:
    with pytest.raises(Unreadable, match="attributes that no commit has: note"):
        decode({**encode(commit()), "note": {"S": "approved"}})


def test_only_what_was_written_before_there_were_days_may_be_without_one() -> None:
    before = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert decode(without("bucket", before)) == commit(before)
    newer = {**without("bucket", before), "foldVersion": {"N": "4"}}
    for item in (without("bucket"), newer):
        with pytest.raises(Unreadable, match="not listed under its day"):
            decode(item)


@pytest.mark.parametrize("version", ["1.5", "1E+400"])
def test_a_version_that_is_no_whole_number_is_none(version: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        decode({**encode(commit()), "version": {"N": version}})


@pytest.mark.parametrize("said", ["2026-11-27T12:00:00.00ZZ", "2026-11-27T12:61:00.000Z", "2026-11-27T12:00:00Z"])
def test_a_time_that_is_not_as_it_is_written_is_none(said: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        decode({**encode(commit()), "recordedAt": {"S": said}})


def test_facts_that_are_no_text_are_none() -> None:
    with pytest.raises(Unreadable, match="UnicodeDecodeError"):
        decode({**encode(commit()), "events": {"B": pack(b"\xff")}})
