"""A call that fails is sent again where that is safe, as often as that is sensible, and others are told to wait."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import READ_TRIES, TRIES, Calls
from commands.aws.failures import FailedError
from commands.aws.limiter import Limiter
from commands.aws.paces import Pace
from commands.drs import IN_VAIN
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import asked, facts, for_ever, fresh
from tests.kit import Clock, OfSimulator

GET, UPDATE, MODIFY = "GetLaunchConfiguration", "UpdateLaunchConfiguration", "ModifyLaunchTemplate"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=100) as running:
        yield running


@dataclass(frozen=True)
class Renewing(OfSimulator):
    """Clients that count how often they were given up for new ones."""

    renewed: list[Any] = field(default_factory=list)

    def renew(self, used: Any) -> None:  # noqa: ANN401  a boto3 client
        self.renewed.append(used)


@dataclass
class Bench:
    """One process that calls one account, by its own clock."""

    simulator: Simulator
    clock: Clock = field(default_factory=Clock)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)

    def __post_init__(self) -> None:
        self.clients = Renewing(self.simulator)
        self.limiter = Limiter(self.buckets, "here", {"drs": Pace(50, 20)}, self.clock.now, self.clock.sleep)
        self.calls = Calls(self.clients, self.limiter, self.clock.now, self.clock.sleep)

    def call(self, operation: str, **more: Any) -> Any:  # noqa: ANN401  what AWS answers
        server = {"sourceServerID": self.simulator.server_ids()[0], **more}
        return self.calls("drs", operation, server, self.clock.now() + timedelta(minutes=10))


@pytest.fixture
def bench(simulator: Simulator) -> Bench:
    simulator.reset()
    return Bench(simulator)


def test_a_call_that_is_throttled_without_end_is_sent_six_times_and_no_more(bench: Bench) -> None:
    bench.simulator.fault(for_ever("ThrottlingException", "*"))
    with pytest.raises(FailedError) as failed:
        bench.call(UPDATE, copyTags=True)
    assert (failed.value.kind, failed.value.answered) == ("outage", True)
    assert asked(bench.simulator) == [UPDATE] * TRIES


@pytest.mark.parametrize("error", ["drop", "lost-answer", "InternalServerException", "Unavailable"])
def test_a_read_is_sent_three_times_after_any_outage_and_a_write_once(bench: Bench, error: str) -> None:
    for operation, times in ((GET, READ_TRIES), (UPDATE, 1)):
        bench.simulator.reset()
        bench.simulator.fault(for_ever(error, "*"))
        with pytest.raises(FailedError) as failed:
            bench.call(operation)
        assert (failed.value.kind, failed.value.answered) == ("outage", False)
        assert asked(bench.simulator) == [operation] * times


def test_a_read_that_is_answered_in_the_end_has_its_answer(bench: Bench) -> None:
    bench.simulator.fault(Fault("drop", GET, times=READ_TRIES - 1))
    assert bench.call(GET)["ec2LaunchTemplateID"]


def test_a_throttled_call_makes_all_others_of_its_bucket_wait_as_long_as_aws_said(bench: Bench) -> None:
    bench.simulator.fault(Fault("ThrottlingException", GET, retry_after=7))
    began = bench.clock.now()
    bench.call(GET)
    other = Bench(bench.simulator, buckets=bench.buckets)
    other.call(GET)
    assert other.clock.now() - began >= timedelta(seconds=7)


def test_expired_keys_are_given_up_once_and_a_write_goes_out_once_more_for_nothing_was_done(bench: Bench) -> None:
    bench.simulator.fault(Fault("expired", UPDATE))
    assert bench.call(UPDATE, copyTags=True)["copyTags"] is True
    assert asked(bench.simulator) == [UPDATE] * 2
    assert len(bench.clients.renewed) == 1


def test_a_write_whose_new_keys_are_expired_too_is_an_outage_and_surely_not_done(bench: Bench) -> None:
    bench.simulator.fault(for_ever("expired", UPDATE))
    with pytest.raises(FailedError) as failed:
        bench.call(UPDATE, copyTags=True)
    assert (failed.value.kind, failed.value.answered) == ("outage", True)
    assert asked(bench.simulator) == [UPDATE] * 2


def test_while_aws_is_away_most_of_a_large_group_is_spared_and_spends_no_attempt(simulator: Simulator) -> None:
    """Each of a hundred would else wait for its own three timeouts."""
    desk = fresh(simulator)
    desk.door.workers = 4
    simulator.fault(for_ever("drop", GET))
    group_id = desk.create()
    tried = {id_ for call in simulator.calls() if call.operation == GET for id_ in call.server_ids}
    assert IN_VAIN <= len(tried) <= 3 * IN_VAIN, "a few begin while the last of these is counted"
    servers = desk.stream(group_id).state.servers.values()
    assert {(server.attempts, server.failed) for server in servers} == {(0, False)}
    assert facts(desk, group_id)[-1].type == "ApplyEnded"
