"""A worker that was turned away for now leaves its message to be tried again; one with nothing to do does not."""

import orjson
import pytest

from commands.service import ATTEMPTS
from commands.worker import app
from events.commits import Commit
from events.errors import LostRace
from events.memory import MemoryStore
from local.simulator.simulator import Simulator
from tests.commands.bench import fresh
from tests.kit import Desk


class Crowded(MemoryStore):
    """A store in which somebody else is first, so often."""

    lost = 0

    def append(self, *commits: Commit) -> None:
        if self.lost:
            self.lost -= 1
            raise LostRace(commits[0].stream_id, None)
        super().append(*commits)


class Context:
    """What the handler asks of Lambda's context."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:worker"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def desk(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = fresh(simulator, Crowded())
    monkeypatch.setattr(app, "waves", lambda _account: desk.waves)
    monkeypatch.setattr(app, "now", desk.clock.now)
    return desk


def woken(*group_ids: str) -> list[str]:
    """The messages that come back."""
    bodies = [orjson.dumps({"groupId": id_}).decode() for id_ in group_ids]
    records = [{"messageId": f"m-{n}", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    answer = app.handler({"Records": records}, Context())  # type: ignore[arg-type]  # of a context that much is asked
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_a_race_that_was_lost_too_often_brings_its_message_back_and_the_group_is_applied_then(desk: Desk) -> None:
    busy, other = desk.create(respondAsync=True), desk.create("Other", sourceServerIds=[], respondAsync=True)
    desk.store.lost = ATTEMPTS  # type: ignore[attr-defined]  # the fixture's
    assert woken(busy, other) == ["m-0"]
    assert desk.status(busy)["status"] == "pending"
    assert woken(busy) == []
    assert desk.status(busy)["status"] == "ready"


def test_a_group_that_is_gone_and_one_that_another_worker_holds_are_no_reason_to_come_back(desk: Desk) -> None:
    gone, held = desk.create("Gone", sourceServerIds=[]), desk.create()
    desk.ask("delete_protection_group", groupId=gone)
    desk.start_wave(held)
    assert woken(gone, held, "pg-unheard-of") == []
