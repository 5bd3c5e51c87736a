"""Three ways in, one answer: the requirement's own events, letter for letter, and the deployed doors."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from commands import app as commands_app
from commands import requests as ask
from events.commits import Context
from events.doors import parse
from queries import app as queries_app
from tests.bench_cloud import BenchCloud as Cloud

FRONTEND = {
    "httpMethod": "POST",
    "path": "/protection-groups/pg-123/apply-launch-configs",
    "headers": {"Authorization": "Bearer <cognito-token>"},
    "body": '{"force": false}',
    "requestContext": {"authorizer": {"claims": {"cognito:username": "user@example.com"}}},
}
AUTOMATION = {
    "httpMethod": "POST",
    "path": "/protection-groups/pg-123/apply-launch-configs",
    "headers": {"Authorization": "AWS4-HMAC-SHA256 ..."},
    "body": '{"force": false}',
    "requestContext": {"identity": {"userArn": "arn:aws:iam::..."}},
}
DIRECT = {
    "operation": "apply_launch_configs",
    "groupId": "pg-123",
    "force": False,
    "invokedBy": "OrchestrationRole",
}
APPLIED = {"groupId": "pg-123", "status": "ready", "appliedServers": 10, "failedServers": 0, "errors": []}
STATUS_KEYS = ["groupId", "status", "lastApplied", "appliedBy", "serverConfigs", "errors"]
SERVER_KEYS = ["status", "lastApplied", "configHash", "errors"]
Json = dict[str, Any]


@dataclass
class LambdaContext:
    """What Lambda hands to a function beside its event."""

    aws_request_id: str = "6a1b"
    function_name: str = "preflight"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:preflight"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture(scope="module")
def pg_123(cloud: Cloud) -> Json:
    """A group under the requirement's own id, with ten servers, defined by `user@example.com` and applied."""
    servers = cloud.take_servers(10)
    create = parse(
        ask.CreateProtectionGroup,
        {
            "groupName": "The requirement's",
            "sourceServerIds": servers,
            "launchConfig": {"copyTags": True, "instanceType": "m5.large"},
        },
    )
    context = Context("CreateProtectionGroup", "create-pg-123", "user@example.com", "frontend")
    with cloud.environment():
        service = commands_app._service("123456789012")
        service.execute("pg-123", create, context)
        return commands_app.handler(dict(DIRECT), LambdaContext())  # type: ignore[arg-type]


def test_the_answer_to_apply_is_the_requirements_body(pg_123: Json) -> None:
    assert list(pg_123)[:5] == list(APPLIED)
    assert {key: pg_123[key] for key in APPLIED} == APPLIED


@pytest.mark.parametrize("event", [FRONTEND, AUTOMATION], ids=["frontend", "automation"])
def test_an_api_gateway_event_of_the_requirement_is_answered_as_the_direct_call_is(
    cloud: Cloud, pg_123: Json, event: Json
) -> None:
    with cloud.environment():
        answer = commands_app.handler(event, LambdaContext())  # type: ignore[arg-type]

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == pg_123


def test_a_direct_event_may_carry_its_fields_under_body(cloud: Cloud, pg_123: Json) -> None:
    event = {"operation": "apply_launch_configs", "body": {"groupId": "pg-123", "force": False}}

    with cloud.environment():
        assert commands_app.handler(event, LambdaContext()) == pg_123  # type: ignore[arg-type]


def test_the_status_has_the_requirements_shape_and_names_who_asked(cloud: Cloud, pg_123: Json) -> None:
    question = {"operation": "get_launch_config_status", "groupId": "pg-123", "consistency": "strong"}

    with cloud.environment():
        status = queries_app.handler(question, LambdaContext())  # type: ignore[arg-type]

    assert list(status)[:6] == STATUS_KEYS
    assert status["groupId"] == pg_123["groupId"]
    assert status["appliedBy"] == "user@example.com"
    assert status["errors"] == []
    for server in status["serverConfigs"].values():
        assert list(server)[:4] == SERVER_KEYS
        assert server["status"] == "ready"
        assert server["configHash"].startswith("sha256:")
        assert server["lastApplied"].endswith("Z")
        assert len(server["lastApplied"]) == len("2025-02-16T10:30:00Z")


def test_who_asked_is_recorded_by_the_door_that_knows(cloud: Cloud, pg_123: Json) -> None:
    """A change through each door leaves a commit that names the door and the caller."""
    put = {"httpMethod": "PUT", "path": "/protection-groups/pg-123"}
    changes = [
        {**FRONTEND, **put, "body": '{"description": "by a person"}'},
        {**AUTOMATION, **put, "body": '{"description": "by a program"}'},
        {**DIRECT, "operation": "update_protection_group", "description": "directly"},
    ]
    del changes[2]["force"]
    with cloud.environment():
        for n, event in enumerate(changes):
            commands_app.handler(event, LambdaContext(aws_request_id=f"change-{n}"))  # type: ignore[arg-type]
        service = commands_app._service("123456789012")
        commits = service.store.history(f"group#{pg_123['groupId']}")
        asked = [(commit.via, commit.actor) for commit in commits if commit.command == "UpdateProtectionGroup"]

    assert asked == [
        ("frontend", "user@example.com"),
        ("api", "arn:aws:iam::..."),
        ("direct", "OrchestrationRole"),
    ]


def test_the_deployed_doors_give_one_answer(cloud: Cloud) -> None:
    """The same group through API Gateway and by direct invocation, asked to apply what is ready."""
    servers = cloud.take_servers(2)
    body = {"groupName": "Twin doors", "sourceServerIds": servers, "launchConfig": {"copyTags": True}}
    code, created = cloud.request("POST", "/protection-groups", body)
    assert (code, created["status"]) == (201, "ready")
    group_id = created["groupId"]

    code, through_api = cloud.request("POST", f"/protection-groups/{group_id}/apply-launch-configs", {"force": False})
    direct = cloud.invoke("CommandsFunction", {"operation": "apply_launch_configs", "groupId": group_id})

    assert code == 200
    assert through_api == direct


@pytest.mark.parametrize(
    ("body", "code", "error", "field"),
    [
        ({}, 400, "MISSING_FIELD", "groupName"),
        ({"groupName": "X", "colour": "red"}, 400, "UNKNOWN_FIELDS_PRESENT", "colour"),
        ({"groupName": "X", "launchConfig": {"userData": "#!"}}, 400,
         "BLOCKED_FIELDS_PRESENT", "launchConfig.userData"),
        ({"groupName": "X", "launchConfig": {"instanceMarketOptions": {}}}, 400,
         "UNKNOWN_FIELDS_PRESENT", "launchConfig.instanceMarketOptions"),
        ({"groupName": "X", "launchConfig": {"copyTags": "yes"}}, 400, "INVALID_PARAMETER", "launchConfig.copyTags"),
        ({"groupName": "X", "launchConfig": {"staticPrivateIp": "10.0.0.300"}}, 400, "INVALID_IP_FORMAT",
         "launchConfig.staticPrivateIp"),
        ({"groupName": 7}, 400, "INVALID_PARAMETER", "groupName"),
        ({"groupName": "X", "sourceServerIds": ["s-123"]}, 400, "INVALID_PARAMETER", "sourceServerIds.0"),
        ({"groupName": "X", "sourceServerIds": ["s-0000000000000000a"] * 2}, 400,
         "DUPLICATE_SERVER", "sourceServerIds"),
        ({"groupName": "X", "sourceServerIds": [f"s-{n:017x}" for n in range(501)]}, 400, "QUOTA_EXCEEDED",
         "sourceServerIds"),
        ({"groupName": "X", "accountId": "999999999999"}, 400, "MISSING_FIELD", "assumeRoleName"),
    ],
)  # fmt: skip
def test_a_bad_definition_is_refused_by_field_and_nothing_is_written(
    cloud: Cloud, body: Json, code: int, error: str, field: str
) -> None:
    before = cloud.streams()

    status, answer = cloud.request("POST", "/protection-groups", body)

    assert (status, answer["error"], answer["details"]["field"]) == (code, error, field)
    assert answer["message"]
    assert cloud.streams() == before


def test_an_unknown_group_is_not_found_through_every_door(cloud: Cloud) -> None:
    for method, path in (
        ("GET", "/protection-groups/pg-nobody/launch-config-status"),
        ("GET", "/protection-groups/pg-nobody"),
        ("POST", "/protection-groups/pg-nobody/apply-launch-configs"),
        ("DELETE", "/protection-groups/pg-nobody"),
    ):
        code, answer = cloud.request(method, path, {} if method == "POST" else None)
        assert (method, code, answer["error"]) == (method, 404, "NOT_FOUND")
    direct = cloud.invoke("CommandsFunction", {"operation": "apply_launch_configs", "groupId": "pg-nobody"})
    assert direct["error"] == "NOT_FOUND"


def test_a_question_put_to_the_commands_function_is_told_where_to_go(cloud: Cloud) -> None:
    answer = cloud.invoke("CommandsFunction", {"operation": "get_launch_config_status", "groupId": "pg-123"})

    assert answer["error"] == "UNKNOWN_OPERATION"
    assert "queries function" in answer["message"]


def test_a_body_that_is_not_json_is_refused(cloud: Cloud) -> None:
    event = {**FRONTEND, "body": "{force: no}"}

    with cloud.environment():
        answer = commands_app.handler(event, LambdaContext())  # type: ignore[arg-type]

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"] == "INVALID_JSON"
