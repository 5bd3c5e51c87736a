"""What AWS's errors come to: for good, again later with a backoff, or AWS as a whole is away."""

from datetime import timedelta

import pytest

from commands.aws.calls import READ_TRIES, TRIES
from events import facts as f
from events.groups import MAX_ATTEMPTS
from local.simulator.faults import Fault
from tests.commands.bench import (
    calls,
    due_at,
    facts,
    for_ever,
    gaps,
    in_aws,
    meddle,
    mended,
    never_ready_wrongly,
    of,
    pumped,
    versions,
    woken,
    written,
)
from tests.kit import SETTINGS, Desk

PERMANENT = [
    ("ValidationException", "UpdateLaunchConfiguration"),
    ("AccessDeniedException", "GetLaunchConfiguration"),
    ("UnauthorizedOperation", "CreateLaunchTemplateVersion"),
    ("ResourceNotFoundException", "GetLaunchConfiguration"),
    ("ServiceQuotaExceededException", "UpdateLaunchConfiguration"),
]
TRANSIENT = [
    ("IncorrectState", "CreateLaunchTemplateVersion"),
    ("IdempotentParameterMismatch", "CreateLaunchTemplateVersion"),
]
OUTAGES = [
    ("ThrottlingException", "GetLaunchConfiguration", TRIES),
    ("RequestLimitExceeded", "CreateLaunchTemplateVersion", TRIES),
    ("InternalServerException", "UpdateLaunchConfiguration", 1),
    ("ServiceUnavailable", "ModifyLaunchTemplate", 1),
    ("InternalError", "DescribeLaunchTemplateVersions", READ_TRIES),
    ("drop", "GetLaunchConfiguration", READ_TRIES),
    ("lost-answer", "UpdateLaunchConfiguration", 1),
]
SENT_AGAIN = [(error, operation, times - 1) for error, operation, times in OUTAGES if times > 1]


def struck(desk: Desk, error: str, operation: str, times: int | None = 1) -> tuple[str, str]:
    """A group of which one server meets an error: group and server."""
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(Fault(error, operation, times=times, server_id=victim, message=f"{error}, says AWS"))
    return desk.create(), victim


@pytest.mark.parametrize(("error", "operation"), PERMANENT)
def test_a_server_that_aws_refuses_for_good_is_failed_with_its_words_and_the_others_are_ready(
    desk: Desk, error: str, operation: str
) -> None:
    group_id, victim = struck(desk, error, operation)
    shown = desk.status(group_id)
    assert shown["status"] == "failed"
    assert shown["counts"] == {"total": 3, "ready": 2, "pending": 0, "failed": 1, "notConfigured": 0}
    assert shown["reasons"] == [{"reason": error, "servers": 1}]
    [said] = shown["serverConfigs"][victim]["errors"]
    assert said["code"] == error
    assert said["message"].endswith(f"{error}, says AWS")
    assert desk.stream(group_id).state.servers[victim].retry_at is None


@pytest.mark.parametrize(("error", "operation"), TRANSIENT)
def test_a_server_that_may_do_better_is_pending_one_attempt_spent_and_ready_when_its_backoff_is_over(
    desk: Desk, error: str, operation: str
) -> None:
    group_id, victim = struck(desk, error, operation)
    server = desk.stream(group_id).state.servers[victim]
    [failed] = of(f.ServerConfigFailed, facts(desk, group_id))
    assert (failed.fate, server.attempts) == ("retry", 1)
    assert server.retry_at is not None
    assert timedelta(seconds=1) <= server.retry_at - failed.at <= timedelta(seconds=1 + 5 * 2)
    assert desk.status(group_id)["counts"]["ready"] == 2
    assert due_at(desk, group_id) == server.retry_at
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert desk.status(group_id)["serverConfigs"][victim]["errors"] == []


@pytest.mark.parametrize(("error", "operation", "times"), SENT_AGAIN)
def test_what_did_nothing_for_sure_is_sent_again_in_the_same_apply(
    desk: Desk, error: str, operation: str, times: int
) -> None:
    group_id, victim = struck(desk, error, operation, times)
    assert desk.status(group_id)["status"] == "ready"
    assert of(f.ServerConfigFailed, facts(desk, group_id)) == []
    assert calls(desk.simulator, 0, victim).count(operation) == times + 1
    assert len(versions(desk.simulator, victim)) == 2


@pytest.mark.parametrize(("error", "operation", "times"), OUTAGES)
def test_an_outage_that_one_server_meets_spends_no_attempt_of_it(
    desk: Desk, error: str, operation: str, times: int
) -> None:
    group_id, victim = struck(desk, error, operation, times)
    server = desk.stream(group_id).state.servers[victim]
    [failed] = of(f.ServerConfigFailed, facts(desk, group_id))
    assert (failed.fate, server.attempts) == ("outage", 0)
    assert server.retry_at is not None
    assert timedelta(seconds=1) <= server.retry_at - failed.at <= timedelta(seconds=1 + 5)
    assert desk.status(group_id)["errors"] == [], "AWS as a whole is not away: it answered for the others"
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"
    assert [len(versions(desk.simulator, id_)) for id_ in desk.simulator.server_ids()] == [2, 2, 2]


def test_the_sixth_attempt_is_the_last_and_each_backoff_keeps_its_bounds(desk: Desk) -> None:
    group_id, victim = struck(desk, "IdempotentParameterMismatch", "CreateLaunchTemplateVersion", times=None)
    while woken(desk, group_id):
        pass
    failed = of(f.ServerConfigFailed, facts(desk, group_id))
    assert [one.fate for one in failed] == ["retry"] * (MAX_ATTEMPTS - 1) + ["failed"]
    assert len(failed) == 6
    for attempt, gap in enumerate(gaps([one.at for one in failed]), start=1):
        assert 1 <= gap <= 1 + 5 * 2**attempt
    assert calls(desk.simulator, 0, victim).count("CreateLaunchTemplateVersion") == 6
    assert desk.status(group_id)["status"] == "failed"


def test_an_outage_after_five_attempts_is_not_the_sixth(desk: Desk) -> None:
    group_id, victim = struck(desk, "IdempotentParameterMismatch", "CreateLaunchTemplateVersion", times=5)
    for _ in range(4):
        assert woken(desk, group_id)
    desk.simulator.fault(Fault("InternalServerException", "GetLaunchConfiguration", times=3 * READ_TRIES))
    for _ in range(3):
        assert woken(desk, group_id)
        assert desk.stream(group_id).state.servers[victim].attempts == MAX_ATTEMPTS - 1
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_the_dice_fall_differently_for_each_server(desk: Desk) -> None:
    desk.simulator.fault(for_ever("ConflictException", "UpdateLaunchConfiguration"))
    group_id = desk.create()
    assert len({server.retry_at for server in desk.stream(group_id).state.servers.values()}) == 3


def test_a_failed_server_is_tried_again_when_asked_for_and_its_errors_stay_in_the_facts(desk: Desk) -> None:
    group_id, victim = struck(desk, "AccessDeniedException", "GetLaunchConfiguration")
    before = len(desk.simulator.calls())
    answer = desk.ask("apply_launch_configs", groupId=group_id)
    assert (answer["status"], answer["appliedServers"], answer["failedServers"]) == ("ready", 3, 0)
    asked = desk.simulator.calls(before)
    assert {id_ for call in asked for id_ in call.server_ids} == {victim}, "the ready ones are left alone"
    assert [one.code for one in of(f.ServerConfigFailed, facts(desk, group_id))] == ["AccessDeniedException"]


def test_an_apply_answers_which_servers_failed_and_why(desk: Desk) -> None:
    group_id, victim = struck(desk, "AccessDeniedException", "GetLaunchConfiguration", times=None)
    answer = desk.ask("apply_launch_configs", groupId=group_id)
    assert (answer["status"], answer["appliedServers"], answer["failedServers"]) == ("failed", 2, 1)
    [error] = answer["errors"]
    assert (error["sourceServerId"], error["code"]) == (victim, "AccessDeniedException")


def test_a_text_of_aws_is_shown_to_160_bytes_and_kept_to_512(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    text = "Source server data is not as DRS expects it: " + "0123456789" * 60
    desk.simulator.fault(Fault("ValidationException", "GetLaunchConfiguration", server_id=victim, message=text))
    group_id = desk.create()
    [kept] = of(f.ServerConfigFailed, facts(desk, group_id))
    assert kept.message == text[:512]
    assert desk.status(group_id)["serverConfigs"][victim]["errors"][0]["message"] == text[:160]


@pytest.mark.parametrize("error", ["drop", "InternalServerException", "ThrottlingException"])
def test_a_group_is_created_while_aws_is_away_and_ready_by_itself_once_it_is_back(desk: Desk, error: str) -> None:
    desk.simulator.fault(for_ever(error, "*"))
    group_id = desk.create()
    for _ in range(8):
        group = desk.stream(group_id).state
        assert {server.attempts for server in group.servers.values()} == {0}
        assert desk.status(group_id)["counts"]["pending"] == 3
        assert desk.status(group_id)["errors"], "what is wrong is shown"
        assert due_at(desk, group_id) is not None
        assert woken(desk, group_id)
    mended(desk)
    assert woken(desk, group_id)
    shown = desk.status(group_id)
    assert (shown["status"], shown["errors"]) == ("ready", [])
    assert written(desk.simulator) == 9, "of the 8 turns before, none got through"


def test_aws_may_stay_away_for_long_and_the_group_is_looked_at_every_ten_minutes_without_end(desk: Desk) -> None:
    desk.simulator.fault(for_ever("drop", "*"))
    group_id = desk.create(sourceServerIds=desk.simulator.server_ids()[:1])
    for _ in range(60):
        before = desk.clock.now()
        assert woken(desk, group_id)
        took = desk.clock.now() - before
        assert timedelta(seconds=1) <= took <= timedelta(seconds=610), "the retries of the reads included"
    mended(desk)
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_while_aws_is_away_nobody_hammers_it(desk: Desk) -> None:
    desk.simulator.fault(for_ever("drop", "*"))
    group_id = desk.create()
    before = len(desk.simulator.calls())
    pumped(desk, group_id)
    assert len(desk.simulator.calls()) == before


def test_a_person_who_asks_again_is_not_made_to_wait_for_the_backoff_of_an_outage(desk: Desk) -> None:
    desk.simulator.fault(for_ever("drop", "*"))
    group_id = desk.create()
    mended(desk)
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"


def test_an_answer_that_nobody_foresaw_fails_its_server_and_not_the_worker(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.world.find(victim)  # it exists, but its first read answers nonsense
    struck_once: list[str] = []

    def nonsense(name: str) -> None:
        if name == "DescribeLaunchTemplateVersions" and not struck_once:
            struck_once.append(name)
            raise KeyError("LaunchTemplateVersions")

    meddle(desk, after=nonsense)
    group_id = desk.create()
    assert desk.status(group_id)["counts"]["ready"] == 2
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_a_template_that_was_deleted_and_made_anew_by_drs_is_found_by_the_next_attempt(desk: Desk) -> None:
    group_id = desk.create()
    victim = desk.simulator.server_ids()[2]
    ec2 = desk.simulator.client("ec2")
    gone: list[str] = []

    def someone_deletes_it(name: str) -> None:
        if name == "DescribeLaunchTemplateVersions" and not gone:
            gone.append(desk.simulator.server(victim).template_id)
            ec2.delete_launch_template(LaunchTemplateId=gone[0])

    meddle(desk, before=someone_deletes_it)
    desk.ask("apply_launch_configs", groupId=group_id, force=True)
    never_ready_wrongly(desk, group_id)
    while desk.status(group_id)["status"] != "ready":
        assert woken(desk, group_id)
    assert in_aws(desk.simulator, victim) == SETTINGS
    assert desk.simulator.server(victim).template_id != gone[0]
