"""Every function of template.yaml on the real Lambda runtime, from the built package and nothing else.

AWS is the embedded cloud. Each function has the variables, the handler and the limits of the deployed one.
"""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.swagger import DOCUMENT
from tests.bench_cloud import BenchCloud
from tests.kit import SETTINGS
from tests.runtime import Parts, Runtime, fetched
from tests.sam import TEMPLATE, functions

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}, reason="AWS's emulator is for Linux"
)
Json = dict[str, Any]
ACCOUNT = "123456789012"


def aws(cloud: BenchCloud) -> dict[str, str]:
    """Where AWS is, and who asks it."""
    with cloud.environment():
        return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


class Lambda:
    """The deployed functions, each in an environment of its own, started by its first event."""

    def __init__(self, cloud: BenchCloud, parts: Parts, task: Path, opening: ExitStack) -> None:
        self.cloud, self.parts, self.task, self.opening = cloud, parts, task, opening
        self.of = cache(self.start)

    def start(self, name: str) -> Runtime:
        deployed = self.cloud.client("lambda").get_function_configuration(
            FunctionName=self.cloud.description["functions"][name]
        )
        told = {
            **aws(self.cloud),
            **deployed["Environment"]["Variables"],
            "AWS_ACCOUNT_ID": ACCOUNT,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(deployed["Timeout"]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed["MemorySize"]),
        }
        return self.opening.enter_context(Runtime(self.parts, self.task, deployed["Handler"], told))

    def __call__(self, name: str, event: Json) -> Any:  # noqa: ANN401  JSON
        """The answer; what the function said besides, if it raised."""
        runtime = self.of(name)
        answer = runtime.invoke(event)
        assert not isinstance(answer, dict) or "errorType" not in answer, f"{answer}\n{runtime.log()}"
        return answer


@pytest.fixture(scope="module")
def parts(request: pytest.FixtureRequest) -> Parts:
    return fetched(request.config.cache.mkdir("lambda-runtime"))  # type: ignore[union-attr]  # there is one


@pytest.fixture(scope="module")
def run(cloud: BenchCloud, parts: Parts, built: Path) -> Iterator[Lambda]:
    with ExitStack() as opening:
        yield Lambda(cloud, parts, built, opening)


@pytest.fixture(scope="module")
def group(run: Lambda) -> Json:
    """What the commands function answers when a group is created through API Gateway."""
    body = {"groupName": "Ledger", "sourceServerIds": run.cloud.take_servers(2), "launchConfig": SETTINGS}
    answer = run("CommandsFunction", http("POST", "/protection-groups", body))
    assert answer["statusCode"] == 201, answer
    return dict(json.loads(answer["body"]))


@pytest.fixture(scope="module")
def wave(run: Lambda, group: Json) -> Json:
    asked = {"executionId": "ledger-drill", "waveNumber": 0, "protectionGroupIds": [group["groupId"]], "isDrill": True}
    return dict(run("WavesFunction", {"operation": "start_wave_recovery", **asked}))


def http(method: str, path: str, body: Json | None = None) -> Json:
    """An event of API Gateway's proxy integration, signed by the account's root."""
    identity = {"sourceIp": "192.0.2.7", "userArn": f"arn:aws:iam::{ACCOUNT}:root"}
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "requestContext": {"requestId": f"{method} {path}", "stage": "live", "identity": identity},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def stream_record(group_id: str) -> Json:
    keys = {"streamId": {"S": f"group#{group_id}"}, "version": {"N": "1"}}
    dynamodb = {"Keys": keys, "SequenceNumber": "4421584500000000017450439091", "StreamViewType": "KEYS_ONLY"}
    return {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": dynamodb}


def message(body: Json) -> Json:
    return {"messageId": "059f36b4", "eventSource": "aws:sqs", "body": json.dumps(body), "attributes": {}}


def test_commands_create_and_apply_a_group_through_api_gateway(run: Lambda, group: Json) -> None:
    assert (group["status"], group["appliedServers"]) == ("ready", 2)
    path = f"/protection-groups/{group['groupId']}/apply-launch-configs"
    answer = run("CommandsFunction", http("POST", path, {}))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["version"] == group["version"], "nothing was due"


def test_projector_answers_a_stream_record_and_queries_show_what_it_put(run: Lambda, group: Json) -> None:
    answer = run("ProjectorFunction", {"Records": [stream_record(group["groupId"])]})
    assert answer == {"batchItemFailures": []}
    told = run("QueriesFunction", http("GET", f"/protection-groups/{group['groupId']}/launch-config-status"))
    assert (told["statusCode"], json.loads(told["body"])["status"]) == (200, "ready")


def test_waves_start_one_and_take_a_step(run: Lambda, wave: Json) -> None:
    assert (wave["path"], wave["configurationCalls"]) == ("fast", 0), wave
    step = {"operation": "step_execution", "step": "open", "executionId": "no-plan", "plan": {"waves": []}}
    assert run("WavesFunction", step)["ending"] == "refused"


def test_worker_answers_a_message_about_a_group_and_one_about_a_wave(run: Lambda, group: Json, wave: Json) -> None:
    assert wave["executionId"] == "ledger-drill"
    for each in ({"groupId": group["groupId"]}, {"wave": "ledger-drill#0"}):
        assert run("WorkerFunction", {"Records": [message(each)]}) == {"batchItemFailures": []}
    assert '"wave seen"' in run.of("WorkerFunction").log(), "the job was asked after"


def test_executions_start_the_state_machine_of_the_cloud(run: Lambda, group: Json) -> None:
    plan = {"isDrill": True, "waves": [{"waveNumber": 0, "protectionGroupIds": [group["groupId"]]}]}
    answer = run("ExecutionsFunction", http("POST", "/executions", {"executionId": "ledger-plan", **plan}))
    assert answer["statusCode"] in {200, 202}, answer
    again = run("ExecutionsFunction", {"operation": "cancel_execution", "executionId": "ledger-plan"})
    assert again["executionId"] == "ledger-plan", again


@pytest.mark.usefixtures("group")
def test_sweep_watch_and_verify_answer_their_schedules(run: Lambda) -> None:
    schedule = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": []}
    assert run("SweepFunction", schedule)["groups"] >= 0
    assert isinstance(run("WatchFunction", schedule)["waves"], list)
    seen = run("VerifyFunction", schedule)
    assert (seen["streams"] > 0, seen["faults"], seen["after"]) == (True, 0, "")


@pytest.mark.parametrize("name", functions(TEMPLATE))
def test_every_function_of_the_template_answers(run: Lambda, name: str) -> None:
    records = {"ProjectorFunction": stream_record("pg-nobody"), "WorkerFunction": message({"groupId": "pg-nobody"})}
    run(name, {"Records": [records[name]]} if name in records else {})


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("orjson", "No module named 'orjson'"),
        ("boto3/data/dynamodb", "'dynamodb' resource does not exist"),
        ("botocore/data/dynamodb", "Unknown service: 'dynamodb'"),
    ],
)
def test_what_the_package_lacks_is_missed_although_the_tests_have_it(
    run: Lambda, built: Path, tmp_path: Path, gone: str, said: str
) -> None:
    lacking = tmp_path / "function"
    shutil.copytree(built, lacking)
    shutil.rmtree(lacking / gone)
    with ExitStack() as opening, pytest.raises(AssertionError, match=said):
        Lambda(run.cloud, run.parts, lacking, opening)("SweepFunction", {})


def test_swagger_shows_a_page_around_the_committed_document(run: Lambda) -> None:
    page = run("SwaggerFunction", http("GET", "/swagger"))
    assert (page["statusCode"], page["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "SwaggerUIBundle" in page["body"]
    alone = run("SwaggerFunction", {**http("GET", "/swagger"), "queryStringParameters": {"format": "json"}})
    assert json.loads(alone["body"])["paths"] == json.loads(DOCUMENT.read_text())["paths"]
