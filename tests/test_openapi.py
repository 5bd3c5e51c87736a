"""docs/openapi.json is what the code says, and every answer that was seen is one that it publishes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from commands.requests import UpdateProtectionGroup
from events.doors import parse
from events.errors import Refused
from local.openapi.answers import ErrorAnswer
from local.openapi.document import APPS, PATH, document, operations, text
from local.openapi.examples import ANSWERS as SHOWN
from local.openapi.examples import EXECUTION, GROUP, REFUSAL, REQUESTS
from local.openapi.published import ANSWERS
from local.openapi.responses import ERRORS
from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}


def test_the_committed_document_is_the_one_that_the_code_makes() -> None:
    assert PATH.read_text() == text(), "run `make openapi`, and look at what changed"


def test_every_route_of_every_function_is_in_it_once_with_every_error_and_what_it_answers() -> None:
    paths = document()["paths"]
    shown = {f"{method.upper()} {path}": each for path, methods in paths.items() for method, each in methods.items()}
    assert {*shown} == {route for app in APPS for operation in app.OPERATIONS for route in operation.routes}
    assert {operation.name for operation in operations()} == {*ANSWERS}
    for each in shown.values():
        assert {str(status) for status in ERRORS} < {*each["responses"]}
        assert each["description"].startswith("Roles: ")


def test_what_needs_a_key_is_what_needs_one_in_the_template() -> None:
    template = PATH.parents[1].joinpath("template.yaml").read_text()
    keyed = [path for path, methods in document()["paths"].items() if "security" in methods.get("get", {})]
    assert len(keyed) == template.count("ApiKeyRequired: true")
    assert all(f"Path: {path}, Auth: {{ApiKeyRequired: true}}" in template for path in keyed)


def test_every_reference_leads_somewhere() -> None:
    found = json.dumps(document())
    schemas = document()["components"]["schemas"]
    named = {part.split('"')[0] for part in found.split("#/components/schemas/")[1:]}
    assert named == {*schemas} & named
    assert "#/$defs/" not in found


def test_what_may_be_left_out_but_be_no_null_is_published_so_and_its_faults_are_where_they_were_sent() -> None:
    body = document()["paths"]["/protection-groups/{groupId}"]["put"]["requestBody"]
    sent = body["content"]["application/json"]["schema"]["properties"]
    assert not body["required"]
    assert ("anyOf" in sent["groupName"], "anyOf" in sent["launchConfig"], "anyOf" in sent["region"]) == (0, 0, 1)
    with pytest.raises(Refused) as refused:
        parse(UpdateProtectionGroup, {"groupId": "pg-a", "launchConfig": {"tags": {}}})
    assert refused.value.body()["details"]["field"] == "launchConfig.tags"


def test_every_body_has_an_example_that_its_model_takes_and_answers_have_some_that_are_published() -> None:
    table = {operation.name: operation for operation in operations()}
    bodies = {name for name, of in table.items() if of.routes[0].partition(" ")[0] in {"POST", "PUT"}}
    assert bodies == {*REQUESTS}
    path = {"groupId": GROUP, "executionId": EXECUTION}
    for name, example in REQUESTS.items():
        named = {key: value for key, value in path.items() if f"{{{key}}}" in table[name].routes[0]}
        parse(table[name].model, {**named, **example})
    for name, example in SHOWN.items():
        _as_sent(ANSWERS[name][200][0], example)
    _as_sent(ErrorAnswer, REFUSAL)


def test_a_header_is_published_where_it_makes_a_difference_and_nowhere_else() -> None:
    waits = {"create_protection_group", "update_protection_group", "apply_launch_configs"}
    waits |= {"add_servers_to_group", "remove_servers_from_group"}
    keyed = waits | {"delete_protection_group", "resume_execution", "cancel_execution"}
    shown = [each for methods in document()["paths"].values() for each in methods.values()]
    for name, among in {"Prefer": waits, "Idempotency-Key": keyed}.items():
        found = {each["operationId"] for each in shown if name in {one["name"] for one in each["parameters"]}}
        assert found == among, name


def _as_sent(models: Any, body: Json) -> None:  # noqa: ANN401  one model, or several
    """It is what is published, by the names that go over the wire."""
    TypeAdapter(models).validate_json(json.dumps(body), by_alias=True, by_name=False)


def _after_its_end(ask: Callable[..., Json], servers: list[str]) -> None:
    """Each change of a group, and each of them once more, with its key, when the group is deleted."""
    made = {"groupName": "Ended", "sourceServerIds": servers[:1], "launchConfig": SETTINGS}
    id_ = ask("create_protection_group", "POST", "/protection-groups", made, "create")["groupId"]
    group = f"/protection-groups/{id_}"
    changes = [
        ("update_protection_group", "PUT", group, {"description": "ended soon"}),
        ("add_servers_to_group", "POST", f"{group}/servers", {"sourceServerIds": servers[1:]}),
        ("remove_servers_from_group", "DELETE", f"{group}/servers/{servers[1]}", None),
        ("apply_launch_configs", "POST", f"{group}/apply-launch-configs", {"force": True}),
        ("delete_protection_group", "DELETE", group, None),
    ]
    for change in changes:
        ask(*change, change[0])
    again = [ask(*change, change[0]) for change in changes]
    again.append(ask("create_protection_group", "POST", "/protection-groups", made, "create"))
    assert all(answer["deleted"] for answer in again)


@pytest.fixture(scope="module")
def walk(cloud: Cloud) -> list[tuple[str, int, Json]]:
    """One request of every operation, and some that are refused: operation, status, answer."""
    seen: list[tuple[str, int, Json]] = []

    def ask(operation: str, method: str, path: str, body: Json | None = None, key: str = "") -> Json:
        status, answer = cloud.request(method, path, body, {"Idempotency-Key": f"published {key}"} if key else None)
        seen.append((operation, status, answer))
        return answer

    servers = cloud.take_servers(2)
    body = {"groupName": "Published", "sourceServerIds": servers[:1], "launchConfig": SETTINGS, "onNotReady": "block"}
    id_ = ask("create_protection_group", "POST", "/protection-groups", body)["groupId"]
    group = f"/protection-groups/{id_}"
    ask("create_protection_group", "POST", "/protection-groups", body)
    ask("add_servers_to_group", "POST", f"{group}/servers", {"sourceServerIds": servers[1:]})
    ask("update_protection_group", "PUT", group, {"launchConfig": {**SETTINGS, "instanceType": "m5.large"}})
    ask("apply_launch_configs", "POST", f"{group}/apply-launch-configs", {"dryRun": True, "force": True})
    ask("apply_launch_configs", "POST", f"{group}/apply-launch-configs", {"force": True})
    ask("resolve_protection_group", "GET", f"{group}/resolve")
    ask("list_protection_groups", "GET", "/protection-groups?limit=2")
    cloud.until(lambda: cloud.request("GET", f"{group}/launch-config-status")[0] == 200 or None)
    ask("get_protection_group", "GET", group)
    ask("get_launch_config_status", "GET", f"{group}/launch-config-status")
    ask("get_launch_config_status", "GET", f"{group}/launch-config-status?version=2")
    ask("get_server_launch_config", "GET", f"{group}/servers/{servers[0]}/launch-config")
    ask("get_history", "GET", f"{group}/history?limit=5")
    ask("get_audit_log", "GET", "/audit-log?limit=3")
    ask("check_readiness", "POST", "/readiness", {"waves": [{"protectionGroupIds": [id_, "pg-none"]}]})
    wave = {"executionId": "published", "waveNumber": 7, "protectionGroupId": id_, "isDrill": True}
    ask("start_wave_recovery", "POST", "/waves", wave)
    ask("get_wave", "GET", "/waves/published/7")
    plan = {"executionId": "published", "isDrill": True, "waves": [{"protectionGroupIds": [id_]}]}
    ask("start_execution", "POST", "/executions", plan)
    ask("get_execution", "GET", "/executions/published")
    ask("resume_execution", "POST", "/executions/published/resume", {})
    ask("cancel_execution", "POST", "/executions/published/cancel", {})
    ask("remove_servers_from_group", "DELETE", f"{group}/servers/{servers[1]}")
    ask("delete_protection_group", "DELETE", group)
    ask("verify_streams", "GET", f"/verify?groupId={id_}")
    _after_its_end(ask, cloud.take_servers(2))
    return seen


def test_every_operation_was_asked_and_answered_with_a_status_and_a_body_that_are_published(
    walk: list[tuple[str, int, Json]],
) -> None:
    assert {operation for operation, _, _ in walk} == {*ANSWERS}
    for operation, status, answer in walk:
        published = ANSWERS[operation].get(status, (ErrorAnswer,) if status in ERRORS else ())
        assert published, f"{operation}: {status} is not published: {answer}"
        models: Any = published[0]
        for more in published[1:]:
            models |= more
        _as_sent(models, answer)


def test_most_of_them_were_done(walk: list[tuple[str, int, Json]]) -> None:
    done = {operation for operation, status, _ in walk if status < 300}
    refused = {"resume_execution", "remove_servers_from_group", "delete_protection_group"}
    assert {*ANSWERS} - done <= refused
