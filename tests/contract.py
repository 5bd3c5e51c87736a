"""The published contract in front of a cloud of its own: aimed at what exists there, and asked through both doors.

What a generated request starts there goes on: groups, waves, executions. So it is nobody else's cloud.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Annotated, Any
from zlib import crc32

import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from pydantic import TypeAdapter
from requests import PreparedRequest, Session
from requests.auth import AuthBase
from schemathesis import GenerationMode

from commands.executions.requests import ExecutionName
from commands.requests import GroupId
from commands.waves.requests import ExecutionId
from events.model import ServerId
from local.cloud import ROOT_USER
from local.openapi.document import PATH
from local.programs import REGION
from tests.bench_cloud import PATIENCE
from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
)
"""Not `positive_data_acceptance`: 400 is for what a schema cannot say, too, as that two fields exclude each other."""
EXECUTION = "contract"
DOORS = ("api", "frontend")


class Signed(AuthBase):
    """A program, signed with IAM, with its key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["x-api-key"] = self._key
        signed = AWSRequest(request.method, request.url, data=request.body)
        SigV4Auth(ROOT_USER, "execute-api", REGION).add_auth(signed)
        request.headers.update({name: signed.headers[name] for name in ("Authorization", "X-Amz-Date")})
        return request


class SignedIn(AuthBase):
    """A person, signed in with Cognito."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Contract:
    """A cloud with a group that has a wave and one that has none, an execution that waits, and two groups to use up."""

    def __init__(self, cloud: Cloud) -> None:
        self.answered: dict[str, set[int]] = defaultdict(set)
        self._cloud, self._session = cloud, Session()
        self._signers = {
            "api": Signed(cloud.description["auditKey"]),
            "frontend": SignedIn(cloud.people.tokens("admin")["IdToken"]),
        }
        self.pace(100_000)
        servers = cloud.take_servers(6)
        kept, held, ready, doomed = (self._group(f"Contract {each}", [servers[each]]) for each in range(4))
        self._used_up = {"start_wave_recovery": ready, "delete_protection_group": doomed}
        self._done("/waves", executionId=EXECUTION, waveNumber=0, protectionGroupId=held, isDrill=True)
        waves = [{"protectionGroupIds": [kept], "pauseBeforeWave": True}]
        self._done("/executions", executionId=EXECUTION, isDrill=True, waves=waves)
        self._there = {
            pattern(GroupId): [kept, held],
            pattern(ServerId): servers,
            pattern(ExecutionId): [EXECUTION],
            pattern(ExecutionName): [EXECUTION],
        }

    def operation(self, name: str, spoil: Callable[[Json], object] = lambda _as_it_is: None) -> Any:  # noqa: ANN401
        """One operation as schemathesis sees it, in the published document, or in one that was spoilt."""
        there = self._there | ({pattern(GroupId): [self._used_up[name]]} if name in self._used_up else {})
        document: Json = aim(json.loads(PATH.read_text()), there)
        paths = document["paths"].items()
        path, method = next((path, method) for path, of in paths for method in of if of[method]["operationId"] == name)
        spoil(document["paths"][path][method])
        checks = {"enabled": False, **{each: {"enabled": True} for each in CHECKS}}
        config = schemathesis.Config.from_dict({"seed": 1, "checks": checks})
        return schemathesis.openapi.from_dict(document, config=config)[path][method]

    def ask(self, case: Any, door: str = "") -> None:  # noqa: ANN401  schemathesis's own
        """Sends it through a door, which follows from what it is, and holds the answer against the document.

        Raises:
            FailureGroup: it is not as published.
        """
        number = number_of(case)
        if number % 5:  # else most would be refused, for a key that was used, a token or a version that nobody gave
            case.headers.pop("Idempotency-Key", None)
            (case.query or {}).pop("nextToken", None)
            if case.method.upper() == "DELETE":
                (case.query or {}).pop("version", None)
        door = door or DOORS[number // 5 % 2]
        answer = case.call_and_validate(
            self._cloud.description[door],
            self._session,
            auth=self._signers[door],
            timeout=PATIENCE,
        )
        self.answered[case.operation.definition.raw["operationId"]].add(answer.status_code)

    def pace(self, requests: int) -> None:
        """How many requests both APIs take, of each route and with a key, in a second, before they refuse."""
        gateway, limits = self._cloud.client("apigateway"), ("rateLimit", "burstLimit")
        for door in DOORS:
            api, stage = self._cloud.description[door].rsplit("/", 2)[1:]
            patches = [patch(f"/*/*/throttling/{limit}", requests) for limit in limits]
            gateway.update_stage(restApiId=api, stageName=stage, patchOperations=patches)
        for plan in gateway.get_usage_plans()["items"]:
            patches = [patch(f"/throttle/{limit}", requests) for limit in limits]
            gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=patches)

    def _group(self, name: str, servers: list[str]) -> str:
        settings = {"copyTags": True}
        body = {"requestId": name, "groupName": name, "sourceServerIds": servers, "launchConfig": settings}
        made = self._done("/protection-groups", **body)
        status = f"/protection-groups/{made['groupId']}/launch-config-status"
        self._cloud.until(lambda: self._cloud.request("GET", status)[0] == 200 or None)
        return str(made["groupId"])

    def _done(self, path: str, **body: object) -> Json:
        status, answer = self._cloud.request("POST", path, body)
        assert status < 300, answer
        return answer


def boundaries(operation: Any) -> Iterator[Any]:  # noqa: ANN401  schemathesis's own
    """Requests at every boundary of every field, and one step beyond."""
    schema = operation.schema
    config = schema.config.generation_for(operation=operation, phase="coverage")
    yield from schema.iter_coverage_cases(operation, generation_modes=[*GenerationMode], generation_config=config)


def number_of(case: Any) -> int:  # noqa: ANN401  schemathesis's own
    """A number that follows from what is asked, the same in every run."""
    return crc32(repr((case.path_parameters, case.query, case.body)).encode())


def patch(path: str, value: int) -> Json:
    """One change of what API Gateway is to do."""
    return {"op": "replace", "path": path, "value": str(value)}


def pattern(kind: Any) -> str:  # noqa: ANN401  a type
    """What a name of this kind looks like, as it is published."""
    return str(TypeAdapter(Annotated[kind, None]).json_schema()["pattern"])


def aim(value: Any, there: dict[str, list[str]]) -> Any:  # noqa: ANN401  JSON
    """The same document, which fits no less and no more, and names what exists wherever that fits, too.

    Its examples name what does not exist here.
    """
    if isinstance(value, list):
        return [aim(each, there) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("pattern") in there:
        return {"type": "string", "anyOf": [{"enum": there[value["pattern"]]}, value]}
    return {key: aim(each, there) for key, each in value.items() if key != "example"}
