"""The embedded cloud: template.yaml deployed on ministack, with the DRS simulator beside it.

    with Cloud(servers=100) as cloud:
        cloud.request("GET", "/protection-groups")
        cloud.request_as("GET", "/protection-groups", groups=("viewer",))
        cloud.invoke("WavesFunction", {...})
        cloud.client("dynamodb"), cloud.client("drs")
        cloud.simulator.counts()

Functions run as processes of their own, with the rights of their own roles: ministack enforces these, and the
signatures of the API's callers (AUTH). The account's id as access key is root; users and roles can be made.
"""

import json
from contextlib import ExitStack
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from local import programs
from local.browsers import heard
from local.deployment import PARAMETERS, Stack, api_body, deploy, package
from local.people import People
from local.processes import HOST, ROOT, StartError, ports
from local.programs import ACCOUNT, REGION
from local.remote import Json, RemoteSimulator, send

ROOT_USER = Credentials(ACCOUNT, "preflight")
"""Who calls when nobody else is named: may do everything."""
_KEYED = ("/audit-log", "/verify")
"""What asks programs for a key of the usage plan; elsewhere none is sent, or the plan would count it."""
_PARTS = ("ministack", "samtranslator", "moto")
_PATIENCE = 60.0
_CONFIG = Config(read_timeout=900, retries={"total_max_attempts": 1}, max_pool_connections=64)
_LOGS = "/preflight/"


class FunctionFailedError(Exception):
    """A function raised; the text is its error, and the end of the logs."""


class Cloud:
    """Everything on one machine, from ``with`` until its end; the end comes also if this process is killed.

    Args:
        port: of AWS's services, on 127.0.0.1; 0 is any free one.
        servers: source servers in DRS to begin with.
        root: where template.yaml is, and the rooms that functions are made of.

    Raises:
        StartError: on entering; PortTakenError if ``port`` is taken.
    """

    description: Json
    """Addresses and names, as `python -m local serve` prints them."""
    people: People
    """Who signs in at Cognito."""
    simulator: RemoteSimulator
    """What happens to the world of DRS, and what it was asked."""

    def __init__(self, port: int = 0, servers: int = 100, root: Path = ROOT) -> None:
        self._port, self._servers, self._root = port, servers, root
        self._processes = ExitStack()
        self.client = cache(self._client)

    def __enter__(self) -> Self:
        missing = [part for part in _PARTS if not find_spec(part)]
        if missing:
            raise StartError(f"not installed: {', '.join(missing)} (pip install -r requirements-dev.txt)")
        with ExitStack() as opening:
            self._start(opening)
            self._processes = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    def invoke(self, function: str, payload: Json) -> Json:
        """What a function answers when called directly, by its logical name.

        Raises:
            FunctionFailedError: it raised.
        """
        name = self.description["functions"][function]
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        body = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise FunctionFailedError(f"{function}: {body}\n{self.log()}")
        return dict(body)

    def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        credentials: Credentials = ROOT_USER,
    ) -> tuple[int, Json]:
        """Status and JSON of a request through API Gateway, signed by whoever has ``credentials``."""
        if path.startswith(_KEYED):
            headers = {"x-api-key": self.description["auditKey"], **(headers or {})}
        return send(method, self.description["api"] + path, body, headers, (credentials, REGION))

    def request_as(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
        groups: tuple[str, ...] = ("admin",),
    ) -> tuple[int, Json]:
        """Status and JSON of a request through the frontend's API Gateway, by a Cognito user in these groups."""
        signed_in = {"Authorization": f"Bearer {self.people.tokens(*groups)['IdToken']}"}
        return send(method, self.description["frontend"] + path, body, {**signed_in, **(headers or {})})

    def log(self, lines: int = 40) -> str:
        """The last lines of the functions and of what carries them, for whoever must find out why."""
        logs = self.client("logs")
        groups = logs.describe_log_groups(logGroupNamePrefix=_LOGS)["logGroups"]
        events = [
            (event["timestamp"], group["logGroupName"].rpartition("/")[2], event["message"].rstrip())
            for group in groups
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        ]
        said = [f"{name}: {message}" for _, name, message in sorted(events)]
        return "\n".join([*said[-lines:], self._ministack.log(), self._simulator.log()])

    def _start(self, opening: ExitStack) -> None:
        port, beside = ports(self._port, count=2)
        endpoint, simulator = f"http://{HOST}:{port}", f"http://{HOST}:{beside}"
        self.description = {"endpoint": endpoint, "simulator": simulator, "account": ACCOUNT, "region": REGION}
        self._simulator = opening.enter_context(programs.simulator(beside, self._servers))
        self._ministack = opening.enter_context(programs.ministack(port, simulator))
        self._ministack.until_listening(port, _PATIENCE)
        s3, cloudformation = self.client("s3"), self.client("cloudformation")
        stack = deploy(s3, cloudformation, self._root / "template.yaml", package(self._root))
        gateway = self.client("apigateway")
        for api, physical in stack.apis.items():
            heard(gateway, physical, stack.stage, api_body(cloudformation, api), PARAMETERS)
        self._simulator.first_line(_PATIENCE)
        self.simulator = RemoteSimulator(simulator)
        self.description |= _described(endpoint, stack)
        self.description["auditKey"] = gateway.get_api_key(apiKey=stack.audit_key, includeValue=True)["value"]
        self.people = People(self.client("cognito-idp"), stack.user_pool, stack.user_pool_client)

    def _client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes its clients when asked for them
        make: Any = boto3.client
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.description["simulator" if service in {"drs", "ec2"} else "endpoint"],
            aws_access_key_id=ROOT_USER.access_key,
            aws_secret_access_key=ROOT_USER.secret_key,
            config=_CONFIG,
        )


def _described(endpoint: str, stack: Stack) -> Json:
    def url(api: str) -> str:
        return f"{endpoint}/_aws/execute-api/{stack.apis[api]}/{stack.stage}"

    return {
        "api": url("Api"),
        "frontend": url("FrontendApi"),
        "swagger": f"{url('FrontendApi')}/swagger",
        "userPool": stack.user_pool,
        "userPoolClient": stack.user_pool_client,
        "functions": stack.functions,
        "tables": stack.tables,
        "queues": stack.queues,
        "machines": stack.machines,
    }
