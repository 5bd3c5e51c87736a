"""Of a wave that does not start for servers that are not proved: whether it may help to ask again."""

import pytest

from commands.waves.unproved import SOONEST
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import MortalStore, for_ever, fresh, mended, refused, written
from tests.kit import Desk


@pytest.fixture
def desk(simulator: Simulator) -> Desk:
    """A desk whose clock is AWS's, too."""
    return fresh(simulator, MortalStore())


def refused_for_good(desk: Desk, server_id: str) -> None:
    desk.simulator.fault(for_ever("AccessDeniedException", "GetLaunchConfiguration", server_id=server_id))


def test_what_aws_has_refused_for_good_is_to_be_mended_and_asking_again_does_not_help(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    victim = desk.simulator.server_ids()[0]
    refused_for_good(desk, victim)
    no = refused(lambda: desk.start_wave(group_id))
    assert (no.code, no.retryable, no.details["sourceServerIds"]) == ("NOT_READY", False, [victim])
    assert ("retryAfter" in no.details, "mend and apply them" in no.message) == (False, True)


@pytest.mark.parametrize("budget", [0, 5])
def test_what_is_only_pending_may_be_asked_for_again_when_it_is_due(desk: Desk, budget: int) -> None:
    group_id = desk.create(respondAsync=True)
    desk.simulator.fault(for_ever("InternalServerException", "GetLaunchConfiguration"))
    no = refused(lambda: desk.start_wave(group_id, budgetSeconds=budget))
    assert (no.code, no.retryable, no.details["status"]) == ("NOT_READY", True, "pending")
    assert ("pending" in no.message, "mend" in no.message) == (True, False)
    assert no.details["retryAfter"] >= SOONEST
    mended(desk)
    desk.clock.sleep(no.details["retryAfter"])
    assert desk.start_wave(group_id)["decision"] == "started"


@pytest.mark.parametrize("number", [0, 1])
def test_of_two_groups_that_block_the_one_to_mend_is_named_wherever_it_stands(desk: Desk, number: int) -> None:
    one, two, _ = desk.simulator.server_ids()
    group_ids = [desk.create(id_, sourceServerIds=[id_], respondAsync=True) for id_ in (one, two)]
    desk.simulator.fault(for_ever("InternalServerException", "GetLaunchConfiguration", server_id=[two, one][number]))
    refused_for_good(desk, [one, two][number])
    no = refused(lambda: desk.start_wave(*group_ids, budgetSeconds=5))
    assert (no.details["groupId"], no.details["status"], no.retryable) == (group_ids[number], "failed", False)


def test_a_group_that_may_be_passed_over_is_nobodys_reason_to_ask_again(desk: Desk) -> None:
    one, two, _ = desk.simulator.server_ids()
    passed = desk.create("Passed over", sourceServerIds=[one], onNotReady="proceed", respondAsync=True)
    blocks = desk.create("Blocks", sourceServerIds=[two], onNotReady="block", respondAsync=True)
    refused_for_good(desk, one)
    desk.simulator.fault(Fault("InternalServerException", "GetLaunchConfiguration", times=99, server_id=two))
    no = refused(lambda: desk.start_wave(passed, blocks, budgetSeconds=5))
    assert (no.details["groupId"], no.retryable) == (blocks, True)


def test_whoever_asks_again_as_told_writes_nothing_anew_for_what_has_failed(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    refused_for_good(desk, desk.simulator.server_ids()[0])
    asked = 0
    while asked < 5:
        asked += 1
        if not refused(lambda: desk.start_wave(group_id)).retryable:
            break
    assert (asked, written(desk.simulator) > 0, desk.stream(group_id).version < 10) == (1, True, True)
