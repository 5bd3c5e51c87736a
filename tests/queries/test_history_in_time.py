"""A page of what an older fold wrote folds nothing that it does not tell of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from events import facts as f
from events.commits import Commit
from events.groups import Definition
from events.memory import MemoryStore
from events.streams import GROUP
from tests.queries.trails import Json, Trail, failed

OLDER = replace(GROUP, fold_version=GROUP.fold_version - 1)


class Unfolded(MemoryStore):
    """A store of which nobody reads the whole history once it is closed."""

    closed = False

    def history(self, stream_id: str, since: int = 1) -> Iterator[Commit]:
        assert not self.closed, f"{stream_id} is folded from {since}"
        return super().history(stream_id, since)


@pytest.mark.parametrize("asked", [{}, {"to": "2026-11-23T12:10:30Z"}, {"to": "2026-11-23T13:00:00Z"}], ids=str)
def test_the_first_page_of_a_stream_of_an_older_fold_folds_nothing(asked: Json) -> None:
    store = Unfolded()
    trail = Trail(store=store)
    definition = Definition(group_name="ERP", account_id="123456789012", region="us-east-1")
    trail.append(OLDER, ("pg-1",), f.ProtectionGroupCreated(group_id="pg-1", definition=definition, version=1))
    for _ in range(30):
        trail.clock.sleep(timedelta(minutes=1).total_seconds())
        trail.append(OLDER, ("pg-1",), failed(1))
    store.closed = True
    newest = 11 if asked.get("to", "").endswith("12:10:30Z") else 31
    told = [one["version"] for one in trail.history("pg-1", limit=5, **asked)["entries"]]
    assert told == [*range(newest, newest - 5, -1)]
