"""Who comes through which way in: what they may, what they prove it with, their keys, and what they are called."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.credentials import Credentials

from local.remote import send
from tests.bench_cloud import BenchCloud as Cloud
from tests.ways import OPERATIONS, ROUTED, WAYS, Json, named, said


@pytest.fixture(scope="module")
def program(cloud: Cloud) -> Credentials:
    """An IAM user that may call the API, and matches no pattern of PrincipalRoles: it has the default role."""
    iam, name = cloud.client("iam"), f"program-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    call = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [call]})
    iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.mark.parametrize("operation", ROUTED)
def test_who_may_not_is_denied_alike_as_a_person_and_as_a_program(
    cloud: Cloud, program: Credentials, operation: str
) -> None:
    """Here the default role is operator; a viewer is a person's, since only root has a pattern of its own."""
    asked, right = said(operation, named(operation)), OPERATIONS[operation][1].right
    person = cloud.request_as(asked.method, asked.url, asked.body, groups=("operator",))
    as_program = cloud.request(asked.method, asked.url, asked.body, credentials=program)
    nobody = cloud.request_as(asked.method, asked.url, asked.body, groups=())
    viewer = cloud.request_as(asked.method, asked.url, asked.body, groups=("viewer",))
    assert (person[0] == 403) == (right == "audit")
    assert person[1].get("error") == as_program[1].get("error") == nobody[1].get("error"), "as the default role"
    if right == "audit":
        assert person == as_program == nobody
    assert (viewer[0] == 403) == (right != "view")
    if right != "view":
        assert {*viewer[1]} == {"error", "message", "retryable"}
        assert (viewer[1]["error"], viewer[1]["retryable"]) == ("FORBIDDEN", False)


def test_an_access_token_opens_nothing_and_neither_does_the_other_apis_proof(cloud: Cloud) -> None:
    tokens, path = cloud.people.tokens("admin"), "/protection-groups"
    frontend, api = cloud.description["frontend"], cloud.description["api"]
    assert send("GET", frontend + path, None, {"Authorization": tokens["IdToken"]})[0] == 200
    for proof in ({"Authorization": tokens["AccessToken"]}, {"Authorization": "Bearer me"}, {}):
        status, body = send("GET", frontend + path, None, proof)
        assert (status, body["error"], body["retryable"]) == (401, "UNAUTHENTICATED", False)
    status, body = send("GET", api + path, None, {"Authorization": tokens["IdToken"]})
    assert (status, {*body}) == (403, {"error", "message", "retryable"})


@pytest.mark.parametrize("path", ["/audit-log", "/verify?groupId=pg-nobody"])
def test_a_program_that_reads_everything_needs_a_key_and_people_do_not(cloud: Cloud, path: str) -> None:
    for key in ("", "not one of ours"):
        status, body = cloud.request("GET", path, None, {"x-api-key": key})
        assert (status, body["error"], body["retryable"]) == (403, "API_KEY_NEEDED", False)
    assert cloud.request("GET", path)[0] == cloud.request_as("GET", path)[0] != 403
    assert cloud.request("GET", "/protection-groups", None, {"x-api-key": ""})[0] == 200


KEYS: dict[str, Callable[[Cloud, str, Json], tuple[int, Json]]] = {
    "frontend header": lambda cloud, key, body: cloud.request_as(
        "POST", "/protection-groups", body, {"Idempotency-Key": key}
    ),
    "frontend field": lambda cloud, key, body: cloud.request_as(
        "POST", "/protection-groups", {**body, "requestId": key}
    ),
    "automation header": lambda cloud, key, body: cloud.request(
        "POST", "/protection-groups", body, {"Idempotency-Key": key}
    ),
    "automation field": lambda cloud, key, body: cloud.request(
        "POST", "/protection-groups", {**body, "requestId": key}
    ),
    "direct": lambda cloud, key, body: WAYS["direct"](cloud, "create_protection_group", {**body, "requestId": key}),
    "direct under body": lambda cloud, key, body: WAYS["direct_under_body"](
        cloud, "create_protection_group", {**body, "requestId": key}
    ),
}


@pytest.mark.parametrize("way", KEYS)
def test_a_key_has_its_effect_once_through_every_way_in(cloud: Cloud, way: str) -> None:
    key, body = f"key of {way}", {"groupName": f"Keyed: {way}"}
    first, again = KEYS[way](cloud, key, body), KEYS[way](cloud, key, body)
    _, other = KEYS[way](cloud, key, {"groupName": f"Keyed otherwise: {way}"})
    assert first == again
    assert first[1]["version"] == 1
    assert other["error"] == "IDEMPOTENCY_CONFLICT"


def test_what_is_recorded_names_who_asked_and_the_way(cloud: Cloud) -> None:
    """Directly it is what they call themselves; a person is named by their address, a program by its ARN."""
    actors: dict[str, Any] = {}
    for way in WAYS:
        _, made = WAYS[way](cloud, "create_protection_group", {"groupName": f"Named: {way}"})
        key = {"streamId": {"S": f"group#{made['groupId']}"}, "version": {"N": "1"}}
        table = cloud.description["tables"]["EventTable"]
        item = cloud.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
        actors[way] = (item["actor"]["S"], item["via"]["S"])
    person, root = "admin@example.com", f"arn:aws:iam::{cloud.description['account']}:root"
    assert actors == {
        "frontend": (person, "frontend"),
        "automation": (root, "api"),
        "bare_event": (person, "frontend"),
        "direct": ("direct", "direct"),
        "direct_under_body": ("direct", "direct"),
    }
