"""Workers take turns, definitions change at any time, deadlines come: only what is wanted now is ever called ready."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.decide import RecordOutcomes
from commands.outcomes import HANG, Fault, Proved
from events import facts as f
from events.commits import Context
from events.configuration import fingerprint
from tests.commands.bench import (
    FIRST_APPLY,
    WRITES,
    asked,
    calls,
    due_at,
    facts,
    in_aws,
    meddle,
    never_ready_wrongly,
    of,
    pumped,
    versions,
    woken,
    written,
)
from tests.kit import SETTINGS, Desk

OTHER = {**SETTINGS, "instanceType": "r5.4xlarge", "copyTags": False}
A_LEASE = 76
"""Seconds after which a turn of the kit's 60 is over, and no call of it can still be on its way."""


def one(desk: Desk) -> list[str]:
    return desk.simulator.server_ids()[:1]


def redefine(desk: Desk, wanted: dict[str, object], **more: object) -> None:
    desk.ask("update_protection_group", groupId=the_group(desk), launchConfig=wanted, **more)


def the_group(desk: Desk) -> str:
    """The group's id, known before its creation has answered."""
    [stream_id] = desk.store.born("group")
    return stream_id.removeprefix("group#")


def at_step(desk: Desk, step: int, happens: Callable[[], None]) -> None:
    """During the n-th call to AWS something else happens; and nothing is ever ready that should not be."""
    seen: list[str] = []

    def after(name: str) -> None:
        seen.append(name)
        never_ready_wrongly(desk, the_group(desk))
        if len(seen) >= step and "it happened" not in seen:
            seen.append("it happened")
            happens()
            never_ready_wrongly(desk, the_group(desk))

    meddle(desk, after=after)


def until_ready(desk: Desk, group_id: str) -> None:
    while desk.status(group_id)["status"] != "ready":
        never_ready_wrongly(desk, group_id)
        assert woken(desk, group_id)


@pytest.mark.parametrize("step", range(1, len(FIRST_APPLY) + 1))
def test_a_definition_that_changes_during_any_call_is_what_aws_holds_in_the_end(desk: Desk, step: int) -> None:
    at_step(desk, step, lambda: redefine(desk, OTHER))
    group_id = desk.create(sourceServerIds=one(desk))
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, *one(desk)) == OTHER
    assert of(f.ServerConfigSuperseded, facts(desk, group_id)), (
        "the outcome for what was wanted before counts for nothing"
    )


@pytest.mark.parametrize("back", range(7, 13))
@pytest.mark.parametrize("step", [1, 4, 6])
def test_a_definition_that_changes_and_changes_back_is_ready_only_as_wanted(desk: Desk, step: int, back: int) -> None:
    seen: list[str] = []

    def after(name: str) -> None:
        seen.append(name)
        if len(seen) in {step, back}:
            redefine(desk, OTHER if len(seen) == step else SETTINGS)
        never_ready_wrongly(desk, the_group(desk))

    meddle(desk, after=after)
    group_id = desk.create(sourceServerIds=one(desk))
    until_ready(desk, group_id)
    wanted = desk.stream(group_id).state.wanted(*one(desk))
    assert in_aws(desk.simulator, *one(desk)) == wanted


def late(desk: Desk, group_id: str, *outcomes: Proved | Fault) -> None:
    """A worker whose lease is long over still brings what it has."""
    worker = Context(command="RecordOutcomes", command_id=f"late {outcomes}", actor="system", via="system")
    desk.service.execute(group_id, RecordOutcomes(outcomes), worker)


def outcome(desk: Desk, group_id: str, epoch: int, wanted: Any, *wrote: str) -> Proved:  # noqa: ANN401  a definition
    [server_id] = desk.stream(group_id).state.servers
    return Proved(server_id, epoch, fingerprint(wanted), desk.clock.now(), "lt-late", 99, wrote)


def test_a_late_outcome_that_wrote_nothing_changes_nothing(desk: Desk) -> None:
    group_id = desk.create(sourceServerIds=one(desk))
    redefine(desk, OTHER)
    before = desk.status(group_id)
    late(desk, group_id, outcome(desk, group_id, 1, SETTINGS))
    assert desk.status(group_id) == before
    assert before["status"] == "ready"


def test_a_late_outcome_that_wrote_makes_its_server_due_and_the_next_turn_puts_right_what_it_broke(desk: Desk) -> None:
    group_id = desk.create(sourceServerIds=one(desk))
    redefine(desk, OTHER)
    redefine(desk, SETTINGS)
    desk.simulator.edit(*one(desk), template={"InstanceType": "r5.4xlarge"})  # the late write of the second definition
    late(desk, group_id, outcome(desk, group_id, 2, OTHER, "ModifyLaunchTemplate"))
    assert desk.status(group_id)["status"] == "pending"
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, *one(desk)) == SETTINGS


def test_a_late_fault_that_wrote_makes_its_server_due_and_is_no_failure_of_the_new_definition(desk: Desk) -> None:
    group_id = desk.create(sourceServerIds=one(desk))
    redefine(desk, OTHER)
    said = Fault(
        *one(desk), 1, "permanent", "ValidationException", "no", desk.clock.now(), ("UpdateLaunchConfiguration",)
    )
    late(desk, group_id, said)
    shown = desk.status(group_id)
    assert (shown["status"], shown["counts"]["failed"], shown["errors"]) == ("pending", 0, [])


def test_a_worker_that_slept_past_its_lease_writes_nothing_and_its_outcome_is_looked_at_again(desk: Desk) -> None:
    def others_go_on() -> None:
        desk.clock.sleep(A_LEASE)
        meddle(desk)
        redefine(desk, OTHER)

    at_step(desk, len(FIRST_APPLY), others_go_on)
    group_id = desk.create(sourceServerIds=one(desk))
    assert desk.status(group_id)["status"] == "pending"
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, *one(desk)) == OTHER


def test_a_worker_that_slept_past_its_deadline_before_a_write_does_not_send_it(desk: Desk) -> None:
    at_step(desk, FIRST_APPLY.index("CreateLaunchTemplateVersion") + 1, lambda: desk.clock.sleep(A_LEASE))
    group_id = desk.create(sourceServerIds=one(desk))
    assert "ModifyLaunchTemplate" not in calls(desk.simulator)
    assert desk.status(group_id)["status"] == "pending"
    until_ready(desk, group_id)
    assert len(versions(desk.simulator, *one(desk))) == 2


def test_a_proof_of_a_server_that_left_and_came_back_otherwise_proves_nothing(desk: Desk) -> None:
    """The server's epochs begin anew with it, so its epoch alone does not tell what was proved."""
    [server_id] = one(desk)

    def leaves_and_comes_back() -> None:
        desk.clock.sleep(A_LEASE)
        group_id = the_group(desk)
        desk.ask("remove_servers_from_group", groupId=group_id, sourceServerIds=[server_id])
        own = {"sourceServerId": server_id, "launchTemplate": {"instanceType": "r5.4xlarge"}}
        desk.ask("add_servers_to_group", groupId=group_id, servers=[own], respondAsync=True)

    at_step(desk, len(FIRST_APPLY), leaves_and_comes_back)
    group_id = desk.create(sourceServerIds=[server_id])
    never_ready_wrongly(desk, group_id)
    until_ready(desk, group_id)
    assert in_aws(desk.simulator, server_id) == {**SETTINGS, "instanceType": "r5.4xlarge"}


def test_with_its_deadline_past_a_turn_sends_aws_nothing(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    pumped(desk, group_id, seconds=-5)
    pumped(desk, group_id, seconds=0)
    assert asked(desk.simulator) == []
    assert desk.status(group_id)["counts"]["pending"] == 3
    assert desk.stream(group_id).state.lease is None
    assert due_at(desk, group_id) == desk.clock.now()


@pytest.mark.parametrize("seconds", [4, 10, 25, 40])
def test_what_a_deadline_in_the_middle_leaves_is_pending_and_due_and_no_write_is_later(
    desk: Desk, seconds: int
) -> None:
    group_id = desk.create(respondAsync=True)
    meddle(desk, before=lambda _: desk.clock.sleep(3))
    deadline = desk.service.after(seconds)
    pumped(desk, group_id, seconds)
    began = [call.at for call in desk.simulator.calls() if call.operation in WRITES]
    assert all(at is not None and at < deadline + HANG for at in began), "what is sent late is still within the lease"
    shown = desk.status(group_id)
    assert shown["counts"]["pending"] + shown["counts"]["ready"] == 3
    assert shown["counts"]["pending"] > 0
    assert desk.stream(group_id).state.lease is None, "the lease is given back"
    never_ready_wrongly(desk, group_id)
    meddle(desk)
    pumped(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert [len(versions(desk.simulator, id_)) for id_ in desk.simulator.server_ids()] == [2, 2, 2]


def test_two_workers_woken_at_once_do_the_work_of_one(desk: Desk) -> None:
    group_id = desk.create(respondAsync=True)
    nested: list[int] = []

    def another_is_woken(_: str) -> None:
        if not nested:
            nested.append(1)
            pumped(desk, group_id)

    meddle(desk, after=another_is_woken)
    pumped(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert written(desk.simulator) == 9
    assert len(of(f.ApplyStarted, facts(desk, group_id))) == 1
