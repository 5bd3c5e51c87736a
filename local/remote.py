"""Plain HTTP on this machine: signed requests to the API, and what a test does to the simulator's world."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from events.rest import STATED

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
    return answer.status_code, told(answer.content.decode(), answer.headers)


def told(body: str, headers: Mapping[str, str]) -> Json:
    """The JSON of an answer; a sheet as a direct call has it."""
    if not headers.get("Content-Type", "").startswith("text/csv"):
        return dict(json.loads(body or "{}"))
    return {"csv": body, "nextToken": None, **{key: headers[name] for key, name in STATED.items() if name in headers}}


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

    def throttled(self, since: int = 0) -> dict[str, int]:
        """How often each operation was refused for being called too often."""
        return dict(self.control("GET", f"calls?since={since}")["throttled"])

    def servers(self, account: str = "home") -> list[Json]:
        """The source servers of an account, as DRS describes them, with their launch settings."""
        return list(self.control("GET", f"servers?account={account}")["servers"])

    def server_ids(self, account: str = "home") -> list[str]:
        """Their ids, in the order they came."""
        return [server["sourceServerID"] for server in self.servers(account)]

    def add_servers(self, count: int = 1, **more: Any) -> list[Json]:  # noqa: ANN401  the control API's own fields
        """More servers: ``add_servers(3, account="999988887777", stagingAccount="111122223333")``."""
        return list(self.control("POST", "servers", {"count": count, **more})["servers"])

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

    def reset(self) -> None:
        """As at the start."""
        self.control("POST", "reset")

    def freeze(self, *, frozen: bool = True) -> None:
        """Let time pass only by ``advance``, or by itself again."""
        self.control("POST", "clock", {"frozen": frozen})

    def clear_faults(self) -> None:
        """Take all faults away."""
        self.control("DELETE", "faults")

    def latency(self, seconds: float, operation: str = "*") -> None:
        """Let calls take so much longer, by the machine's clock."""
        self.control("POST", "latency", {"seconds": seconds, "operation": operation})

    def lag(self, drs: float = 0, templates: float = 0) -> None:
        """Let reads see nothing that was written in the last seconds of the simulator's clock."""
        self.control("POST", "lag", {"drs": drs, "templates": templates})

    def job_speed(self, speed: float | str) -> None:
        """Let jobs that are accepted from now on run so many times as fast, or end at once: ``"instant"``."""
        self.control("POST", "jobs", {"speed": speed})

    def right_sizing(self, every: float | None) -> None:
        """Let DRS look at instance types by itself, every so many seconds or never."""
        self.control("POST", "right-sizing", {"every": every})

    def limits(self) -> Json:
        """Every bucket that was ever used: its tokens, and by how much it was overdrawn."""
        return self.control("GET", "limits")

    def set_limits(self, **asked: Any) -> Json:  # noqa: ANN401  the control API's own fields
        """``published=True``; ``operation="drs:*", burst=50, rate=20``; ``operation=..., tokens=0``."""
        return self.control("POST", "limits", asked)

    def add_role(self, account: str, **more: Any) -> str:  # noqa: ANN401  the control API's own fields
        """Let the home account assume a role of another: ``add_role("999988887777", externalId="rug")``; its ARN."""
        return str(self.control("POST", "roles", {"account": account, **more})["arn"])

    def revoke(self, role_arn: str | None = None) -> int:
        """End the sessions of a role at once, or all; how many."""
        path = f"sessions?role={role_arn}" if role_arn else "sessions"
        return int(self.control("DELETE", path)["revoked"])

    def withdraw(self, instance_type: str, zone: str | None = None) -> None:
        """Let a type no longer be offered in an Availability Zone, or nowhere."""
        self.control("POST", "offerings", {"instanceType": instance_type, "zone": zone})

    def remove_default_vpc(self) -> None:
        """Let the home account have no default VPC."""
        self.control("DELETE", "default-vpc")

    def uninitialize(self, **where: str) -> None:
        """Let DRS be one that nobody has initialised, at home or at ``account``, ``region``."""
        self.control("POST", "initialized", {"initialized": False, **where})

    def grow_disk(self, server_id: str, device: str, gib: int) -> None:
        """Let a disk of a source server grow."""
        self.control("POST", f"servers/{server_id}", {"disks": {device: gib}})
