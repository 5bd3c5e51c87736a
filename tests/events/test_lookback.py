"""The commit of a moment is found whatever is missing, and nothing is folded for it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.commits import Commit
from events.lookback import last_of
from events.memory import MemoryStore
from tests.events.given import NOON, commits


class Holed(MemoryStore):
    """A store that gives up on whoever asks without end, and folds nothing."""

    def head(self, stream_id: str, until: int | None = None) -> Commit | None:
        assert self.reads < 40, "it never ends"
        return super().head(stream_id, until)

    def history(self, stream_id: str, since: int = 1) -> Iterator[Commit]:
        raise AssertionError(f"{stream_id} is folded from {since}")


@given(gone=st.sets(st.integers(1, 30)), asked=st.integers(-2, 35))
def test_the_last_commit_of_a_moment_is_found_on_a_stream_with_holes(gone: set[int], asked: int) -> None:
    store = Holed()
    left = [commit for commit in commits(number=30) if commit.version not in gone]
    for commit in left:
        store.append(commit)
    moment = NOON + timedelta(seconds=asked, milliseconds=500)
    then = [commit for commit in left if commit.version <= asked]
    assert last_of(store, "group#pg-erp", moment) == (then[-1] if then else None)


@pytest.mark.parametrize("hole", [range(2, 30), range(1, 29), range(5, 16)])
def test_halving_ends_whatever_hole_there_is(hole: range) -> None:
    store = Holed()
    for commit in commits(number=30):
        if commit.version not in hole:
            store.append(commit)
    last_of(store, "group#pg-erp", NOON + timedelta(seconds=15))
