"""template.yaml keeps the promises that the embedded cloud accepts but does not hold it to.

Every check is a function of the template; `BREAKS` shows for each what it would notice.
"""

import json
from collections.abc import Callable
from importlib import import_module, resources
from typing import Any

import pytest

from commands.aws.paces import PUBLISHED
from events.dynamodb import AUDIT_INDEX
from tests.events.endpoint import AUDITED
from tests.sam import TEMPLATE, Shape, allows, broken, functions, listed, of_type, reaches, statements

APPLIERS = {"CommandsFunction", "WorkerFunction", "WavesFunction"}
WRITERS = APPLIERS | {"ExecutionsFunction"}
REWRITES = (
    "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:DeleteTable", "dynamodb:UpdateTable",
)  # fmt: skip
INLINE, MANAGED = 10_240, 6_144
"""Characters that all inline policies of a role, and one managed policy, may have (IAM quotas)."""


def check_tables_outlive_everything(template: Shape) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert set(tables) == {"EventTable", "GroupTable", "LimitTable"}
    limits = tables.pop("LimitTable")["Properties"]
    assert limits["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}, "nothing to keep there"
    for table in tables.values():
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        properties = table["Properties"]
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["SSESpecification"]["SSEEnabled"] is True
        assert properties["BillingMode"] == "PAY_PER_REQUEST"


def check_the_stream_is_a_doorbell(template: Shape) -> None:
    events = template["Resources"]["EventTable"]["Properties"]
    assert events["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert "StreamSpecification" not in template["Resources"]["GroupTable"]["Properties"]
    ring = functions(template)["ProjectorFunction"]["Events"]["Commits"]["Properties"]
    assert ring["StartingPosition"] == "TRIM_HORIZON"
    assert ring["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert ring["BisectBatchOnFunctionError"] is True
    assert ring["MaximumRecordAgeInSeconds"] == 900
    assert "ProjectionDeadLetterQueue" in json.dumps(ring["DestinationConfig"]["OnFailure"])


def check_the_audit_index_holds_what_is_told(template: Shape) -> None:
    indexes = template["Resources"]["EventTable"]["Properties"]["GlobalSecondaryIndexes"]
    [audit] = [index for index in indexes if index["IndexName"] == AUDIT_INDEX]
    assert [key["AttributeName"] for key in audit["KeySchema"]] == ["bucket", "recordedAt"]
    assert audit["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": AUDITED}


def check_only_the_commands_append(template: Shape) -> None:
    writers = {
        name
        for name in functions(template)
        for each in statements(template, name)
        if allows(each, "dynamodb:PutItem") and reaches(each, "EventTable")
    }
    assert writers == WRITERS


def check_nobody_rewrites(template: Shape) -> None:
    for name in functions(template):
        for each in statements(template, name):
            if not reaches(each, "LimitTable"):
                assert not [action for action in REWRITES if allows(each, action)], name


def check_whoever_applies_may_call_what_the_door_calls(template: Shape) -> None:
    drs = {"drs:GetLaunchConfiguration", "drs:UpdateLaunchConfiguration", "drs:DescribeSourceServers"}
    ec2 = {bucket for bucket in PUBLISHED if bucket.startswith("ec2:")}
    for name in APPLIERS:
        for action in drs | ec2 | {"iam:GetInstanceProfile", "sts:AssumeRole"}:
            assert any(allows(each, action) for each in statements(template, name)), f"{name}: {action}"


def check_no_wildcards(template: Shape) -> None:
    """No resource is `*` where AWS could be told which; no action is a pattern."""
    known = json.loads(resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text())
    for name in functions(template):
        for each in statements(template, name):
            for action in listed(each["Action"]):
                service, _, operation = action.partition(":")
                about = known[service]["Actions"].get(operation.lower())
                assert about is not None, f"{name}: AWS knows no {action}"
                assert not about.get("Resources") or "*" not in listed(each["Resource"]), f"{name}: {action}"


def check_one_role_each(template: Shape) -> None:
    roles = [each["Role"]["Fn::GetAtt"] for each in functions(template).values()]
    assert len(roles) == len(set(roles)) == 10


def check_policies_fit(template: Shape) -> None:
    def size(document: Shape) -> int:
        return len(json.dumps(document, separators=(",", ":")).replace("${AWS::AccountId}", "1" * 12))

    for role in of_type(template, "AWS::IAM::Role").values():
        assert sum(size(each["PolicyDocument"]) for each in role["Properties"].get("Policies", [])) < INLINE
    for policy in of_type(template, "AWS::IAM::ManagedPolicy").values():
        assert size(policy["Properties"]["PolicyDocument"]) < MANAGED


def check_queues_hold_what_fails(template: Shape) -> None:
    queues = {name: each["Properties"] for name, each in of_type(template, "AWS::SQS::Queue").items()}
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    redrive = queues["WorkQueue"]["RedrivePolicy"]
    assert (redrive["maxReceiveCount"], "WorkDeadLetterQueue" in json.dumps(redrive)) == (5, True)
    assert queues["WorkQueue"]["VisibilityTimeout"] == 6 * functions(template)["WorkerFunction"]["Timeout"]
    assert functions(template)["WorkerFunction"]["Events"]["Work"]["Properties"]["FunctionResponseTypes"]
    watched = json.dumps(of_type(template, "AWS::CloudWatch::Alarm"))
    assert all(name in watched for name in queues if "DeadLetter" in name)
    assert template["Parameters"]["Transport"]["Default"] == "tls"
    denied = template["Resources"]["OnlyOverTls"]["Properties"]
    assert {each["Ref"] for each in denied["Queues"]} == set(queues)


def check_an_execution_reaches_aws_only_through_our_functions(template: Shape) -> None:
    machine = template["Resources"]["ExecutionMachine"]["Properties"]
    assert machine["Logging"]["IncludeExecutionData"] is False, "a task token is as good as a signature"
    [invoke, logs] = template["Resources"]["ExecutionMachineRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    assert (invoke["Action"], invoke["Resource"]) == ("lambda:InvokeFunction", {"Fn::GetAtt": "WavesFunction.Arn"})
    assert {action.split(":")[0] for action in logs["Action"]} == {"logs", "xray"}
    for name, state in machine["Definition"]["States"].items():
        if state["Type"] != "Task":
            continue
        assert state["Resource"].removeprefix("arn:${Partition}:states:::lambda:invoke") in {"", ".waitForTaskToken"}
        assert state["Parameters"]["FunctionName"] == "${Waves}"
        if name == "Pause":
            assert state["TimeoutSeconds"] == 86_400
            assert [each["ErrorEquals"] for each in state["Catch"]] == [["States.Timeout"]]
        else:
            assert state["Retry"][0]["ErrorEquals"] == ["States.ALL"], "every step may be taken again"


def check_functions_can_be_built_and_heard(template: Shape) -> None:
    assert template["Globals"]["Function"]["CodeUri"] == "build/function"
    assert template["Globals"]["Function"]["Tracing"] == "Active"
    for properties in functions(template).values():
        module, _, handler = properties["Handler"].rpartition(".")
        assert callable(getattr(import_module(module), handler))
        log = template["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log["Properties"]["RetentionInDays"] == 90
        assert "CodeUri" not in properties


CHECKS = [found for name, found in list(globals().items()) if name.startswith("check_")]
# A check, where in the template, and what it must not bear to find there.
BREAKS: list[tuple[Callable[[Shape], None], str, Any]] = [
    (check_tables_outlive_everything, "Resources.EventTable.DeletionPolicy", "Delete"),
    (check_tables_outlive_everything, "Resources.GroupTable.UpdateReplacePolicy", "Delete"),
    (check_tables_outlive_everything, "Resources.EventTable.Properties.DeletionProtectionEnabled", False),
    (check_tables_outlive_everything, "Resources.EventTable.Properties.SSESpecification.SSEEnabled", False),
    (check_the_stream_is_a_doorbell, "Resources.EventTable.Properties.StreamSpecification.StreamViewType", "NEW_IMAGE"),
    (
        check_the_audit_index_holds_what_is_told,
        "Resources.EventTable.Properties.GlobalSecondaryIndexes.1.Projection.NonKeyAttributes",
        ["command", "actor"],
    ),
    (check_only_the_commands_append, "Resources.QueriesRole.Properties.ManagedPolicyArns.0.Ref", "AppendPolicy"),
    (
        check_only_the_commands_append,
        "Resources.ProjectorRole.Properties.Policies.0.PolicyDocument.Statement.3.Resource",
        {"Fn::Sub": "${EventTable.Arn}"},
    ),
    (
        check_nobody_rewrites,
        "Resources.AppendPolicy.Properties.PolicyDocument.Statement.0.Action",
        "dynamodb:*",
    ),
    (
        check_nobody_rewrites,
        "Resources.SweepRole.Properties.Policies.0.PolicyDocument.Statement.1.Action",
        ["dynamodb:UpdateItem"],
    ),
    (
        check_whoever_applies_may_call_what_the_door_calls,
        "Resources.ConfigurePolicy.Properties.PolicyDocument.Statement.1.Action",
        ["ec2:CreateLaunchTemplateVersion"],
    ),
    (check_no_wildcards, "Resources.AppendPolicy.Properties.PolicyDocument.Statement.0.Resource", "*"),
    (check_no_wildcards, "Resources.ConfigurePolicy.Properties.PolicyDocument.Statement.2.Action", "ec2:Describe*"),
    (check_one_role_each, "Resources.QueriesFunction.Properties.Role", {"Fn::GetAtt": "CommandsRole.Arn"}),
    (check_policies_fit, "Resources.RunPolicy.Properties.PolicyDocument.Statement.0.Resource", ["arn:" + "x" * 9_000]),
    (check_queues_hold_what_fails, "Resources.WorkQueue.Properties.VisibilityTimeout", 90),
    (check_queues_hold_what_fails, "Resources.WorkQueue.Properties.RedrivePolicy.maxReceiveCount", 1000),
    (check_queues_hold_what_fails, "Parameters.Transport.Default", "any"),
    (
        check_an_execution_reaches_aws_only_through_our_functions,
        "Resources.ExecutionMachine.Properties.Logging.IncludeExecutionData",
        True,
    ),
    (
        check_an_execution_reaches_aws_only_through_our_functions,
        "Resources.ExecutionMachine.Properties.Definition.States.WatchWave.Resource",
        "arn:${Partition}:states:::aws-sdk:drs:describeJobs",
    ),
    (
        check_an_execution_reaches_aws_only_through_our_functions,
        "Resources.ExecutionMachine.Properties.Definition.States.Pause.TimeoutSeconds",
        99_999_999,
    ),
    (
        check_functions_can_be_built_and_heard,
        "Resources.WavesFunction.Properties.Handler",
        "commands.waves.app.missing",
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_template_keeps_its_promises(check: Callable[[Shape], None]) -> None:
    check(TEMPLATE)


@pytest.mark.parametrize(("check", "at", "value"), BREAKS)
def test_a_template_that_breaks_one_is_noticed(check: Callable[[Shape], None], at: str, value: object) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        check(broken(at, value))
