"""A row has seen every commit it was made of: what is written anew under hashes of its own is found, the row stays."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.commits import Commit
from events.errors import Corrupt
from events.facts import ApplyStarted
from events.groups import Group
from events.memory import MemoryStore
from events.streams import GROUP, Stream, load
from projections import catch_up as catching_up
from projections.catch_up import catch_up
from projections.row import PROJECTION_VERSION, Row
from projections.verify import touched, verified
from tests.events.given import NOON, by_worker, commits, written
from tests.projections.rows import MemoryRows
from tests.projections.test_catch_up import MOVES, House

GROUP_ID, STREAM = "pg-erp", "group#pg-erp"


def resealed(chain: list[Commit], place: int, **changes: Any) -> list[Commit]:  # noqa: ANN401  attributes
    """A history in which one commit says something else, and every later one follows it as if it always had."""
    stream: Stream[Any, Any] = Stream(GROUP, STREAM, Group())
    forged: list[Commit] = []
    for number, commit in enumerate(chain):
        after = replace(commit, **(changes if number == place else {}), prev_hash=stream.head).sealed()
        stream = stream.follow(after)
        forged.append(after)
    return forged


@pytest.fixture
def chain() -> list[Commit]:
    return commits(number=4)


@pytest.fixture
def rows(chain: list[Commit]) -> MemoryRows:
    """Of the four commits."""
    rows = MemoryRows()
    catch_up(stored(chain), rows, GROUP_ID, lambda: NOON)
    return rows


def stored(chain: list[Commit]) -> MemoryStore:
    store = MemoryStore()
    written(store, *chain)
    return store


def more(store: MemoryStore) -> MemoryStore:
    """With one more commit on top."""
    lease = ApplyStarted(lease_id="later", until=NOON)
    store.append(load(store, GROUP, GROUP_ID).next(by_worker(), [lease], NOON))
    return store


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("changes", [{"actor": "nobody@example.com"}, {"command_id": "another"}], ids=["actor", "key"])
def test_a_history_written_anew_under_its_own_hashes_is_found_by_the_row(
    chain: list[Commit], rows: MemoryRows, place: int, changes: dict[str, str]
) -> None:
    """The later commits fold to the same state, where nobody's key was changed."""
    forged = stored(resealed(chain, place, **changes, state=chain[place].state))
    for store in (forged, more(forged)):
        verdict = verified(store, rows, STREAM)
        assert not verdict.ok
        if "actor" in changes:
            assert (verdict.version, verdict.why) == (4, "the read model was made of another commit of this version")


def test_the_row_that_saw_another_history_is_not_made_anew_of_the_forged_one(
    chain: list[Commit], rows: MemoryRows
) -> None:
    forged = stored(resealed(chain, 1, actor="nobody@example.com"))
    before = rows.get(GROUP_ID)
    for store in (forged, more(forged)):
        with pytest.raises(Corrupt, match="version 4 is not the one that the row was made of"):
            catch_up(store, rows, GROUP_ID, lambda: NOON)
    assert rows.get(GROUP_ID) == before


def test_commits_that_come_while_a_stream_is_verified_are_no_fault_of_the_row(
    chain: list[Commit], rows: MemoryRows
) -> None:
    store = stored(chain)

    class Moving(MemoryRows):
        def get(self, group_id: str) -> Row | None:
            """It moves on just after, and before, it was read."""
            catch_up(more(store), rows, GROUP_ID, lambda: NOON)
            found = rows.get(group_id)
            catch_up(more(store), rows, GROUP_ID, lambda: NOON)
            return found

    assert verified(store, Moving(), STREAM).ok


# --- a fold that was raised ------------------------------------------------------------------------------------------


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code folds otherwise from now on, and renders as before."""
    monkeypatch.setattr(catching_up, "GROUP", replace(GROUP, fold_version=GROUP.fold_version + 1))


@pytest.mark.usefixtures("raised")
def test_after_a_change_of_the_fold_a_row_that_is_up_to_date_costs_one_read_and_no_folding(
    chain: list[Commit], rows: MemoryRows
) -> None:
    store = stored(chain)
    damaged = replace(chain[0], events=b"[]")
    store._streams[STREAM][1] = damaged
    for _ in range(3):
        before = store.reads
        assert not catch_up(store, rows, GROUP_ID, lambda: NOON).moved
        assert store.reads - before == 1


def test_the_version_of_a_row_tells_of_the_fold_it_was_made_by() -> None:
    assert GROUP.fold_version == PROJECTION_VERSION % 100


def test_a_row_that_other_code_wrote_is_no_witness_to_what_it_did_not_keep(
    chain: list[Commit], rows: MemoryRows
) -> None:
    """Old and new code run side by side while a deployment is under way."""
    row = rows.rows[GROUP_ID]
    del row["hash"]
    row.update(projectionVersion=2, stateHash="sha256:as-another-fold-says", status="as it was shown then")
    assert verified(stored(chain), rows, STREAM).ok
    assert catch_up(stored(chain), rows, GROUP_ID, lambda: NOON).moved
    assert rows.rows[GROUP_ID]["hash"] == chain[-1].hash


# --- a row that was altered ------------------------------------------------------------------------------------------


ALTERED: list[dict[str, Any]] = [
    {"status": "ready"}, {"groupName": "EVIL"}, {"definition": b"EVIL"}, {"definition": 7}, {"more": 1},
    {"projectedAt": "yesterday"}, {"projectedAt": None}, {"stateHash": "sha256:0"}, {"version": "four"},
    {"version": None}, {"counts": {"ready": 500}}, {"recordedAt": "2020-01-01T00:00:00.000Z"},
]  # fmt: skip


@pytest.mark.parametrize("change", ALTERED, ids=[f"{number}" for number in range(len(ALTERED))])
def test_a_row_that_was_altered_is_found(chain: list[Commit], rows: MemoryRows, change: dict[str, Any]) -> None:
    rows.rows[GROUP_ID].update(change)
    verdict = verified(stored(chain), rows, STREAM)
    assert "the read model was altered" in verdict.why
    assert verdict.version == 4


def test_what_of_a_row_was_altered_is_named(chain: list[Commit], rows: MemoryRows) -> None:
    rows.rows[GROUP_ID].update(status="ready", more=1)
    assert verified(stored(chain), rows, STREAM).why == "the read model was altered: more, status"


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 5)), max_size=20))
def test_no_row_that_was_rendered_is_taken_for_altered(history: list[tuple[str, int]]) -> None:
    house = House()
    for move, number in [("create", 1), *history]:
        house.ring() if move == "ring" else house.do(move, number)
    assert verified(house.store, house.rows, STREAM).ok


# --- what the doorbell says ------------------------------------------------------------------------------------------


def test_the_last_commit_of_a_stream_that_has_no_row_is_missed_by_the_doorbell_of_its_removal(
    chain: list[Commit],
) -> None:
    store, nobody = stored(chain[:3]), MemoryRows()
    assert verified(store, nobody, STREAM).ok
    verdict = touched(store, nobody, STREAM, "4")
    assert (verdict.sound, verdict.version, verdict.why) == (3, 4, "it was removed")
    assert touched(stored([]), nobody, STREAM, "1").version == 1


@pytest.mark.parametrize("version", ["4", "2", "0", "-1", "1.5"])
def test_a_commit_that_is_there_again_or_never_belonged_there_is_not_missed(chain: list[Commit], version: str) -> None:
    assert touched(stored(chain), MemoryRows(), STREAM, version).ok
