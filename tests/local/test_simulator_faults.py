"""Faults on demand, as a client of AWS meets them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from local.simulator import Simulator
from local.simulator.faults import Fault
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        yield served
    else:
        with Simulator.in_process(servers=2) as simulator:
            yield simulator


def get(sim: Simulator, place: int = 0, config: Config | None = None) -> Json:
    drs = sim.client("drs", config=config) if config else sim.client("drs")
    return drs.get_launch_configuration(sourceServerID=sim.server_ids()[place])


def refused(sim: Simulator, place: int = 0) -> Json:
    with pytest.raises(ClientError) as error:
        get(sim, place)
    return error.value.response


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("InternalServerException", 500),
        ("ConflictException", 409),
        ("UninitializedAccountException", 400),
        ("AccessDeniedException", 403),
    ],
)
def test_drs_answers_the_error_that_was_asked_for_so_often_and_no_more(sim: Simulator, code: str, status: int) -> None:
    sim.fault(Fault(code, "GetLaunchConfiguration", times=2))
    for _ in range(2):
        answer = refused(sim)
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert get(sim)["sourceServerID"] == sim.server_ids()[0]


def test_a_throttled_call_is_told_when_to_come_again(sim: Simulator) -> None:
    sim.fault(Fault("ThrottlingException", retry_after=7))
    answer = refused(sim)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"
    assert answer["retryAfterSeconds"] == "7"


@pytest.mark.parametrize(
    ("code", "status"),
    [("RequestLimitExceeded", 503), ("UnauthorizedOperation", 403), ("InternalError", 500)],
)
def test_ec2_answers_the_error_that_was_asked_for(sim: Simulator, code: str, status: int) -> None:
    sim.fault(Fault(code, "ec2:*"))
    with pytest.raises(ClientError) as error:
        sim.client("ec2").describe_launch_templates()
    answer: Json = error.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert len(sim.client("ec2").describe_launch_templates()["LaunchTemplates"]) == 2


def test_an_sdk_that_retries_gets_through(sim: Simulator) -> None:
    sim.fault(Fault("ThrottlingException", "GetLaunchConfiguration", retry_after=0))
    get(sim, config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    assert [call.status for call in sim.calls()] == [429, 200]


def test_a_fault_for_one_server_spares_the_others(sim: Simulator) -> None:
    sim.fault(Fault("AccessDeniedException", server_id=sim.server_ids()[1]))
    assert get(sim, 0)["launchDisposition"] == "STARTED"
    assert refused(sim, 1)["Error"]["Code"] == "AccessDeniedException"


def test_a_fault_of_one_server_strikes_its_template_too(sim: Simulator) -> None:
    server = sim.server(sim.server_ids()[1])
    sim.fault(Fault("RequestLimitExceeded", "ec2:*", server_id=server.id))
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        sim.client("ec2").modify_launch_template(LaunchTemplateId=server.template_id, DefaultVersion="1")


def test_a_fault_of_one_account_spares_the_others(sim: Simulator) -> None:
    sim.fault(Fault("UninitializedAccountException", account="999988887777", times=None))
    for _ in range(2):
        with pytest.raises(ClientError, match="UninitializedAccountException"):
            sim.client("drs", Place("999988887777", "us-east-1")).describe_source_servers()
    assert len(sim.client("drs").describe_source_servers()["items"]) == 2


def test_a_dropped_connection_has_changed_nothing(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    sim.fault(Fault("drop", "UpdateLaunchConfiguration"))
    with pytest.raises(ConnectionClosedError):
        drs.update_launch_configuration(sourceServerID=server_id, copyTags=True)
    assert get(sim)["copyTags"] is False
    assert [(call.status, call.delivered) for call in sim.calls()] == [(None, False), (200, True)]


def test_a_recovery_whose_answer_is_lost_has_started_all_the_same(sim: Simulator) -> None:
    drs = sim.client("drs")
    sim.fault(Fault("lost-answer", "StartRecovery"))
    with pytest.raises(ConnectionClosedError):
        drs.start_recovery(sourceServers=[{"sourceServerID": each} for each in sim.server_ids()])
    (job,) = drs.describe_jobs()["items"]
    assert [each["sourceServerID"] for each in job["participatingServers"]] == sim.server_ids()
    assert (sim.calls()[0].status, sim.calls()[0].delivered) == (202, False)


def test_a_slow_call_is_overtaken_and_lands_when_its_time_has_come(sim: Simulator) -> None:
    sim.clock.freeze()
    sim.fault(Fault("latency", "GetLaunchConfiguration", seconds=5, server_id=sim.server_ids()[0]))
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(get, sim, 0)
        while sim.faults_left():
            time.sleep(0.001)
        get(sim, 1)
        sim.advance(4)
        assert [call.server_ids for call in sim.calls()] == [(sim.server_ids()[1],)]
        sim.advance(1)
        assert slow.result()["sourceServerID"] == sim.server_ids()[0]
    assert [call.server_ids[0] for call in sim.calls()] == [*reversed(sim.server_ids())]


def test_a_write_lands_although_its_client_has_given_up(served: Simulator) -> None:
    served.reset()
    served.clock.freeze()
    hasty = served.client("drs", config=Config(read_timeout=0.1, retries={"total_max_attempts": 1}))
    served.fault(Fault("latency", "UpdateLaunchConfiguration", seconds=60))
    with pytest.raises(ReadTimeoutError):
        hasty.update_launch_configuration(sourceServerID=served.server_ids()[0], copyTags=True)
    assert get(served)["copyTags"] is False
    served.advance(60)
    while "drs:UpdateLaunchConfiguration" not in served.counts():
        time.sleep(0.001)
    assert get(served)["copyTags"] is True


def test_only_one_call_at_a_time_has_its_effect(sim: Simulator) -> None:
    sim.clock.freeze()
    sim.fault(Fault("latency", seconds=5))
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(get, sim)
        while sim.faults_left():
            time.sleep(0.001)
        with sim.world.lock:
            sim.advance(5)
            assert wait([slow], timeout=0.2).done == set()
        assert slow.result()["sourceServerID"] == sim.server_ids()[0]


def test_a_write_that_is_still_under_way_at_a_reset_never_lands(sim: Simulator) -> None:
    sim.clock.freeze()
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    sim.fault(Fault("latency", "UpdateLaunchConfiguration", seconds=60))
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(drs.update_launch_configuration, sourceServerID=server_id, copyTags=True)
        while sim.faults_left():
            time.sleep(0.001)
        sim.reset()
        assert isinstance(slow.exception(), ConnectionClosedError)
    assert get(sim)["copyTags"] is False


def test_a_read_of_settings_may_lag_behind_the_write(sim: Simulator) -> None:
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    drs.update_launch_configuration(sourceServerID=server_id, copyTags=True)
    sim.fault(Fault("lag", "GetLaunchConfiguration", times=2))
    assert [get(sim)["copyTags"] for _ in range(3)] == [False, False, True]


def test_a_read_of_the_default_version_may_lag_behind_the_change(sim: Simulator) -> None:
    ec2, server = sim.client("ec2"), sim.server(sim.server_ids()[0])
    sim.edit(server.id, template={"InstanceType": "m7i.large"})
    sim.fault(Fault("lag", "DescribeLaunchTemplateVersions", server_id=server.id, times=2))
    alone = {"LaunchTemplateId": server.template_id, "Versions": ["$Default"]}
    for asked, expected in [(alone, [1]), ({"Versions": ["$Default"]}, [1, 1]), (alone, [2])]:
        found = ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
        assert [each["VersionNumber"] for each in found] == expected


def test_a_warning_comes_with_a_version_that_was_made(sim: Simulator) -> None:
    ec2, template_id = sim.client("ec2"), sim.server(sim.server_ids()[0]).template_id
    sim.fault(Fault("warning", "CreateLaunchTemplateVersion", message="subnet-0bad does not exist"))
    asked = {"LaunchTemplateId": template_id, "LaunchTemplateData": {"KeyName": "k"}}
    answer = ec2.create_launch_template_version(**asked)
    assert answer["Warning"]["Errors"][0]["Message"] == "subnet-0bad does not exist"
    assert answer["LaunchTemplateVersion"]["VersionNumber"] == 2
    assert "Warning" not in ec2.create_launch_template_version(**asked)


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("drs", "describe_jobs", "ExpiredTokenException", 403),
        ("ec2", "describe_subnets", "RequestExpired", 400),
        ("iam", "list_instance_profiles", "ExpiredToken", 403),
        ("sts", "get_caller_identity", "ExpiredToken", 403),
    ],
)
def test_expired_credentials_are_refused_in_the_words_of_the_service(
    sim: Simulator, service: str, call: str, code: str, status: int
) -> None:
    sim.fault(Fault("expired"))
    with pytest.raises(ClientError) as error:
        getattr(sim.client(service), call)()
    answer: Json = error.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    getattr(sim.client(service), call)()


def test_tags_are_refused_on_a_recovery_and_nothing_is_started(sim: Simulator) -> None:
    drs, asked = sim.client("drs"), [{"sourceServerID": sim.server_ids()[0]}]
    sim.fault(Fault("tags-refused", "StartRecovery", times=None))
    with pytest.raises(ClientError, match="Invalid request provided: Tags") as error:
        drs.start_recovery(sourceServers=asked, tags={"wave": "1"})
    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert drs.describe_jobs()["items"] == []
    assert drs.start_recovery(sourceServers=asked)["job"]["status"] == "PENDING"


def outcomes(sim: Simulator, calls: int) -> list[str | None]:
    """What became of each call: an error, or nothing."""
    found: list[str | None] = []
    for _ in range(calls):
        try:
            get(sim)
        except ClientError as error:
            found.append(str(error.response["Error"]["Code"]))
        except ConnectionClosedError:
            found.append("drop")
        else:
            found.append(None)
    return found


def test_faults_can_strike_a_share_of_the_calls_and_the_same_ones_again(served: Simulator) -> None:
    seen = []
    for _ in range(2):
        served.reset()
        served.fault(Fault("ThrottlingException", times=None, rate=0.1, seed=1))
        served.fault(Fault("InternalServerException", times=None, rate=0.05, seed=2))
        served.fault(Fault("drop", times=None, rate=0.02, seed=3))
        seen.append(outcomes(served, 600))
    share = {name: seen[0].count(name) / 600 for name in set(seen[0])}
    assert seen[0] == seen[1]
    assert share["ThrottlingException"] == pytest.approx(0.1, abs=0.03)
    assert share["InternalServerException"] == pytest.approx(0.045, abs=0.025)
    assert share["drop"] == pytest.approx(0.017, abs=0.015)


def test_another_seed_strikes_other_calls(served: Simulator) -> None:
    seen = []
    for seed in (1, 2):
        served.reset()
        served.fault(Fault("ThrottlingException", times=None, rate=0.3, seed=seed))
        seen.append(outcomes(served, 60))
    assert seen[0] != seen[1]
