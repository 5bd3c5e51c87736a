"""Plain HTTP on this machine: signed requests to the API, and what a test does to the simulator's world."""

import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

Json = dict[str, Any]
_SECONDS = 60
_session = URLLib3Session(timeout=_SECONDS, max_pool_connections=64)


def send(
    method: str,
    url: str,
    body: Json | None = None,
    headers: dict[str, str] | None = None,
    signer: tuple[Credentials, str] | None = None,
) -> tuple[int, Json]:
    """Status and JSON of the answer; ``signer`` is whose SigV4 signature it carries, and the Region."""
    data = json.dumps(body) if body is not None else None
    request = AWSRequest(method, url, {"Content-Type": "application/json", **(headers or {})}, data)
    if signer:
        SigV4Auth(signer[0], "execute-api", signer[1]).add_auth(request)
    answer = _session.send(request.prepare())
    return answer.status_code, json.loads(answer.content or b"{}")


class RemoteSimulator:
    """The simulator in its own process, through its control API (local/simulator/control.py)."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        """Any request of the control API: ``("POST", "clock", {"advance": 60})``.

        Raises:
            ValueError: it was refused.
        """
        status, answer = send(method, f"{self.endpoint}/_simulator/{path}", body)
        if status >= 400:  # noqa: PLR2004  HTTP's border between answers and refusals
            raise ValueError(f"{method} {path}: {answer}")
        return answer

    def calls(self, since: int = 0) -> list[Json]:
        """The AWS calls so far, in order, after the one with that number."""
        return list(self.control("GET", f"calls?since={since}")["calls"])

    def counts(self, since: int = 0) -> dict[str, int]:
        """How often each operation was called: ``{"drs:StartRecovery": 1}``."""
        return dict(self.control("GET", f"calls?since={since}")["counts"])

    def total(self) -> int:
        """How many calls there were, which is the ``since`` for those to come."""
        return int(self.control("GET", "calls")["total"])

    def servers(self) -> list[Json]:
        """Every source server, as DRS describes it, with its launch settings."""
        return list(self.control("GET", "servers")["servers"])

    def server_ids(self) -> list[str]:
        """Their ids, in the order they came."""
        return [server["sourceServerID"] for server in self.servers()]

    def jobs(self) -> list[Json]:
        """Every recovery job, with the template version each server was launched from."""
        return list(self.control("GET", "jobs")["jobs"])

    def fault(self, error: str, **where: Any) -> None:  # noqa: ANN401  the control API's own fields
        """Queue a fault: ``fault("ThrottlingException", operation="GetLaunchConfiguration", times=2)``."""
        self.control("POST", "faults", {"error": error, **where})

    def advance(self, seconds: float) -> None:
        """Let the simulator's time pass."""
        self.control("POST", "clock", {"advance": seconds})

    def edit(self, server_id: str, settings: Json | None = None, template: Json | None = None) -> None:
        """Someone in the console changes launch settings, or keys of the default template."""
        body = {"serverId": server_id, "launchConfiguration": settings, "launchTemplateData": template}
        self.control("POST", "edit", {key: value for key, value in body.items() if value is not None})
