"""The embedded cloud that the session's tests share: what is deployed, and who may reach it."""

import time
import uuid

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from local.cloud import Cloud, FunctionFailedError
from local.deployment import PARAMETERS
from local.remote import send

FUNCTIONS = {
    "Commands", "Executions", "Projector", "Queries", "Swagger", "Sweep", "Verify", "Watch", "Waves", "Worker",
}  # fmt: skip


def a_group(name: str, server_id: str) -> dict[str, object]:
    return {
        "groupName": f"{name} {uuid.uuid4().hex[:8]}",
        "sourceServerIds": [server_id],
        "launchConfig": {"copyTags": True, "instanceType": "m7i.large", "targetInstanceTypeRightSizingMethod": "NONE"},
    }


def test_the_stack_has_its_functions_and_they_answer(cloud: Cloud) -> None:
    assert set(cloud.description["functions"]) == {f"{name}Function" for name in FUNCTIONS}
    for name in cloud.description["functions"].values():
        found = cloud.client("lambda").get_function_configuration(FunctionName=name)
        assert found["State"] == "Active"
    assert cloud.invoke("QueriesFunction", {"operation": "no such thing"})["error"] == "UNKNOWN_OPERATION"


def test_the_tables_have_the_keys_and_the_stream_that_the_store_relies_on(cloud: Cloud) -> None:
    dynamodb, tables = cloud.client("dynamodb"), cloud.description["tables"]
    events = dynamodb.describe_table(TableName=tables["EventTable"])["Table"]
    groups = dynamodb.describe_table(TableName=tables["GroupTable"])["Table"]
    assert [key["AttributeName"] for key in events["KeySchema"]] == ["streamId", "version"]
    assert events["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert [key["AttributeName"] for key in groups["KeySchema"]] == ["groupId"]
    assert {index["IndexName"] for index in groups["GlobalSecondaryIndexes"]} == {"claimed", "due", "names"}


def test_a_group_defined_through_the_api_is_applied_to_the_simulator_and_shown_by_the_projector(cloud: Cloud) -> None:
    before = cloud.simulator.total()
    body = a_group("lynx", cloud.simulator.server_ids()[-1])
    status, created = cloud.request("POST", "/protection-groups", body)
    assert (status, created["status"]) == (201, "ready"), created
    assert cloud.simulator.counts(before)["ec2:CreateLaunchTemplateVersion"] == 1

    path = f"/protection-groups/{created['groupId']}/launch-config-status"
    give_up = time.monotonic() + 10
    while (found := cloud.request("GET", path))[0] != 200 or found[1]["version"] < created["version"]:
        assert time.monotonic() < give_up, found
        time.sleep(0.05)
    assert found[1]["status"] == "ready"


def test_the_api_knows_its_caller_and_refuses_a_stranger(cloud: Cloud) -> None:
    iam, name = cloud.client("iam"), f"stranger-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    stranger = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    status, answer = cloud.request("GET", "/protection-groups", credentials=stranger)
    assert status == 403
    assert f"user/{name}" in answer["message"]
    assert send("GET", cloud.description["api"] + "/protection-groups")[0] == 403
    assert cloud.request("GET", "/protection-groups")[0] == 200


def test_the_api_has_the_routes_of_the_design_and_no_other_method(cloud: Cloud) -> None:
    assert cloud.request("PATCH", "/protection-groups")[0] == 403
    assert cloud.request("GET", "/protection-groups/pg-nobody/launch-config-status")[0] == 404


def test_a_browser_may_ask_first_and_read_what_is_refused(cloud: Cloud) -> None:
    url, origin = cloud.description["frontend"] + "/protection-groups/pg-1", {"Origin": "http://localhost:5173"}
    before = URLLib3Session().send(AWSRequest("OPTIONS", url, origin).prepare())
    refused = URLLib3Session().send(AWSRequest("GET", url, origin).prepare())
    assert (before.status_code, before.headers["Access-Control-Allow-Methods"]) == (200, "DELETE,GET,OPTIONS,PUT")
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
    assert refused.status_code == 401
    for answer in (before, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == PARAMETERS["FrontendOrigin"]


def test_a_function_that_raises_is_reported_with_its_log(cloud: Cloud) -> None:
    with pytest.raises(FunctionFailedError, match=r"(?s)WorkerFunction.*worker: START"):
        cloud.invoke("WorkerFunction", {})


def test_no_function_may_delete_a_commit(cloud: Cloud) -> None:
    """What IAM decides for the role that may append, asked of the emulator that enforces it."""
    iam = cloud.client("iam")
    table = cloud.client("dynamodb").describe_table(TableName=cloud.description["tables"]["EventTable"])["Table"]
    role = cloud.client("lambda").get_function_configuration(
        FunctionName=cloud.description["functions"]["CommandsFunction"]
    )["Role"]
    asked = ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"]
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=asked, ResourceArns=[table["TableArn"]])
    allowed = [each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] == "allowed"]
    assert allowed == ["dynamodb:PutItem"]
