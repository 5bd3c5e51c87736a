"""AWS Elastic Disaster Recovery, API version 2020-02-26: the operations that launch configurations need.

Requests are held against botocore's model before anything looks at them, and answers are rendered with it.
An operation refuses with what AWS documents for it, and two things more: ValidationException for a malformed
request, whatever the operation, and ResourceNotFoundException for StartRecovery of an unknown server.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from moto.core.utils import get_service_model

from local.simulator.errors import AwsError, not_found, servers_conflict, validation_failed
from local.simulator.observed import Observed
from local.simulator.recovery import Pace
from local.simulator.render import RestJson
from local.simulator.shapes import BadTokenError, Json, Shape, page
from local.simulator.validation import problems

LARGEST_PAGE = 200


class DrsApi(Observed):
    """One request to DRS."""

    def __init__(self) -> None:
        super().__init__(service_name="drs")

    def describe_source_servers(self) -> RestJson:
        """Servers by id, or all of them; ids that nobody has are passed over."""
        filters = self.asked.get("filters", {})
        if unheard := sorted(set(filters) - {"sourceServerIDs"}):
            raise validation_failed((f"filters.{each}", "is not simulated") for each in unheard)
        wanted = filters.get("sourceServerIDs")
        servers = self.estate.servers.values()
        return self._page([each.description for each in servers if not wanted or each.id in wanted])

    def get_launch_configuration(self) -> RestJson:
        """The launch settings of one server; under a lag not those written last."""
        server = self.estate.server(self.asked["sourceServerID"])
        return RestJson(server.history.seen(self.view("drs", server.id)))

    def update_launch_configuration(self) -> RestJson:
        """Patch the launch settings and answer all of them, with the template's id."""
        patch = self.asked
        server = self.estate.server(patch["sourceServerID"])
        if server.id in self.estate.jobs.busy():
            raise servers_conflict("source servers that a job holds", [server.id])
        return RestJson(self.estate.change_settings(server, patch, self.now))

    def start_recovery(self) -> RestJson:
        """Accept a job (202, PENDING) for all servers named, or refuse the whole call."""
        asked = self.asked
        server_ids = [each["sourceServerID"] for each in asked["sourceServers"]]
        if len(set(server_ids)) < len(server_ids):
            raise validation_failed([("sourceServers", "names a source server twice")])
        tags = asked.get("tags", {})
        if tags and self.fault.error == "tags-refused":
            raise validation_failed([("tags", "Invalid request provided: Tags")])
        pace = Pace(self.now, self.world.knobs.job_speed)
        job = self.estate.start_recovery(server_ids, pace, is_drill=asked.get("isDrill", False), tags=tags)
        return RestJson({"job": job.shape()})

    def describe_jobs(self) -> RestJson:
        """Jobs by id or by when they were created (both ends count), newest first."""
        filters = self.asked.get("filters", {})
        wanted = filters.get("jobIDs")
        since, until = _moment(filters.get("fromDate")), _moment(filters.get("toDate"))
        jobs = [
            job.shape()
            for job in reversed(self.estate.jobs.by_id.values())
            if (not wanted or job.id in wanted)
            and (not since or job.created >= since)
            and (not until or job.created <= until)
        ]
        return self._page(jobs)

    def describe_job_log_items(self) -> RestJson:
        """What a job has done so far, oldest first."""
        job_id = self.asked["jobID"]
        if job_id not in self.estate.jobs.by_id:
            raise not_found("Job", job_id)
        return self._page(self.estate.jobs.by_id[job_id].log(self.now))

    @cached_property
    def asked(self) -> Shape:
        """The request's body, or ValidationException if its shape forbids it; nulls count as not sent."""
        operation = get_service_model("drs").operation_model(self._get_action())
        body = self._body()
        if not isinstance(body, dict):
            raise validation_failed([("", "the body is not a JSON object")], reason="cannotParse")
        if wrong := list(problems(operation.input_shape, body)):
            raise validation_failed(wrong)
        return {name: body[name] for name in operation.input_shape.members if body.get(name) is not None}

    def _body(self) -> Json:
        try:
            return json.loads(self.body or "{}")
        except ValueError:
            return None

    def subjects(self) -> tuple[tuple[str, ...], str | None]:
        """The servers it names, before anybody checked how."""
        body = self._body()
        if not isinstance(body, dict):
            return (), None
        named: Json = body.get("sourceServers") or [body]
        if not isinstance(named, list):
            return (), None
        ids = [each.get("sourceServerID") for each in named if isinstance(each, dict)]
        return tuple(str(each) for each in ids if each), None

    def unknown_operation(self) -> AwsError:
        """An operation of DRS that is not simulated, or none of DRS at all."""
        return validation_failed([("", f"{self._get_action()} is not simulated")], reason="unknownOperation")

    def _page(self, items: Sequence[Shape]) -> RestJson:
        asked = self.asked
        size = min(asked.get("maxResults", LARGEST_PAGE), LARGEST_PAGE)
        try:
            shown, following = page(items, size, asked.get("nextToken"))
        except BadTokenError as token:
            raise validation_failed([("nextToken", "is not a token of ours")]) from token
        return RestJson({"items": shown} | ({"nextToken": following} if following else {}))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
