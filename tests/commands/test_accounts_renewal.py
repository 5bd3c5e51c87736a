"""A role is assumed once for all who ask meanwhile, renewed before its session ends, and never makes a call late."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from commands.aws.accounts import BEFORE_IT_ENDS, Accounts
from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.failures import OutOfTimeError
from commands.aws.limiter import Limiter
from commands.drs import CONFIG
from commands.pump import TURN
from events.groups import Target
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from local.simulator.world import HOME
from tests.kit import NOON, Clock, OfSimulator

THREADS = 16
THERE = Target(account_id="999988887777", region=HOME.region, assume_role_name="Target", external_id="garish-rug")


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=1) as running:
        yield running


@pytest.fixture
def simulator(served: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    served.reset()
    served.clock.freeze(NOON)
    served.add_role(THERE.account_id, THERE.assume_role_name, THERE.external_id)
    for service in ("DRS", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", served.endpoint or "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", HOME.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody checks")
    return served


@pytest.fixture
def accounts(simulator: Simulator) -> Accounts:
    return Accounts(HOME.account, CONFIG, simulator.clock.now)


def assumed(simulator: Simulator) -> int:
    """How often the role was asked for."""
    return Counter(call.operation for call in simulator.calls())["AssumeRole"]


def at_once(ask: Callable[[], object]) -> list[object]:
    """What as many threads are told that ask at the same moment."""
    start = Barrier(THREADS, timeout=10)

    def asking(_: int) -> object:
        start.wait()
        try:
            return ask()
        except Exception as error:  # noqa: BLE001  the error is the answer
            return str(error)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(asking, range(THREADS), timeout=30))


def test_many_who_ask_at_once_share_one_session(simulator: Simulator, accounts: Accounts) -> None:
    simulator.latency(0.3, "sts:AssumeRole")
    clients = at_once(lambda: accounts.client(THERE, "drs"))
    assert len({id(client) for client in clients}) == 1
    assert assumed(simulator) == 1


@pytest.mark.parametrize("error", ["drop", "AccessDenied"])
def test_many_who_ask_at_once_are_told_of_one_failure_and_do_not_queue_for_their_own(
    simulator: Simulator, accounts: Accounts, error: str
) -> None:
    """Each waiting for the next one's timeout, an apply would outlive its lease by minutes."""
    simulator.latency(0.3, "sts:AssumeRole")
    simulator.fault(Fault(error, "AssumeRole", times=None))
    [said] = set(at_once(lambda: accounts.client(THERE, "drs")))
    assert isinstance(said, str)
    assert assumed(simulator) == 1


def test_a_failure_is_told_to_those_who_waited_and_to_nobody_after_them(
    simulator: Simulator, accounts: Accounts
) -> None:
    simulator.fault(Fault("drop", "AssumeRole"))
    with pytest.raises(Exception, match="Connection"):
        accounts.client(THERE, "drs")
    assert accounts.client(THERE, "drs")


def test_a_session_is_given_up_before_it_ends_so_that_no_call_of_a_turn_meets_its_end(
    simulator: Simulator, accounts: Accounts
) -> None:
    assert BEFORE_IT_ENDS > TURN
    first = accounts.client(THERE, "drs")
    simulator.advance((timedelta(hours=1) - BEFORE_IT_ENDS).total_seconds() - 1)
    assert accounts.client(THERE, "drs") is first
    simulator.advance(1)
    second = accounts.client(THERE, "drs")
    assert second is not first
    simulator.advance(BEFORE_IT_ENDS.total_seconds())
    assert second.describe_source_servers()["items"] == []
    assert assumed(simulator) == 2


def test_of_many_who_are_told_that_it_ended_one_renews_it(simulator: Simulator, accounts: Accounts) -> None:
    used = accounts.client(THERE, "drs")
    at_once(lambda: (accounts.of(THERE).renew(used), accounts.client(THERE, "drs")))
    assert assumed(simulator) == 2


@dataclass
class SlowRole:
    """Clients of which each takes its time to be had."""

    clients: OfSimulator
    clock: Clock
    seconds: float

    def client(self, service: str) -> Any:  # noqa: ANN401  a boto3 client
        self.clock.sleep(self.seconds)
        return self.clients.client(service)

    def renew(self, used: Any) -> None:  # noqa: ANN401  a boto3 client
        raise AssertionError(used)


@pytest.mark.parametrize(("seconds", "sent"), [(4, 1), (5, 0), (300, 0)])
def test_a_write_whose_role_was_long_in_coming_is_not_sent_after_its_deadline(
    simulator: Simulator, seconds: float, sent: int
) -> None:
    clock = Clock()
    limiter = Limiter(MemoryBuckets(), "there", {}, clock.now, clock.sleep)
    calls = Calls(SlowRole(OfSimulator(simulator), clock, seconds), limiter, clock.now, clock.sleep)
    asked = {"sourceServerID": simulator.server_ids()[0], "copyTags": True}
    deadline = clock.now() + timedelta(seconds=5)
    try:
        calls("drs", "UpdateLaunchConfiguration", asked, deadline)
    except OutOfTimeError:
        assert sent == 0
    assert simulator.counts().get("drs:UpdateLaunchConfiguration", 0) == sent
