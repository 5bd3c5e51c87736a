"""Every operation that is asked for here: its route through API Gateway, and the function that answers it directly."""

from dataclasses import dataclass
from string import Formatter
from typing import Protocol
from urllib.parse import quote, urlencode

from local.command_line.codes import Json

GROUP, EXECUTION = "/protection-groups/{groupId}", "/executions/{executionId}"


class Door(Protocol):
    """A way to the service. Both ways give the same answer."""

    def ask(self, operation: str, fields: Json) -> Json:
        """The answer.

        Raises:
            Refusal: it is no, or there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """``function`` is the logical name in template.yaml. A list in a path is of one. ``keyed``: not without a key."""

    method: str
    path: str
    function: str
    keyed: bool = False

    def filled(self, fields: Json) -> tuple[str, Json | None]:
        """Path with query, and body, of a request with these fields."""
        named = {name for _, name, _, _ in Formatter().parse(self.path) if name}
        path = self.path.format(**{name: quote(_one(fields[name]), safe=":") for name in named})
        rest = {key: value for key, value in fields.items() if key not in named}
        if self.method != "GET":
            return path, rest
        return (f"{path}?{urlencode(rest, quote_via=quote)}" if rest else path), None


def _one(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


ROUTES = {
    "list_protection_groups": Route("GET", "/protection-groups", "QueriesFunction"),
    "get_protection_group": Route("GET", GROUP, "QueriesFunction"),
    "create_protection_group": Route("POST", "/protection-groups", "CommandsFunction"),
    "update_protection_group": Route("PUT", GROUP, "CommandsFunction"),
    "delete_protection_group": Route("DELETE", GROUP, "CommandsFunction"),
    "add_servers_to_group": Route("POST", f"{GROUP}/servers", "CommandsFunction"),
    "remove_servers_from_group": Route("DELETE", f"{GROUP}/servers/{{sourceServerIds}}", "CommandsFunction"),
    "get_server_launch_config": Route("GET", f"{GROUP}/servers/{{serverId}}/launch-config", "QueriesFunction"),
    "resolve_protection_group": Route("GET", f"{GROUP}/resolve", "CommandsFunction"),
    "apply_launch_configs": Route("POST", f"{GROUP}/apply-launch-configs", "CommandsFunction"),
    "get_launch_config_status": Route("GET", f"{GROUP}/launch-config-status", "QueriesFunction"),
    "get_history": Route("GET", f"{GROUP}/history", "QueriesFunction"),
    "get_audit_log": Route("GET", "/audit-log", "QueriesFunction", keyed=True),
    "start_wave_recovery": Route("POST", "/waves", "WavesFunction"),
    "get_wave": Route("GET", "/waves/{executionId}/{waveNumber}", "QueriesFunction"),
    "check_readiness": Route("POST", "/readiness", "WavesFunction"),
    "start_execution": Route("POST", "/executions", "ExecutionsFunction"),
    "get_execution": Route("GET", EXECUTION, "QueriesFunction"),
    "resume_execution": Route("POST", f"{EXECUTION}/resume", "ExecutionsFunction"),
    "cancel_execution": Route("POST", f"{EXECUTION}/cancel", "ExecutionsFunction"),
    "verify_streams": Route("GET", "/verify", "QueriesFunction", keyed=True),
}
