"""Every row of DRS's and EC2's errors: its own code, its fate, whether an attempt is spent, and when it is tried again.

Source: DRS API Reference, Common errors; EC2 API Reference, Error codes; STS API Reference, AssumeRole.
"""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from commands.aws.calls import READ_TRIES, TRIES
from commands.aws.failures import UNREACHABLE, failure
from commands.record import BUSY_FOR
from events import facts as f
from local.simulator.faults import Fault
from tests.commands.bench import calls, due_at, facts, fresh, in_aws, of, versions, woken
from tests.kit import SETTINGS, Desk

UPDATE, CREATE, GET = "UpdateLaunchConfiguration", "CreateLaunchTemplateVersion", "GetLaunchConfiguration"
Row = tuple[str, str, int, str | None, str, int]
ROWS: list[Row] = [
    # what AWS answers, to which call, how often; the code that is shown, the fate, attempts spent
    ("ValidationException", UPDATE, 1, "ValidationException", "failed", 1),
    ("AccessDeniedException", UPDATE, 1, "AccessDeniedException", "failed", 1),
    ("UnauthorizedOperation", CREATE, 1, "UnauthorizedOperation", "failed", 1),
    ("ResourceNotFoundException", GET, 1, "ResourceNotFoundException", "failed", 1),
    ("ServiceQuotaExceededException", UPDATE, 1, "ServiceQuotaExceededException", "failed", 1),
    ("VersionLimitExceeded", CREATE, 1, "VersionLimitExceeded", "failed", 1),
    ("ConflictException", UPDATE, 1, "ConflictException", "busy", 0),
    ("ThrottlingException", UPDATE, TRIES, "ThrottlingException", "outage", 0),
    ("RequestLimitExceeded", CREATE, TRIES, "RequestLimitExceeded", "outage", 0),
    ("InternalServerException", UPDATE, 1, "InternalServerException", "outage", 0),
    ("ServiceUnavailable", CREATE, 1, "ServiceUnavailable", "outage", 0),
    ("drop", GET, READ_TRIES, UNREACHABLE, "outage", 0),
    ("lost-answer", UPDATE, 1, UNREACHABLE, "outage", 0),
    ("InvalidLaunchTemplateId.NotFound", "DescribeLaunchTemplateVersions", 2, None, "retry", 1),
    ("SomethingNobodyForesaw", CREATE, 1, "SomethingNobodyForesaw", "retry", 1),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_answer_of_aws_has_its_code_and_its_fate_and_stops_no_other_server(desk: Desk, row: Row) -> None:
    error, operation, times, code, fate, spent = row
    victim = desk.simulator.server_ids()[1]
    desk.simulator.fault(Fault(error, operation, times, server_id=victim))
    group_id = desk.create()
    [failed] = of(f.ServerConfigFailed, facts(desk, group_id))
    server = desk.stream(group_id).state.servers[victim]
    assert (failed.code, failed.fate, server.attempts) == (code or error, fate, spent)
    assert server.failed == (fate == "failed")
    assert (server.retry_at is None) == (fate == "failed")
    assert desk.status(group_id)["counts"]["ready"] == 2
    if fate != "failed":
        while desk.status(group_id)["status"] != "ready":
            assert woken(desk, group_id)
        assert in_aws(desk.simulator, victim) == SETTINGS
        assert len(versions(desk.simulator, victim)) == 2


def test_drs_not_initialised_fails_the_group_once_and_not_server_by_server(desk: Desk) -> None:
    desk.simulator.uninitialize(desk.simulator.world.home)
    group_id = desk.create()
    [said] = of(f.GroupConfigFailed, facts(desk, group_id))
    assert said.code == "UninitializedAccountException"
    assert len(said.source_server_ids) == 3
    assert of(f.ServerConfigFailed, facts(desk, group_id)) == []
    shown = desk.status(group_id)
    assert (shown["status"], [error["code"] for error in shown["errors"]]) == ("failed", [said.code])
    assert shown["reasons"] == [{"reason": said.code, "servers": 3}]
    assert due_at(desk, group_id) is None, "nobody tries again until somebody asks"
    answer = desk.ask("apply_launch_configs", groupId=group_id)
    assert (answer["failedServers"], [error["code"] for error in answer["errors"]]) == (3, [said.code])


def test_once_drs_is_initialised_asking_again_makes_the_group_ready_and_its_error_leaves(desk: Desk) -> None:
    desk.simulator.uninitialize(desk.simulator.world.home)
    group_id = desk.create()
    desk.simulator.client("drs").initialize_service()
    assert desk.ask("apply_launch_configs", groupId=group_id)["status"] == "ready"
    assert desk.status(group_id)["errors"] == []


def test_a_server_that_a_job_holds_waits_for_as_long_as_it_takes_and_is_never_failed(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(Fault("ConflictException", UPDATE, 12, server_id=victim))
    group_id = desk.create()
    for _ in range(12):
        server = desk.stream(group_id).state.servers[victim]
        assert (server.failed, server.attempts) == (False, 0)
        assert server.retry_at is not None
        assert server.retry_at - desk.clock.now() >= BUSY_FOR
        assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_the_fields_that_aws_found_wrong_are_in_the_text(desk: Desk) -> None:
    with pytest.raises(ClientError) as refused:
        desk.simulator.client("drs").update_launch_configuration(sourceServerID="s-00000000000000000", name="x" * 200)
    refused.value.response["Error"]["Message"] = "1 validation error detected"
    assert failure("drs", UPDATE, refused.value).message == "1 validation error detected; name: must be at most 128"


def test_a_denied_action_is_named(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(Fault("UnauthorizedOperation", "ModifyLaunchTemplate", server_id=victim))
    group_id = desk.create()
    [error] = desk.status(group_id)["serverConfigs"][victim]["errors"]
    assert error["message"].startswith("ec2:ModifyLaunchTemplate is not allowed: ")


@pytest.mark.parametrize(
    "secret",
    [
        "Encoded authorization failure message: 4kY0xN1dW9mQ2Zl",
        "key ASIAIOSFODNN7EXAMPLE was used",
        "X-Amz-Security-Token=FwoGZXIvYXdzEBY",
        "sessionToken: FwoGZXIvYXdzEBY",
        "Signature=fe5f80f77d5fa3beca038a248ff027",
    ],
)
def test_no_secret_of_aws_comes_into_a_text(desk: Desk, secret: str) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(Fault("ValidationException", GET, server_id=victim, message=f"No: {secret}. Sorry"))
    group_id = desk.create()
    [failed] = of(f.ServerConfigFailed, facts(desk, group_id))
    assert failed.message.startswith("No: ")
    assert "[left out]" in failed.message
    for word in ("4kY0xN1dW9mQ2Zl", "ASIAIOSFODNN7EXAMPLE", "FwoGZXIvYXdzEBY", "fe5f80f77d5fa3beca038a248ff027"):
        assert word not in failed.message


@pytest.mark.parametrize("seconds", [3, 7])
def test_a_throttled_call_is_not_sent_again_before_aws_said_so(desk: Desk, seconds: int) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(Fault("ThrottlingException", GET, 1, server_id=victim, retry_after=seconds))
    group_id = desk.create(sourceServerIds=[victim])
    first, second = (call.at for call in desk.simulator.calls() if call.operation == GET)
    assert first is not None
    assert second is not None
    assert second - first >= timedelta(seconds=seconds)
    assert desk.status(group_id)["status"] == "ready"


def test_more_patience_than_there_is_time_is_waited_for_by_the_next_try(desk: Desk) -> None:
    victim = desk.simulator.server_ids()[0]
    desk.simulator.fault(Fault("ThrottlingException", GET, 1, server_id=victim, retry_after=900))
    group_id = desk.create()
    server = desk.stream(group_id).state.servers[victim]
    assert server.retry_at is not None
    assert server.retry_at - desk.clock.now() > timedelta(seconds=840)
    assert calls(desk.simulator, 0, victim) == [GET]
    assert woken(desk, group_id)
    assert desk.status(group_id)["status"] == "ready"


def test_a_template_that_was_made_anew_meanwhile_is_found_in_the_same_apply(desk: Desk) -> None:
    """DRS is asked once more for the template's id."""
    desk = fresh(desk.simulator)
    victim = desk.simulator.server_ids()[0]
    gone = Fault("InvalidLaunchTemplateId.NotFound", "DescribeLaunchTemplateVersions", 1, server_id=victim)
    desk.simulator.fault(gone)
    group_id = desk.create(sourceServerIds=[victim])
    assert desk.status(group_id)["status"] == "ready"
    assert calls(desk.simulator, 0, victim).count(GET) == 2
    assert of(f.ServerConfigFailed, facts(desk, group_id)) == []
