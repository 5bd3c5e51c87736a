"""Request limits by the simulator's clock, and calls that take longer by the machine's."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
ELSEWHERE = (Place("999988887777", "us-east-1"), Place("123456789012", "eu-west-1"))


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as simulator:
        yield simulator


@pytest.fixture
def sim(served: Simulator) -> Simulator:
    served.reset()
    served.clock.freeze()
    return served


def modify(sim: Simulator, place: Place | None = None) -> str:
    """The error, or nothing."""
    server = (sim.server_ids(place) or [sim.add_servers(1, place)[0].id])[0]
    try:
        sim.client("ec2", place).modify_launch_template(
            LaunchTemplateId=sim.server(server).template_id, DefaultVersion="1"
        )
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_nothing_is_refused_unless_limits_are_asked_for_but_what_would_have_been_is_known(sim: Simulator) -> None:
    assert {modify(sim) for _ in range(110)} == {""}
    assert sim.throttled() == {}
    assert sim.overdrawn() == {"ec2:ModifyLaunchTemplate": 10}


def test_the_published_bucket_of_a_template_write_holds_100_and_gets_5_a_second(sim: Simulator) -> None:
    sim.throttle()
    assert [modify(sim) for _ in range(101)] == [""] * 100 + ["RequestLimitExceeded"]
    sim.clock.advance(2)
    assert [modify(sim) for _ in range(11)] == [""] * 10 + ["RequestLimitExceeded"]
    assert sim.throttled() == {"ec2:ModifyLaunchTemplate": 2}
    assert sim.overdrawn()["ec2:ModifyLaunchTemplate"] == 1


def test_a_refused_call_is_503_and_has_no_effect(sim: Simulator) -> None:
    sim.throttle()
    sim.tokens("ec2:CreateLaunchTemplateVersion", 0)
    template_id = sim.server(sim.server_ids()[0]).template_id
    with pytest.raises(ClientError) as refused:
        sim.client("ec2").create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData={})
    answer: Json = refused.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (503, "RequestLimitExceeded")
    found = sim.client("ec2").describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    assert {each["VersionNumber"] for each in found} == {1}


def test_each_account_region_and_operation_has_its_own_bucket(sim: Simulator) -> None:
    sim.throttle()
    modify(sim)
    sim.tokens("ec2:ModifyLaunchTemplate", 0)
    assert modify(sim) == "RequestLimitExceeded"
    assert [modify(sim, place) for place in ELSEWHERE] == ["", ""]
    assert len(sim.client("ec2").describe_launch_templates()["LaunchTemplates"]) == 2


def test_reads_have_20_a_second_and_reads_of_everything_half_of_that(sim: Simulator) -> None:
    sim.throttle()
    ec2 = sim.client("ec2")
    everything, some = ec2.describe_security_groups, [{"Name": "group-id", "Values": ["sg-1"]}]
    for _ in range(50):
        everything()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        everything()
    for _ in range(100):
        ec2.describe_security_groups(Filters=some)
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        ec2.describe_security_groups(Filters=some)
    assert set(sim.overdrawn()) == {"ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroups unfiltered"}


def test_drs_is_limited_only_by_hand_and_says_when_to_come_again(sim: Simulator) -> None:
    sim.throttle()
    drs = sim.client("drs")
    for _ in range(200):
        drs.describe_jobs()
    sim.limit("drs:*", burst=2, rate=0.25)
    for _ in range(2):
        drs.describe_jobs()
    with pytest.raises(ClientError) as refused:
        drs.describe_jobs()
    answer: Json = refused.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (429, "ThrottlingException")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "4"
    sim.clock.advance(4)
    drs.describe_jobs()
    assert sim.throttled() == {"drs:DescribeJobs": 1}


def test_an_operation_limited_by_hand_is_limited_without_the_published_ones(sim: Simulator) -> None:
    sim.limit("ec2:ModifyLaunchTemplate", burst=1, rate=1)
    assert [modify(sim), modify(sim)] == ["", "RequestLimitExceeded"]
    for _ in range(60):
        sim.client("ec2").describe_security_groups()


def test_a_bucket_never_holds_more_than_its_size(sim: Simulator) -> None:
    sim.limit("ec2:ModifyLaunchTemplate", burst=3, rate=1)
    assert modify(sim) == ""
    sim.clock.advance(3600)
    assert [modify(sim) for _ in range(4)] == ["", "", "", "RequestLimitExceeded"]


def test_a_client_that_waits_as_it_is_told_gets_through(sim: Simulator) -> None:
    sim.clock.thaw()
    sim.limit("drs:DescribeJobs", burst=1, rate=1)
    patient = sim.client("drs", config=Config(retries={"mode": "standard", "total_max_attempts": 6}))
    for _ in range(2):
        patient.describe_jobs()
    assert sim.counts()["drs:DescribeJobs"] > 2


def test_limits_are_gone_after_a_reset_unless_the_simulator_was_started_with_them() -> None:
    for throttles, expected in ((False, ""), (True, "RequestLimitExceeded")):
        with Simulator.serve(servers=1, throttles=throttles) as sim:
            sim.throttle(published=not throttles)
            sim.reset()
            modify(sim)
            sim.tokens("ec2:ModifyLaunchTemplate", 0)
            assert modify(sim) == expected


def test_latency_is_waited_for_by_all_at_once_and_holds_nobody_up(sim: Simulator) -> None:
    sim.latency(1)
    sim.latency(0, "DescribeJobs")
    drs, server_id = sim.client("drs"), sim.server_ids()[0]
    drs.describe_jobs()
    with ThreadPoolExecutor(16) as threads:
        start = time.monotonic()
        slow = [threads.submit(drs.get_launch_configuration, sourceServerID=server_id) for _ in range(16)]
        drs.describe_jobs()
        assert not any(each.done() for each in slow)
        for each in slow:
            each.result()
        assert 1 <= time.monotonic() - start < 8, "one after another would take 16 s"


def test_a_reset_ends_the_latency(sim: Simulator) -> None:
    sim.latency(5)
    sim.reset()
    start = time.monotonic()
    sim.client("drs").describe_jobs()
    assert time.monotonic() - start < 2
