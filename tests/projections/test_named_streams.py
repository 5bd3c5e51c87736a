"""A stream that was taken away, or is listed no more, is still named by those that were written with it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from events.commits import Commit
from events.memory import MemoryStore
from events.streams import ROSTER, load
from events.verify import KINDS, Verdict
from local.simulator.simulator import Simulator
from projections.verify import all_verified
from tests.commands.plans import office
from tests.events.given import ACCOUNT, NOON, REGION, by_worker, commits, written
from tests.projections.rows import MemoryRows

Chains = dict[str, dict[int, Commit]]


@pytest.fixture(scope="module")
def lived() -> Iterator[Chains]:
    """What a plan of two waves leaves behind, of whose groups one was deleted since."""
    with Simulator.in_process(servers=2) as simulator:
        there = office(simulator, groups=2)
        assert there.start().play().end == "Completed"
        there.desk.ask("delete_protection_group", groupId=there.groups[1])
        yield {id_: {one.version: one for one in there.store.history(id_)} for id_ in every(there.store)}


def every(store: MemoryStore) -> list[str]:
    return [id_ for kind in KINDS for id_ in store.born(kind)]


@pytest.fixture
def store(lived: Chains) -> MemoryStore:
    """A copy, to be harmed."""
    store = MemoryStore()
    store._streams = {id_: dict(chain) for id_, chain in lived.items()}
    return store


def walked(store: MemoryStore, after: str = "", turn: float = 0) -> list[tuple[str, list[Verdict]]]:
    return list(all_verified(store, MemoryRows(), after, turn))


def faults(store: MemoryStore) -> list[str]:
    return [one.stream_id for _, found in walked(store) for one in found if not one.ok]


def test_what_really_happens_has_no_faults(store: MemoryStore) -> None:
    assert sorted(id_.partition("#")[0] for id_ in every(store)) == sorted(
        ["group", "group", "wave", "wave", "execution", "roster"]
    )
    assert faults(store) == []


@pytest.mark.parametrize("number", range(6))
def test_a_stream_that_was_taken_away_whole_is_missed_once(store: MemoryStore, number: int) -> None:
    """Of whichever kind: also the group that was deleted before."""
    gone = every(store)[number]
    del store._streams[gone]
    found = [one for _, verdicts in walked(store) for one in verdicts if not one.ok]
    assert [(one.stream_id, one.version) for one in found] == [(gone, 1)]
    assert found[0].why.endswith("names it, and nothing is stored of it")


@pytest.mark.parametrize("number", range(6))
def test_a_stream_whose_first_commit_was_taken_away_is_found_though_nothing_lists_it(
    store: MemoryStore, number: int
) -> None:
    stream_id = every(store)[number]
    del store._streams[stream_id][1]
    assert faults(store) == [stream_id]


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_a_stream_that_was_stripped_of_its_listing_is_found(store: MemoryStore, number: int, sealed: bool) -> None:  # noqa: FBT001
    stream_id = every(store)[number]
    bare = replace(store._streams[stream_id][1], born=None)
    store._streams[stream_id][1] = bare.sealed() if sealed else bare
    assert faults(store) == [stream_id]


def test_a_group_that_is_too_new_to_be_listed_is_no_fault(store: MemoryStore) -> None:
    class Late(MemoryStore):
        def born(self, kind: str, after: str = "") -> Iterator[str]:
            return (id_ for id_ in super().born(kind, after) if not id_.startswith("group#"))

    late = Late()
    late._streams = store._streams
    assert faults(late) == []


# --- page by page ----------------------------------------------------------------------------------------------------


def pages(store: MemoryStore, steps: int) -> list[str]:
    """Where it comes by, so many streams a page, each page by the `after` of the one before."""
    places: list[str] = [""]
    for _ in range(20):
        page = [place for place, _ in islice(all_verified(store, MemoryRows(), places[-1]), steps)]
        if not page:
            return places[1:]
        places += page
    raise AssertionError(f"it goes round for ever: {places}")


@pytest.mark.parametrize("kind", ["group", "wave", "execution", "roster"])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_stream_listed_in_another_place_is_a_fault_and_makes_no_page_begin_anew_or_pass_one_over(
    store: MemoryStore, kind: str, steps: int
) -> None:
    everything = every(store)
    for stray in ("aaa#nothing", "zzz"):
        stray_commit = replace(commits(number=1)[0], stream_id=stray, born=kind)
        store._streams[stray] = {1: stray_commit.sealed()}
    assert pages(store, steps) == everything
    assert faults(store) == ["aaa#nothing", "zzz"]


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_stream_listed_as_one_of_another_kind_is_a_fault_and_pages_come_by_where_it_belongs(
    store: MemoryStore, steps: int
) -> None:
    wave = next(store.born("wave"))
    everything = [id_ for id_ in every(store) if id_ != wave]
    store._streams[wave][1] = replace(store._streams[wave][1], born="group").sealed()
    assert pages(store, steps) == everything
    assert faults(store) == [wave]


def test_nothing_but_a_stream_listed_in_another_place_is_a_fault_without_a_place() -> None:
    store = MemoryStore()
    store.append(replace(commits("pg-1", 1)[0], stream_id="zzz", born="group").sealed())
    assert [(place, [one.stream_id for one in found]) for place, found in walked(store)] == [("", ["zzz"])]


@pytest.mark.parametrize("turn", [0, 0.2, 0.5, 0.99])
def test_wherever_a_round_begins_it_comes_to_every_stream_once(store: MemoryStore, turn: float) -> None:
    found = [place for place, _ in walked(store, turn=turn)]
    assert sorted(found) == sorted(every(store))
    assert found[0] == every(store)[int(turn * 6)]


def test_each_damaged_stream_is_named_and_those_before_a_place_are_left_out() -> None:
    store = MemoryStore()
    for name in ("pg-a", "pg-b", "pg-c"):
        written(store, *commits(name, number=2))
    store.append(load(store, ROSTER, ACCOUNT, REGION).next(by_worker(), [], NOON))
    store._streams["group#pg-c"][2] = store._streams["group#pg-b"][2]
    assert faults(store) == ["group#pg-c"]
    assert [place for place, _ in walked(store, "group#pg-b")] == ["group#pg-c", f"roster#{ACCOUNT}#{REGION}"]
