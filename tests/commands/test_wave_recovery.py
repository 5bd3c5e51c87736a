"""What StartRecovery answers is heard: the patience it asks for, what must not be repeated; and the look before."""

import pytest

from commands.waves.launch import SETTLE
from events import facts as f
from local.simulator.faults import Fault
from tests.commands.bench import asked, facts, in_aws, jobs, of, refused, wave_facts, written
from tests.kit import SETTINGS, Desk

ENCODED = "Encoded authorization failure message: 4Kz-SECRETSECRET"


def test_a_throttled_start_waits_for_as_long_as_aws_asks_for(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("ThrottlingException", "StartRecovery", retry_after=7))
    began = desk.clock.now()
    assert len(desk.start_wave(group_id)["jobIds"]) == 1
    assert 7 <= (desk.clock.now() - began).total_seconds() < 12


def test_a_start_that_aws_would_rather_have_in_an_hour_is_not_sent_when_it_could_land_too_late(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("ThrottlingException", "StartRecovery", times=9, retry_after=3600))
    assert refused(lambda: desk.start_wave(group_id)).code == "WAVE_UNCLEAR"
    sent = [call.at for call in desk.simulator.calls() if call.operation == "StartRecovery"]
    assert (max(sent) - min(sent)) < SETTLE


def test_an_encoded_message_of_aws_is_neither_kept_nor_told(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("AccessDeniedException", "StartRecovery", message=f"not allowed. {ENCODED}"))
    no = refused(lambda: desk.start_wave(group_id))
    assert "SECRETSECRET" not in str(no.body())
    stored = [commit.events for commit in desk.store.history("wave#exec-1#0")]
    assert b"SECRETSECRET" not in b"".join(stored)
    assert b"not allowed" in b"".join(stored)


@pytest.mark.parametrize("looks", [True, False])
def test_only_a_wave_that_looks_sees_what_somebody_changed_in_the_console(desk: Desk, *, looks: bool) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[0]
    desk.clock.sleep(60)
    desk.simulator.edit(victim, template={"InstanceType": "t3.nano"})
    answer = desk.start_wave(group_id, liveCheck=looks)
    assert (answer["path"], answer["liveChecked"]) == (("repaired", True) if looks else ("fast", False))
    assert (in_aws(desk.simulator, victim) == SETTINGS) == looks
    assert len(jobs(desk)) == 1


def test_a_look_that_finds_everything_as_it_was_writes_nothing_to_aws(desk: Desk) -> None:
    group_id = desk.create()
    desk.clock.sleep(60)
    since, before = len(desk.simulator.calls()), desk.stream(group_id).state.servers
    desk.start_wave(group_id, liveCheck=True)
    assert written(desk.simulator, since) == 0
    assert asked(desk.simulator, since)[-1] == "StartRecovery"
    after = desk.stream(group_id).state.servers
    assert all(after[id_].proved_at > before[id_].proved_at for id_ in after)  # type: ignore[operator]
    assert [after[id_].last_applied for id_ in after] == [before[id_].last_applied for id_ in before]
    assert len(of(f.ServerConfigVerified, facts(desk, group_id))) == 3


def test_a_wave_that_looks_is_asked_again_without_another_look(desk: Desk) -> None:
    group_id = desk.create()
    desk.start_wave(group_id, liveCheck=True)
    since = len(desk.simulator.calls())
    desk.start_wave(group_id, liveCheck=True)
    assert (asked(desk.simulator, since), wave_facts(desk)) == ([], ["WaveClaimed", "RecoveryJobStarted"])
