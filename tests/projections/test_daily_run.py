"""The daily verification: as far as its time allows, each day from elsewhere, and it says how far it came."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from events.memory import MemoryStore
from events.streams import ROSTER, load
from projections import app
from tests.events.given import ACCOUNT, NOON, REGION, Clock, by_worker, commits, written
from tests.projections.rows import MemoryRows

STREAMS = 40


@dataclass
class Time:
    """Lambda's context: enough time for so many streams."""

    streams: int
    asked: int = 0

    def get_remaining_time_in_millis(self) -> int:
        self.asked += 1
        return app.SPARE if self.asked <= 2 * self.streams else app.SPARE - 1


@dataclass
class Seen(MemoryRows):
    """Rows that remember who was asked for."""

    groups: list[str] = field(default_factory=list)

    def get(self, group_id: str) -> Any:  # noqa: ANN401  a row
        self.groups.append(group_id)
        return super().get(group_id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    for number in range(STREAMS - 1):
        written(store, *commits(f"pg-{number:02}", number=1))
    store.append(load(store, ROSTER, ACCOUNT, REGION).next(by_worker(), [], NOON))
    return store


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, store: MemoryStore, clock: Clock) -> Seen:
    rows = Seen()
    monkeypatch.setattr(app, "_store", lambda: store)
    monkeypatch.setattr(app, "_rows", lambda: rows)
    monkeypatch.setattr(app, "now", clock.now)
    return rows


def run(streams: int, **event: str) -> dict[str, Any]:
    time: Any = Time(streams)
    return app.verify(event, time)


def test_a_run_that_has_the_time_verifies_every_stream_once(rows: Seen) -> None:
    answer = run(1000)
    assert (answer["streams"], answer["faults"], answer["after"]) == (STREAMS, 0, "")
    assert len(rows.groups) == len({*rows.groups}) == STREAMS - 1


@pytest.mark.parametrize("streams", [2, 4, 10])
def test_a_run_that_has_not_reaches_every_stream_within_some_days(rows: Seen, clock: Clock, streams: int) -> None:
    days = 0
    while len({*rows.groups}) < STREAMS - 1:
        assert run(streams)["after"]
        clock.time += timedelta(days=1)
        days += 1
    assert days <= 3 * STREAMS / streams


def test_a_run_that_is_told_where_to_go_on_does_so_on_any_day(rows: Seen, clock: Clock) -> None:
    after = ""
    while len({*rows.groups}) < STREAMS - 1:
        after = run(7, after=after or "group#")["after"]
        clock.time += timedelta(days=1)
    assert rows.groups == [f"pg-{number:02}" for number in range(STREAMS - 1)]


def test_a_run_says_which_stream_took_the_longest(rows: Seen, store: MemoryStore) -> None:
    assert run(1000)["slowest"].keys() == {"streamId", "milliseconds"}
    store._streams.clear()
    assert run(1000) == {"streams": 0, "faults": 0, "after": "", "slowest": {}}
    assert rows.groups
