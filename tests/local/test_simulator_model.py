"""Every answer of every operation that is our own is what botocore's model of the service says, error answers too.

Two things of the real DRS are not in that model, and nothing else is excused: it writes moments with `+00:00` where the
model's pattern demands a `Z`, and its job logs hold LAUNCH_END, which the model's enum of events does not list.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from local.simulator import Simulator
from local.simulator.drs_api import DrsApi
from local.simulator.drs_request import DrsRequest
from local.simulator.ec2_api import Ec2Api
from local.simulator.ec2_request import Ec2Request
from local.simulator.machines import Place
from local.simulator.sts_api import StsApi
from local.simulator.validation import Problem, problems

Json: TypeAlias = Any
Client: TypeAlias = Any
MODELS = {name: ServiceModel(Loader().load_service_model(name, "service-2"), name) for name in ("drs", "ec2", "sts")}
FREE = Config(parameter_validation=False, retries={"total_max_attempts": 1})
STAGING = Place("999988887777", "us-east-1")
NOBODY = "s-" + "0" * 17
MOTOS = {"CreateNetworkInterface", "CreateSubnet", "DeleteSubnet", "RunInstances", "TerminateInstances"}
"""What moto does and renders, after we have looked at it."""


def implemented(service: str, api: type) -> set[str]:
    """The operations of a service that are methods of our own classes."""
    ours = [each for each in api.__mro__ if each.__module__.startswith("local.simulator.")]
    names = {name.replace("_", "") for each in ours for name in vars(each)}
    return {operation for operation in MODELS[service].operation_names if operation.lower() in names}


IMPLEMENTED = {
    *(f"drs:{name}" for name in implemented("drs", DrsApi)),
    *(f"ec2:{name}" for name in implemented("ec2", Ec2Api) - MOTOS),
    *(f"sts:{name}" for name in implemented("sts", StsApi)),
}


class World:
    """A simulator in which something of everything has happened, and what it answers, as it was sent."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.sent: dict[str, Json] = {}
        self.clients = {name: sim.client(name, config=FREE) for name in MODELS}
        self.clients["drs"].meta.events.register("before-parse.drs", self._keep)
        self.first, self.second, self.third = sim.server_ids()[:3]
        self.template = {"LaunchTemplateId": sim.server(self.first).template_id}
        self.arn = sim.server(self.first).description["arn"]
        sim.clock.freeze()
        sim.add_servers(1, STAGING)
        self.role = sim.add_role(STAGING.account)
        self.prepare()

    def prepare(self) -> None:
        drs, ec2 = self.clients["drs"], self.clients["ec2"]
        for server_id in (self.second, self.third):
            drs.update_launch_configuration(sourceServerID=server_id, copyPrivateIp=True)
        self.sim.withdraw("x1.16xlarge")
        self.sim.edit(self.third, template={"InstanceType": "x1.16xlarge"})
        job = drs.start_recovery(sourceServers=[{"sourceServerID": self.second}, {"sourceServerID": self.third}])
        self.job_id = job["job"]["jobID"]
        self.sim.advance(600)
        self.subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        ec2.create_network_interface(SubnetId=self.subnet)
        ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def _keep(self, operation_model: OperationModel, response_dict: Json, **_: Json) -> None:
        self.sent[operation_model.name] = json.loads(response_dict["body"] or b"{}")

    def answer(self, name: str, asked: Json) -> Json:
        """What came back: for rest-json as it was sent, else as botocore understood it."""
        service, _, operation = name.partition(":")
        understood = self.clients[service]._make_api_call(operation, asked)
        understood.pop("ResponseMetadata")
        return self.sent[operation] if service == "drs" else understood

    def configuration_template(self) -> str:
        made = self.clients["drs"].create_launch_configuration_template(tags={"a": "b"})
        return str(made["launchConfigurationTemplate"]["launchConfigurationTemplateID"])


Asked = Callable[[World], Json]
EXAMPLES: dict[str, Asked] = {
    "drs:CreateExtendedSourceServer": lambda it: {
        "sourceServerArn": it.sim.server(it.sim.server_ids(STAGING)[0]).description["arn"]
    },
    "drs:CreateLaunchConfigurationTemplate": lambda _: {"copyTags": True, "tags": {"a": "b"}},
    "drs:DeleteLaunchConfigurationTemplate": lambda it: {"launchConfigurationTemplateID": it.configuration_template()},
    "drs:DescribeJobLogItems": lambda it: {"jobID": it.job_id},
    "drs:DescribeJobs": lambda _: {},
    "drs:DescribeLaunchConfigurationTemplates": lambda it: {
        "launchConfigurationTemplateIDs": [it.configuration_template()]
    },
    "drs:DescribeSourceServers": lambda _: {"maxResults": 3},
    "drs:GetLaunchConfiguration": lambda it: {"sourceServerID": it.second},
    "drs:InitializeService": lambda _: {},
    "drs:ListExtensibleSourceServers": lambda _: {"stagingAccountID": STAGING.account},
    "drs:ListTagsForResource": lambda it: {"resourceArn": it.arn},
    "drs:StartRecovery": lambda it: {"sourceServers": [{"sourceServerID": it.first}], "tags": {"wave": "7"}},
    "drs:TagResource": lambda it: {"resourceArn": it.arn, "tags": {"tier": "gold"}},
    "drs:UntagResource": lambda it: {"resourceArn": it.arn, "tagKeys": ["tier"]},
    "drs:UpdateLaunchConfiguration": lambda it: {"sourceServerID": it.first, "copyTags": True},
    "drs:UpdateLaunchConfigurationTemplate": lambda it: {"launchConfigurationTemplateID": it.configuration_template()},
    "ec2:CreateLaunchTemplate": lambda _: {"LaunchTemplateName": "rug", "LaunchTemplateData": {"KeyName": "k"}},
    "ec2:CreateLaunchTemplateVersion": lambda it: it.template | {"LaunchTemplateData": {"KeyName": "k"}},
    "ec2:DeleteLaunchTemplate": lambda it: it.template,
    "ec2:DescribeInstanceTypeOfferings": lambda _: {"LocationType": "availability-zone"},
    "ec2:DescribeInstanceTypes": lambda _: {},
    "ec2:DescribeKeyPairs": lambda _: {},
    "ec2:DescribeLaunchTemplateVersions": lambda _: {"Versions": ["$Default", "$Latest"]},
    "ec2:DescribeLaunchTemplates": lambda _: {"MaxResults": 2},
    "ec2:DescribeNetworkInterfaces": lambda _: {},
    "ec2:DescribeSecurityGroups": lambda _: {},
    "ec2:DescribeSubnets": lambda _: {},
    "ec2:DescribeVpcs": lambda _: {},
    "ec2:ModifyLaunchTemplate": lambda it: it.template | {"DefaultVersion": "1"},
    "sts:AssumeRole": lambda it: {"RoleArn": it.role, "RoleSessionName": "wave-7"},
    "sts:GetCallerIdentity": lambda _: {},
}
EMPTY = {"drs:DeleteLaunchConfigurationTemplate", "drs:InitializeService", "drs:TagResource", "drs:UntagResource"}


@pytest.fixture(scope="module")
def served() -> Iterator[Simulator]:
    with Simulator.serve(servers=4) as simulator:
        yield simulator


@pytest.fixture
def world(served: Simulator) -> World:
    served.reset()
    return World(served)


def known_difference(problem: Problem) -> bool:
    field, text = problem
    moment = field.endswith(("DateTime", "lastSnapshotDateTime")) and text.startswith("must match") and "Z" in text
    launch_end = field.endswith(".event") and text.startswith("must be one of") and "LAUNCH_END" not in text
    return moment or launch_end


def test_every_operation_that_we_answer_ourselves_has_an_example_here() -> None:
    assert set(EXAMPLES) == IMPLEMENTED


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_answer_is_what_the_model_says(world: World, name: str) -> None:
    answer = world.answer(name, EXAMPLES[name](world))
    service, _, operation = name.partition(":")
    shape = MODELS[service].operation_model(operation).output_shape
    if name in EMPTY:
        assert answer == {}
        assert not getattr(shape, "members", {})
        return
    assert answer, "an empty answer proves nothing"
    wrong = [each for each in problems(shape, answer, closed=True) if not known_difference(each)]
    assert wrong == []


def test_the_differences_that_are_excused_are_there(world: World) -> None:
    shape = MODELS["drs"].operation_model("DescribeJobLogItems").output_shape
    found = list(problems(shape, world.answer("drs:DescribeJobLogItems", {"jobID": world.job_id}), closed=True))
    assert {field.rpartition(".")[2] for field, _ in found} == {"logDateTime", "event"}
    assert all(known_difference(each) for each in found)


REFUSED: list[tuple[str, Json]] = [
    *((f"drs:{name}", {}) for name in ("GetLaunchConfiguration", "StartRecovery", "DescribeJobLogItems")),
    ("drs:GetLaunchConfiguration", {"sourceServerID": NOBODY}),
    ("drs:UpdateLaunchConfiguration", {"sourceServerID": NOBODY}),
    ("drs:DescribeJobLogItems", {"jobID": "drsjob-" + "0" * 17}),
    ("drs:DescribeSourceServers", {"maxResults": 0}),
    ("drs:ListTagsForResource", {"resourceArn": "arn:aws:drs:us-east-1:123456789012:source-server/" + NOBODY}),
    ("drs:DeleteLaunchConfigurationTemplate", {"launchConfigurationTemplateID": "lct-" + "0" * 17}),
    (
        "drs:CreateExtendedSourceServer",
        {"sourceServerArn": "arn:aws:drs:us-east-1:123456789012:source-server/" + NOBODY},
    ),
]


@pytest.mark.parametrize(("name", "asked"), REFUSED)
def test_a_refusal_is_what_the_model_says_and_declared_by_its_operation(world: World, name: str, asked: Json) -> None:
    with pytest.raises(ClientError) as refused:
        world.answer(name, asked)
    model = MODELS["drs"].operation_model(name.partition(":")[2])
    code = str(refused.value.response["Error"]["Code"])
    declared = {shape.name for shape in model.error_shapes} | {"ValidationException"}
    assert code in declared
    shape = MODELS["drs"].shape_for(code)
    assert list(problems(shape, world.sent[model.name], closed=True)) == []


def test_conflicts_and_quotas_are_what_the_model_says(world: World) -> None:
    world.sim.replication(world.second, "DISCONNECTED")
    world.sim.add_servers(100)
    for name, servers in (
        ("ConflictException", [world.second]),
        ("ServiceQuotaExceededException", world.sim.server_ids()[3:104]),
    ):
        with pytest.raises(ClientError, match=name):
            world.answer("drs:StartRecovery", {"sourceServers": [{"sourceServerID": each} for each in servers]})
        assert list(problems(MODELS["drs"].shape_for(name), world.sent["StartRecovery"], closed=True)) == []


def test_requests_are_held_against_the_model_by_the_same_rules() -> None:
    assert issubclass(DrsApi, DrsRequest)
    assert issubclass(Ec2Api, Ec2Request)
    shape = MODELS["drs"].shape_for("UpdateLaunchConfigurationRequest")
    asked = {"sourceServerID": "s-short", "launchDisposition": "PAUSED", "copyTags": "yes", "colour": "red"}
    assert {field for field, _ in problems(shape, asked, closed=True)} == {*asked}
    assert {field for field, _ in problems(shape, asked)} == {*asked} - {"colour"}
