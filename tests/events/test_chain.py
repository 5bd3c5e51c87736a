"""The chain: whatever is done to a stored commit shows, and a memo is never more than a shortcut."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.commits import Commit, Context, digest
from events.errors import Corrupt, UnknownFact
from events.facts import ApplyStarted
from events.memory import MemoryStore
from events.model import canonical
from events.streams import GROUP, KEYS_KEPT, Kind, load, refold, remembered
from events.verify import walk
from tests.events.given import NOON, blank, by_ada, by_worker, commits, created, written

LATER = timedelta(seconds=1)


def faults(chain: Sequence[Commit], stream_id: str = "group#pg-erp") -> list[str]:
    """What a verification finds."""
    verdict = walk(GROUP, stream_id, chain)
    return [] if verdict.ok else [f"{verdict.version}: {verdict.why}"]


def other(value: Any) -> Any:  # noqa: ANN401  an attribute
    """Something else of the same kind."""
    match value:
        case bytes():
            return value.replace(b'"', b'"x', 1)
        case tuple():
            return (*value, "ServersRemoved")
        case int():
            return value + 1
        case _:
            return f"{value or ''}x"


def test_a_chain_as_it_was_written_has_no_faults() -> None:
    assert faults(commits(number=6)) == []


@pytest.mark.parametrize("attribute", [field.name for field in fields(Commit)])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_altered_attribute_shows(attribute: str, place: int) -> None:
    chain = commits(number=5)
    chain[place] = replace(chain[place], **{attribute: other(getattr(chain[place], attribute))})
    assert faults(chain)


@pytest.mark.parametrize("attribute", [f.name for f in fields(Commit) if f.name not in {"hash", "version"}])
def test_an_altered_attribute_that_was_sealed_again_shows_in_the_next_commit(attribute: str) -> None:
    chain = commits(number=3)
    chain[1] = replace(chain[1], **{attribute: other(getattr(chain[1], attribute))}).sealed()
    assert faults(chain)


@given(st.integers(0, 4))
def test_a_dropped_commit_shows_unless_it_is_the_last(place: int) -> None:
    chain = commits(number=6)
    del chain[place]
    assert faults(chain)


@given(st.integers(0, 4), st.booleans())
def test_a_dropped_commit_shows_even_if_the_later_ones_are_numbered_anew(place: int, sealed: bool) -> None:  # noqa: FBT001  drawn
    chain = commits(number=6)
    del chain[place]
    closed = [replace(commit, version=version) for version, commit in enumerate(chain, start=1)]
    assert faults([commit.sealed() if sealed else commit for commit in closed])


@given(st.integers(0, 4))
def test_an_inserted_commit_shows(place: int) -> None:
    chain = commits(number=5)
    chain.insert(place, replace(chain[place], command_id="forged").sealed())
    assert faults(chain)


@given(st.integers(0, 3), st.integers(1, 4))
def test_two_swapped_commits_show(place: int, distance: int) -> None:
    chain = commits(number=6)
    there = min(place + distance, 5)
    one, two = chain[place], chain[there]
    chain[place] = replace(two, version=one.version)
    chain[there] = replace(one, version=two.version)
    assert faults(chain)


def test_a_commit_of_another_stream_shows() -> None:
    chain, others = commits("pg-erp"), commits("pg-crm")
    chain[1] = others[1]
    assert faults(chain)
    chain[1] = replace(others[1], stream_id="group#pg-erp")
    assert faults(chain)


# --- memos -----------------------------------------------------------------------------------------------------------


def test_a_memo_that_is_not_the_one_that_was_sealed_is_corrupt() -> None:
    store = MemoryStore()
    chain = written(store, *commits(number=2))
    forged = replace(chain[1], state=chain[1].state.replace(b"lease-2", b"lease-9"))
    with pytest.raises(Corrupt):
        remembered(GROUP, forged)
    assert load(store, GROUP, "pg-erp").state.lease


def older(version: int) -> Kind[Any, Any]:
    return replace(GROUP, fold_version=version)


@pytest.mark.parametrize("fold_version", [0, GROUP.fold_version + 1])
def test_a_memo_of_another_fold_is_not_looked_at_and_the_facts_say_the_same(fold_version: int) -> None:
    store = MemoryStore()
    chain = commits(number=4)
    lie = replace(chain[3], state=b"{}", state_hash=digest(b"{}"), fold_version=fold_version).sealed()
    written(store, *chain[:3], lie)
    found = load(store, GROUP, "pg-erp")
    assert (found.state, found.keys, found.version) == (remembered(GROUP, chain[3]).state, found.keys, 4)
    assert [key.version for key in found.keys] == [1, 2, 3, 4]
    assert found == refold(store, GROUP, "group#pg-erp")


def test_the_commit_after_a_refold_carries_a_memo_of_this_fold() -> None:
    store = MemoryStore()
    stream = blank()
    old = replace(stream, kind=older(0)).next(by_ada(), [created()], NOON)
    written(store, old)
    found = load(store, GROUP, "pg-erp")
    written(store, found.next(by_ada(), [ApplyStarted(lease_id="lease", until=NOON)], NOON))
    reads = store.reads
    assert load(store, GROUP, "pg-erp") == refold(store, GROUP, "group#pg-erp")
    assert store.reads - reads == 2
    assert store.head("group#pg-erp").fold_version == GROUP.fold_version  # type: ignore[union-attr]  # it is there


def test_loading_is_one_read_however_long_the_stream() -> None:
    store = MemoryStore()
    written(store, *commits(number=40))
    before = store.reads
    assert load(store, GROUP, "pg-erp").version == 40
    assert store.reads - before == 1


def test_a_hole_is_never_folded_over() -> None:
    store = MemoryStore()
    first, _, third = commits(number=3)
    written(store, first, third)
    with pytest.raises(Corrupt, match="version 3 follows 1"):
        refold(store, GROUP, "group#pg-erp")


@pytest.mark.parametrize("attribute", ["actor", "events", "command", "prev_hash", "hash", "recorded_at"])
def test_an_altered_commit_is_neither_folded_nor_believed(attribute: str) -> None:
    first, second = commits(number=2)
    altered = replace(second, **{attribute: other(getattr(second, attribute))})
    with pytest.raises(Corrupt):
        blank().follow(first).follow(altered)
    with pytest.raises(Corrupt):
        remembered(GROUP, altered)


def test_a_commit_that_follows_another_is_not_folded() -> None:
    one, other_one = commits(number=2), commits(number=2)
    with pytest.raises(Corrupt):
        blank().follow(one[0]).follow(other_one[1])


def test_a_fact_of_newer_code_is_named_as_such() -> None:
    (commit,) = commits(number=1)
    for newer in ({"type": "ServerTeleported"}, {"type": "GroupReleased", "wave": "w", "unheardOf": 1}):
        strange = replace(commit, events=canonical([newer])).sealed()
        with pytest.raises(UnknownFact, match="does not know"):
            blank().follow(strange)


# --- time ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=8))
def test_recorded_at_never_goes_back_though_the_clock_does(jumps: list[int]) -> None:
    stream, times = blank(), []
    for milliseconds in jumps:
        commit = stream.next(by_ada(), [created()], NOON + timedelta(milliseconds=milliseconds))
        stream = stream.follow(commit)
        times.append(commit.recorded_at)
    assert times == sorted(times)
    ahead = NOON + timedelta(milliseconds=max(jumps))
    assert times[-1] == ahead.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- keys ------------------------------------------------------------------------------------------------------------


def keyed(*contexts: Context) -> Any:  # noqa: ANN401  a group's stream
    stream = blank()
    for number, context in enumerate(contexts):
        stream = stream.follow(stream.next(context, [created()], NOON + number * LATER))
    return stream


def test_the_last_64_keys_that_came_through_a_door_are_remembered() -> None:
    stream = keyed(*(by_ada(f"key-{number}", f"sha256:{number}") for number in range(KEYS_KEPT + 6)))
    assert [key.command_id for key in stream.keys] == [f"key-{number}" for number in range(6, KEYS_KEPT + 6)]
    assert stream.key("key-5") is None
    assert (stream.key("key-6").version, stream.key("key-6").payload_hash) == (7, "sha256:6")


def test_what_workers_do_pushes_no_key_out() -> None:
    stream = keyed(by_ada("hers"), *(by_worker() for _ in range(KEYS_KEPT * 2)))
    assert [key.command_id for key in stream.keys] == ["hers"]
    assert stream.version == KEYS_KEPT * 2 + 1


@given(st.lists(st.booleans(), max_size=90))
def test_keys_come_back_from_the_memo_as_they_come_from_the_facts(doors: list[bool]) -> None:
    store, stream = MemoryStore(), blank()
    for through_a_door in doors:
        (commit,) = written(store, stream.next(by_ada() if through_a_door else by_worker(), [created()], NOON))
        stream = stream.follow(commit)
    assert load(store, GROUP, "pg-erp").keys == refold(store, GROUP, "group#pg-erp").keys == stream.keys
    assert len(stream.keys) == min(sum(doors), KEYS_KEPT)
