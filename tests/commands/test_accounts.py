"""Groups in other accounts: reached by their role with its external id, and with its keys alone."""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from commands.aws.accounts import Accounts
from commands.aws.buckets import MemoryBuckets
from commands.aws.calls import Calls
from commands.aws.limiter import Limiter
from commands.decide import COOL_DOWN
from commands.drs import CONFIG, Door
from commands.service import Service
from commands.waves.start import Waves
from events import facts as f
from events.errors import Refused
from events.groups import Target
from local.simulator.faults import Fault
from local.simulator.machines import Place
from local.simulator.simulator import Simulator
from local.simulator.world import HOME
from tests.commands.bench import facts, of
from tests.commands.surroundings import furnish
from tests.kit import SETTINGS, Desk

THERE = Place("999988887777", HOME.region)
ROLE, RUG = "PreflightTarget", "garish-rug-4711"
REACHED = {"accountId": THERE.account, "assumeRoleName": ROLE, "externalId": RUG}
SESSIONS = {"drs", "ec2", "iam"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as running:
        yield running


class Abroad(Desk):
    """A desk whose doors are the real ones: by target, with sessions of roles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.accounts, doors = Accounts(HOME.account, CONFIG, self.clock.now), dict[Target, Door]()

        def door(target: Target) -> Door:
            limiter = Limiter(MemoryBuckets(), "any", {}, self.clock.now, self.clock.sleep)
            calls = Calls(self.accounts.of(target), limiter, self.clock.now, self.clock.sleep)
            return doors.setdefault(target, Door(calls))

        self.service = Service(self.store, door, self.clock.now, self.clock.sleep, HOME.region, HOME.account)
        self.waves = Waves(self.service, lambda target: door(target).calls)


@pytest.fixture
def desk(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Abroad:
    for service in ("DRS", "EC2", "IAM", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", simulator.endpoint or "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", HOME.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody checks")
    simulator.reset()  # and its clock is the machine's, with which botocore compares a session's end
    furnish(simulator)
    simulator.add_role(THERE.account, ROLE, external_id=RUG)
    simulator.add_servers(30, THERE)
    furnish(simulator, THERE)
    return Abroad(simulator)


def theirs(desk: Desk) -> list[str]:
    return desk.simulator.server_ids(THERE)


def there(desk: Desk, **fields: Any) -> str:  # noqa: ANN401  fields of a group
    return desk.create(**{"sourceServerIds": theirs(desk), **REACHED, **fields})


def test_a_group_of_another_account_is_applied_with_that_accounts_keys_and_no_others(desk: Abroad) -> None:
    since = len(desk.simulator.calls())
    group_id = there(desk, launchConfig={**SETTINGS, "instanceProfileName": "payments-dr"})
    assert desk.status(group_id)["counts"]["ready"] == 30
    asked = desk.simulator.calls(since)
    assert {call.account for call in asked if call.service in SESSIONS} == {THERE.account}
    assert {call.service for call in asked} == {*SESSIONS, "sts"}


def test_one_role_is_assumed_once_for_thirty_servers_and_a_second_apply(desk: Abroad) -> None:
    since = len(desk.simulator.calls())
    group_id = there(desk)
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert Counter(call.operation for call in desk.simulator.calls(since))["AssumeRole"] == 1


@pytest.mark.parametrize("wrong", [{"externalId": "another-rug"}, {"assumeRoleName": "Nobody"}])
def test_a_role_that_cannot_be_assumed_fails_the_whole_group_once_and_tells_no_external_id(
    desk: Abroad, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="preflight")
    group_id = there(desk, **wrong)
    [said] = of(f.GroupConfigFailed, facts(desk, group_id))
    assert (said.code, len(said.source_server_ids)) == ("ROLE_NOT_ASSUMED", 30)
    assert of(f.ServerConfigFailed, facts(desk, group_id)) == []
    shown = desk.status(group_id)
    assert (shown["status"], [error["code"] for error in shown["errors"]]) == ("failed", ["ROLE_NOT_ASSUMED"])
    assert not {call.service for call in desk.simulator.calls()} & SESSIONS, "nobody else's keys are tried"
    for secret in (RUG, "another-rug"):
        assert secret not in f"{shown}{said}{caplog.text}"


def test_a_refused_group_says_why_once_in_full_and_of_each_server_only_the_code(desk: Abroad) -> None:
    group_id = there(desk, externalId="another-rug")
    shown = desk.status(group_id)
    [said] = shown["errors"]
    assert "sts:AssumeRole" in said["message"]
    [kept] = of(f.GroupConfigFailed, facts(desk, group_id))
    assert "externalId" in kept.message
    assert kept.message.startswith(said["message"])
    assert shown["reasons"] == [{"reason": "ROLE_NOT_ASSUMED", "servers": 30}]
    assert "sts:AssumeRole" not in str(shown["serverConfigs"])


def test_no_key_or_token_of_a_session_is_told_or_logged_whatever_becomes_of_it(
    desk: Abroad, caplog: pytest.LogCaptureFixture
) -> None:
    """Used, ended by AWS, renewed, quoted by AWS in an error, refused: nobody is told it."""
    caplog.set_level(logging.INFO)
    group_id = there(desk)
    desk.simulator.revoke()
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    [*_, newest] = sessions = [*desk.simulator.world.identities.sessions.values()]
    quoted = f"{newest.access_key} may not; session-token={newest.token}, secret: {newest.secret}"
    desk.simulator.fault(Fault("AccessDeniedException", "drs:GetLaunchConfiguration", times=None, message=quoted))
    desk.clock.sleep(COOL_DOWN.total_seconds())
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    desk.simulator.world.identities.roles.clear()
    desk.simulator.revoke()
    desk.clock.sleep(COOL_DOWN.total_seconds())
    desk.ask("apply_launch_configs", groupId=group_id, force=True)

    assert [one.code for one in of(f.GroupConfigFailed, facts(desk, group_id))] == ["ROLE_NOT_ASSUMED"]
    assert {one.code for one in of(f.ServerConfigFailed, facts(desk, group_id))} == {"AccessDeniedException"}
    history = [commit.events for commit in desk.store.history(f"group#{group_id}")]
    told = f"{history}{desk.status(group_id)}{caplog.text}"
    assert len(sessions) == 2
    for each in sessions:
        assert [part for part in (each.access_key, each.secret, each.token) if part in told] == []
    later = f"{history[1:]}{desk.status(group_id)}{caplog.text}"
    assert RUG not in later, "the definition keeps it, and nothing else"


def test_once_the_external_id_is_right_the_group_is_applied(desk: Abroad) -> None:
    group_id = there(desk, externalId="another-rug")
    desk.ask("update_protection_group", groupId=group_id, externalId=RUG)
    assert desk.status(group_id)["counts"]["ready"] == 30
    assert desk.status(group_id)["errors"] == []


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_a_session_that_aws_no_longer_takes_is_renewed_once_and_nothing_is_lost(desk: Abroad, how: str) -> None:
    group_id = there(desk)
    if how == "revoked":
        desk.simulator.revoke()
    else:
        desk.simulator.advance(2 * 3600)
    since = len(desk.simulator.calls())
    answer = desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert (answer["status"], answer["appliedServers"]) == ("ready", 30)
    counts = Counter(call.operation for call in desk.simulator.calls(since))
    assert counts["AssumeRole"] == 1
    assert of(f.ServerConfigFailed, facts(desk, group_id)) == []


def test_keys_that_stay_expired_are_an_outage_that_spends_no_attempt(desk: Abroad) -> None:
    desk.simulator.fault(Fault("expired", "drs:GetLaunchConfiguration", times=None))
    group_id = there(desk)
    shown = desk.status(group_id)
    assert shown["counts"]["pending"] == 30
    assert {server.attempts for server in desk.stream(group_id).state.servers.values()} == {0}


def test_one_accounts_keys_cannot_see_anothers_servers(desk: Abroad) -> None:
    group_id = desk.create("Stray", sourceServerIds=theirs(desk)[:2])
    shown = desk.status(group_id)
    assert shown["reasons"] == [{"reason": "ResourceNotFoundException", "servers": 2}]
    assert {call.account for call in desk.simulator.calls() if call.service in SESSIONS} == {HOME.account}


def test_tags_are_read_in_the_groups_own_account(desk: Abroad) -> None:
    desk.simulator.add_servers(2, THERE, tags={"Plan": "gold"})
    group_id = desk.create("Gold", sourceServerIds=None, serverSelectionTags={"Plan": "gold"}, **REACHED)
    assert [*desk.stream(group_id).state.servers] == sorted(theirs(desk)[30:])


def test_extended_source_servers_are_applied_where_they_were_extended_to(desk: Abroad) -> None:
    staging = Place("111122223333", HOME.region)
    desk.simulator.add_servers(2, THERE, staging_account=staging.account)
    extended = theirs(desk)[30:]
    group_id = there(desk, sourceServerIds=extended)
    assert desk.status(group_id)["counts"]["ready"] == 2
    assert {desk.simulator.server(id_).settings["copyTags"] for id_ in extended} == {True}
    assert staging.account not in {call.account for call in desk.simulator.calls()}


def test_a_wave_of_such_a_group_starts_its_job_there(desk: Abroad) -> None:
    group_id = there(desk)
    since = len(desk.simulator.calls())
    answer = desk.start_wave(group_id)
    assert answer["decision"] == "started"
    [call] = desk.simulator.calls(since)
    assert (call.operation, call.account) == ("StartRecovery", THERE.account)
    assert len(desk.simulator.world.estate(THERE).jobs.by_id) == 1
    assert not desk.simulator.world.estate(HOME).jobs.by_id


def test_a_wave_whose_session_has_ended_is_started_once_with_a_new_one(desk: Abroad) -> None:
    group_id = there(desk)
    desk.simulator.revoke()
    assert desk.start_wave(group_id)["decision"] == "started"
    assert len(desk.simulator.world.estate(THERE).jobs.by_id) == 1


def test_groups_of_two_accounts_are_no_wave(desk: Abroad) -> None:
    groups = desk.create("Here"), desk.create("There", sourceServerIds=theirs(desk), **REACHED)
    with pytest.raises(Refused) as no:
        desk.start_wave(*groups)
    assert (no.value.code, no.value.details["field"]) == ("INVALID_PARAMETER", "protectionGroupIds")
    assert "StartRecovery" not in {call.operation for call in desk.simulator.calls()}
