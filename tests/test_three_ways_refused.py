"""What is refused is refused alike through every way in: one code, one shape, and HTTP's status where there is one."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.bench_cloud import BenchCloud as Cloud
from tests.ways import HTTP, ROUTED, WAYS, Json, named

NAME = "Refused three ways"


@pytest.fixture(scope="module")
def group_id(cloud: Cloud) -> str:
    """A group without servers, to be refused about."""
    return str(cloud.request("POST", "/protection-groups", {"groupName": NAME})[1]["groupId"])


def refusals(cloud: Cloud, operation: str, fields: Json) -> dict[str, tuple[int, Json]]:
    """What each way is answered; nothing comes of it."""
    before = {*cloud.streams()}
    answers = {name: way(cloud, operation, fields) for name, way in WAYS.items()}
    assert {*cloud.streams()} == before
    return answers


def alike(answers: dict[str, tuple[int, Json]], status: int, error: str) -> Json:
    """The one body of them all."""
    body = answers["direct"][1]
    for way, (code, answer) in answers.items():
        assert answer == body, way
        assert code == (status if way in HTTP else 0), way
    assert body["error"] == error
    assert body["message"]
    assert body["retryable"] is False
    assert {*body} <= {"error", "message", "retryable", "details"}
    return body


@pytest.mark.parametrize("operation", ROUTED)
def test_a_field_that_nobody_knows_is_refused_alike_by_every_operation(cloud: Cloud, operation: str) -> None:
    answers = refusals(cloud, operation, {**named(operation), "colour": "red"})
    body = answers["direct"][1]
    faults = {fault["field"]: fault["error"] for fault in body["details"]["validationErrors"]}
    assert faults["colour"] == "UNKNOWN_FIELDS_PRESENT"
    alike(answers, 400, body["error"])


class No(NamedTuple):
    """What is asked, of a group or of none, and what is said to it."""

    operation: str
    fields: Callable[[str], Json]
    status: int
    error: str
    field: str | None


REFUSED = [
    No("get_protection_group", lambda _: {"groupId": "pg-nobody"}, 404, "NOT_FOUND", None),
    No("get_launch_config_status", lambda _: {"groupId": "pg-nobody"}, 404, "NOT_FOUND", None),
    No("apply_launch_configs", lambda _: {"groupId": "pg-nobody"}, 404, "NOT_FOUND", None),
    No("delete_protection_group", lambda _: {"groupId": "pg-nobody"}, 404, "NOT_FOUND", None),
    No("get_wave", lambda _: {"executionId": "never", "waveNumber": 7}, 404, "NOT_FOUND", "executionId"),
    No("get_execution", lambda _: {"executionId": "never"}, 404, "NOT_FOUND", "executionId"),
    No("resume_execution", lambda _: {"executionId": "never"}, 404, "NOT_FOUND", None),
    No("create_protection_group", lambda _: {"groupName": NAME.upper()}, 409, "PG_NAME_EXISTS", None),
    No("update_protection_group", lambda id_: {"groupId": id_, "version": 99}, 409, "VERSION_CONFLICT", None),
    No("delete_protection_group", lambda id_: {"groupId": id_, "version": 99}, 409, "VERSION_CONFLICT", None),
    No("create_protection_group", lambda _: {}, 400, "MISSING_FIELD", "groupName"),
    No(
        "update_protection_group",
        lambda id_: {"groupId": id_, "launchConfig": {"staticPrivateIp": "10.0.0.300"}},
        400,
        "INVALID_IP_FORMAT",
        "launchConfig.staticPrivateIp",
    ),
    No("get_wave", lambda _: {"executionId": "never", "waveNumber": "x"}, 400, "INVALID_PARAMETER", "waveNumber"),
    No("list_protection_groups", lambda _: {"limit": 0}, 400, "INVALID_PARAMETER", "limit"),
    No("check_readiness", lambda _: {"waves": [{}]}, 400, "MISSING_FIELD", "waves.0.protectionGroupIds"),
    No("start_wave_recovery", lambda _: {"executionId": "e", "waveNumber": 0}, 400, "MISSING_FIELD", "isDrill"),
]


@pytest.mark.parametrize("no", REFUSED, ids=lambda no: f"{no.operation} {no.error}")
def test_what_cannot_be_done_is_refused_alike(cloud: Cloud, group_id: str, no: No) -> None:
    body = alike(refusals(cloud, no.operation, no.fields(group_id)), no.status, no.error)
    assert no.field is None or body["details"]["field"] == no.field
    assert cloud.request("GET", f"/protection-groups/{group_id}?consistency=strong")[1]["version"] == 1
