"""STS and IAM as the simulator plays them: roles with an external id, sessions that end, accounts apart."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.simulator import Simulator
from local.simulator.machines import Place

Json: TypeAlias = Any
Client: TypeAlias = Any
THEIRS = Place("999988887777", "us-east-1")
FREE = Config(parameter_validation=False, retries={"total_max_attempts": 1})
ROLE = "arn:aws:iam::999988887777:role/PreflightRole"


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=2) as simulator:
        yield simulator


@pytest.fixture(params=["in process", "behind HTTP"])
def sim(request: pytest.FixtureRequest, served: Simulator) -> Iterator[Simulator]:
    if request.param == "behind HTTP":
        served.reset()
        served.clock.freeze()
        yield served
    else:
        with Simulator.in_process(servers=2) as simulator:
            simulator.clock.freeze()
            yield simulator


def assume(sim: Simulator, role: str = ROLE, place: Place | None = None, **more: Json) -> Json:
    answer = sim.client("sts", place, config=FREE).assume_role(RoleArn=role, RoleSessionName="wave-7", **more)
    return answer["Credentials"]


def refusal(call: Client, **asked: Json) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    answer: Json = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_role_is_assumed_with_its_external_id_and_acts_in_its_account(sim: Simulator) -> None:
    sim.add_role(THEIRS.account, external_id="garish-rug")
    theirs = sim.add_servers(1, THEIRS)[0]
    session = assume(sim, ExternalId="garish-rug")
    seen = sim.client("drs", credentials=session).describe_source_servers()["items"]
    assert [each["sourceServerID"] for each in seen] == [theirs.id]
    assert session["AccessKeyId"].startswith("ASIA")
    assert session["Expiration"] - sim.clock.now() == timedelta(hours=1)


@pytest.mark.parametrize("external_id", [{}, {"ExternalId": "drab-rug"}], ids=["none", "another"])
def test_without_the_right_external_id_a_role_lets_nobody_in(sim: Simulator, external_id: Json) -> None:
    sim.add_role(THEIRS.account, external_id="garish-rug")
    assert refusal(assume, sim=sim, **external_id) == ("AccessDenied", 403)
    assert [(call.name, call.error) for call in sim.calls()] == [("sts:AssumeRole", "AccessDenied")]


def test_a_role_that_does_not_exist_lets_nobody_in(sim: Simulator) -> None:
    assert refusal(assume, sim=sim, ExternalId="garish-rug") == ("AccessDenied", 403)


def test_a_role_lets_in_only_the_account_that_it_trusts(sim: Simulator) -> None:
    sim.add_role(THEIRS.account, external_id="garish-rug", trusts="111122223333")
    assert refusal(assume, sim=sim, ExternalId="garish-rug") == ("AccessDenied", 403)
    assert assume(sim, place=Place("111122223333", "us-east-1"), ExternalId="garish-rug")["SessionToken"]


@pytest.mark.parametrize(("seconds", "code"), [(899, "ValidationError"), (3601, "ValidationError"), (900, None)])
def test_a_session_lasts_between_a_quarter_of_an_hour_and_what_its_role_allows(
    sim: Simulator, seconds: int, code: str | None
) -> None:
    sim.add_role(THEIRS.account)
    if code:
        assert refusal(assume, sim=sim, DurationSeconds=seconds)[0] == code
    else:
        assert assume(sim, DurationSeconds=seconds)["Expiration"] - sim.clock.now() == timedelta(seconds=seconds)


def test_a_chained_session_lasts_an_hour_at_most(sim: Simulator) -> None:
    sim.add_role(THEIRS.account)
    second = sim.add_role("111122223333", trusts=THEIRS.account, max_seconds=7200)
    chained = sim.client("sts", credentials=assume(sim)).assume_role
    asked = {"RoleArn": second, "RoleSessionName": "hop"}
    assert refusal(chained, **asked, DurationSeconds=7200) == ("ValidationError", 400)
    assert chained(**asked)["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/PreflightRole/hop"


def calls_of(sim: Simulator, session: Json) -> dict[str, tuple[Client, Json]]:
    return {
        "drs": (sim.client("drs", credentials=session).describe_source_servers, {}),
        "ec2": (sim.client("ec2", credentials=session).describe_subnets, {}),
        "iam": (sim.client("iam", credentials=session).list_instance_profiles, {}),
        "sts": (sim.client("sts", credentials=session).get_caller_identity, {}),
    }


REFUSED = {
    "drs": ("ExpiredTokenException", 403),
    "ec2": ("RequestExpired", 400),
    "iam": ("ExpiredToken", 403),
    "sts": ("ExpiredToken", 403),
}


@pytest.mark.parametrize("end", ["time", "revoked"])
def test_a_session_that_is_over_is_refused_by_each_service_in_its_own_words(sim: Simulator, end: str) -> None:
    sim.add_role(THEIRS.account)
    calls = calls_of(sim, assume(sim, DurationSeconds=900))
    sim.clock.advance(899)
    for call, asked in calls.values():
        call(**asked)
    if end == "time":
        sim.clock.advance(1)
    else:
        assert sim.revoke() == 1
    assert {name: refusal(call, **asked) for name, (call, asked) in calls.items()} == REFUSED


def test_revoking_one_role_leaves_the_others(sim: Simulator) -> None:
    first, second = sim.add_role(THEIRS.account), sim.add_role("111122223333", name="Other")
    sessions = [assume(sim, role) for role in (first, second)]
    assert sim.revoke(first) == 1
    assert refusal(sim.client("drs", credentials=sessions[0]).describe_jobs)[0] == "ExpiredTokenException"
    assert sim.client("drs", credentials=sessions[1]).describe_jobs()["items"] == []


def test_a_session_key_with_a_token_that_is_not_its_own_is_refused(sim: Simulator) -> None:
    sim.add_role(THEIRS.account)
    calls = calls_of(sim, assume(sim) | {"SessionToken": "of-somebody-else"})
    assert {name: refusal(call, **asked) for name, (call, asked) in calls.items()} == {
        "drs": ("UnrecognizedClientException", 403),
        "ec2": ("AuthFailure", 401),
        "iam": ("InvalidClientTokenId", 403),
        "sts": ("InvalidClientTokenId", 403),
    }


def test_everyone_is_told_who_they_are(sim: Simulator) -> None:
    sim.add_role(THEIRS.account)
    session = sim.client("sts", credentials=assume(sim)).get_caller_identity()
    plain = sim.client("sts", THEIRS).get_caller_identity()
    assert (session["Account"], session["Arn"]) == (
        THEIRS.account,
        "arn:aws:sts::999988887777:assumed-role/PreflightRole/wave-7",
    )
    assert (plain["Account"], plain["Arn"]) == (THEIRS.account, "arn:aws:iam::999988887777:root")
    stranger = {"AccessKeyId": "ASIAUNKNOWNTOALL0000", "SecretAccessKey": "s", "SessionToken": "t"}
    unknown = sim.client("sts", credentials=stranger).get_caller_identity()
    assert unknown["Account"] == sim.world.home.account


def test_every_call_is_in_the_log_with_its_account(sim: Simulator) -> None:
    sim.add_role(THEIRS.account)
    session = assume(sim)
    for call, asked in calls_of(sim, session).values():
        call(**asked)
    assert [(call.name, call.account) for call in sim.calls()] == [
        ("sts:AssumeRole", sim.world.home.account),
        ("drs:DescribeSourceServers", THEIRS.account),
        ("ec2:DescribeSubnets", THEIRS.account),
        ("iam:ListInstanceProfiles", THEIRS.account),
        ("sts:GetCallerIdentity", THEIRS.account),
    ]


def test_an_instance_profile_is_there_or_no_such_entity_in_its_account_alone(sim: Simulator) -> None:
    iam, name = sim.client("iam"), "RecoveryInstanceRole"
    assert refusal(iam.get_instance_profile, InstanceProfileName=name) == ("NoSuchEntity", 404)
    iam.create_instance_profile(InstanceProfileName=name)
    found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert found["Arn"] == f"arn:aws:iam::{sim.world.home.account}:instance-profile/{name}"
    assert refusal(sim.client("iam", THEIRS).get_instance_profile, InstanceProfileName=name)[0] == "NoSuchEntity"
    assert refusal(iam.create_instance_profile, InstanceProfileName=name) == ("EntityAlreadyExists", 409)


def test_profiles_of_one_simulator_are_not_those_of_another() -> None:
    with Simulator.serve() as one, Simulator.serve() as other:
        one.client("iam").create_instance_profile(InstanceProfileName="mine")
        assert refusal(other.client("iam").get_instance_profile, InstanceProfileName="mine")[0] == "NoSuchEntity"


def test_accounts_see_nothing_of_each_other(sim: Simulator) -> None:
    server = sim.server(sim.server_ids()[0])
    drs, ec2 = sim.client("drs"), sim.client("ec2")
    job = drs.start_recovery(sourceServers=[{"sourceServerID": server.id}])["job"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_key_pair(KeyName="mine")
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    drs, ec2 = sim.client("drs", THEIRS), sim.client("ec2", THEIRS)
    assert drs.describe_source_servers(filters={"sourceServerIDs": [server.id]})["items"] == []
    assert refusal(drs.get_launch_configuration, sourceServerID=server.id)[0] == "ResourceNotFoundException"
    assert drs.describe_jobs(filters={"jobIDs": [job["jobID"]]})["items"] == []
    assert refusal(drs.describe_job_log_items, jobID=job["jobID"])[0] == "ValidationException"
    template = {"LaunchTemplateId": server.template_id}
    assert refusal(ec2.modify_launch_template, **template, DefaultVersion="1")[0] == "InvalidLaunchTemplateId.NotFound"
    assert refusal(ec2.describe_subnets, SubnetIds=[subnet])[0] == "InvalidSubnetID.NotFound"
    assert refusal(ec2.create_network_interface, SubnetId=subnet)[0] == "InvalidSubnetID.NotFound"
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    by_id = [{"Name": "network-interface-id", "Values": [eni]}]
    assert ec2.describe_network_interfaces(Filters=by_id)["NetworkInterfaces"] == []


@pytest.mark.parametrize(("service", "call"), [("sts", "get_session_token"), ("iam", "get_account_properties")])
def test_an_operation_that_is_not_simulated_is_refused_and_logged(sim: Simulator, service: str, call: str) -> None:
    assert refusal(getattr(sim.client(service), call)) == ("InvalidAction", 400)
    assert [(call.service, call.error) for call in sim.calls()] == [(service, "InvalidAction")]
