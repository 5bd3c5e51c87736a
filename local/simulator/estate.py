"""What one account has in one Region: source servers, their templates, recovery jobs, a network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from moto.ec2.models import EC2Backend

from local.simulator.errors import not_found, servers_conflict
from local.simulator.launch_settings import (
    MANAGED_BY,
    MANAGED_TAG,
    initial_settings,
    initial_template,
    own_changes,
)
from local.simulator.launch_templates import Author, LaunchTemplate, LaunchTemplates, Version
from local.simulator.launches import faults_in
from local.simulator.machines import Place, describe
from local.simulator.network_shapes import Network
from local.simulator.recovery import Job, Jobs, Participant
from local.simulator.shapes import Shape, identifier, timestamp

UNRECOVERABLE = {"STOPPED", "INITIATING", "INITIAL_SYNC", "DISCONNECTED"}


@dataclass
class SourceServer:
    """A server: as DRS describes it, its launch settings, and those before the last write."""

    description: Shape
    settings: Shape
    earlier_settings: Shape | None = None

    @property
    def id(self) -> str:
        """`s-` and 17 hex digits."""
        return str(self.description["sourceServerID"])

    @property
    def template_id(self) -> str:
        """Its own launch template."""
        return str(self.settings["ec2LaunchTemplateID"])


@dataclass
class Estate:
    """All that is kept here; the caller holds the world's lock."""

    place: Place
    servers: dict[str, SourceServer] = field(default_factory=dict)
    templates: LaunchTemplates = field(default_factory=LaunchTemplates)
    jobs: Jobs = field(default_factory=Jobs)
    _made: int = 0
    _owners: dict[str, str] = field(default_factory=dict)

    @cached_property
    def network(self) -> Network:
        """The rest of EC2, moto's: a default VPC, its subnets and security group, and what is made there."""
        return EC2Backend(self.place.region, self.place.account)

    def remove_default_vpc(self) -> None:
        """Let there be no default VPC here, as in Regions where somebody deleted it."""
        gone = {vpc.id for vpc in self.network.vpcs.values() if vpc.is_default}
        for zone in self.network.subnets.values():
            for subnet in [each for each in zone.values() if each.vpc_id in gone]:
                del zone[subnet.id]
        for vpc_id in gone:
            del self.network.vpcs[vpc_id], self.network.groups[vpc_id]

    def add_server(self, now: datetime, name: str | None = None, tags: dict[str, str] | None = None) -> SourceServer:
        """Let one more server be replicated here, with the template DRS makes for it."""
        description = describe(self.place, self._made, now, name, tags or {})
        self._made += 1
        server = SourceServer(description, {})
        server.settings = initial_settings(description, self._make_template(server, now).id)
        self.servers[server.id] = server
        return server

    def _make_template(self, server: SourceServer, now: datetime) -> LaunchTemplate:
        template = self.templates.create(
            owner=server.id,
            name=f"created-and-used-by-drs-{server.id}-{self.templates.made}",
            data=initial_template(server.description),
            author=self.drs(now),
            tags={MANAGED_TAG: MANAGED_BY, "Name": server.id},
        )
        self._owners[template.id] = server.id
        return template

    def drs(self, now: datetime) -> Author:
        """DRS itself, when it writes a template."""
        role = "AWSServiceRoleForElasticDisasterRecovery/drs"
        return Author(f"arn:aws:sts::{self.place.account}:assumed-role/{role}", now)

    def server(self, server_id: str) -> SourceServer:
        """The server with this id, or ResourceNotFoundException."""
        if server_id not in self.servers:
            raise not_found("SourceServer", server_id)
        return self.servers[server_id]

    def owner(self, template_id: str) -> str | None:
        """The server whose template this is, or was."""
        return self._owners.get(template_id)

    def change_settings(self, server: SourceServer, patch: Shape, now: datetime) -> Shape:
        """Patch the launch settings. DRS may then write a new default template version of its own."""
        before = server.settings
        after = before | patch
        server.settings, server.earlier_settings = after, before
        template = self.templates.get(server.template_id)
        if changes := own_changes(server.description, before, after, template.default.data):
            self.write_default(template, changes, self.drs(now))
        return after

    def write_default(self, template: LaunchTemplate, changes: Shape, author: Author) -> Version:
        """A new version from the current default, made the default: by DRS, or by someone in the console."""
        version = template.write(changes, author, source=str(template.default_number))
        template.make_default(str(version.number))
        return version

    def delete_template(self, template: LaunchTemplate, now: datetime) -> None:
        """Delete it; for a server's own, DRS makes a new one under a new id, with its defaults."""
        owner = self.owner(template.id)
        self.templates.delete(template)
        if server := self.servers.get(owner or ""):
            server.settings = server.settings | {"ec2LaunchTemplateID": self._make_template(server, now).id}

    def start_recovery(self, server_ids: Sequence[str], now: datetime, *, is_drill: bool, tags: dict[str, str]) -> Job:
        """Accept a job for all these servers, or refuse the whole call."""
        servers = [self.server(server_id) for server_id in server_ids]
        if down := [server.id for server in servers if _state(server) in UNRECOVERABLE]:
            raise servers_conflict("source servers that cannot be recovered", down)
        if held := [server.id for server in servers if server.id in self.jobs.busy()]:
            raise servers_conflict("source servers that another job holds", held)
        self.jobs.refuse_over_quota(len(servers))
        job_id = identifier("drsjob", self.place.arn(""), len(self.jobs.by_id), now)
        participants = [Participant(server.id) for server in servers]
        job = Job(job_id, self.place.arn(f"job/{job_id}"), now, is_drill, tags, participants)
        self.jobs.by_id[job_id] = job
        for server in servers:
            self._show_launch(server, job, "PENDING", "PENDING")
        return job

    def advance(self, now: datetime) -> None:
        """Let happen what is due in the running jobs."""
        for job in self.jobs.running():
            job.advance(now, self._launch, self._finish)

    def _launch(self, job: Job, participant: Participant) -> None:
        """Use the default version of this moment; refused ones fail here, the others run until the end."""
        server = self.servers.get(participant.server_id)
        if not server:
            participant.status, participant.why = "FAILED", "the source server is gone"
            return
        participant.template = self.templates.get(server.template_id)
        participant.version = participant.template.default_number
        participant.why = next(faults_in(participant.template.default.data, self.network), None)
        if participant.why:
            participant.status = "FAILED"
            self._show_launch(server, job, "FAILED", "FAILED")

    def _finish(self, job: Job, participant: Participant) -> None:
        participant.status = "LAUNCHED"
        participant.instance_id = identifier("i", job.id, participant.server_id)
        if server := self.servers.get(participant.server_id):
            server.description["recoveryInstanceId"] = participant.instance_id
            self._show_launch(server, job, "LAUNCHED", "SUCCEEDED")

    def _show_launch(self, server: SourceServer, job: Job, status: str, result: str) -> None:
        initiated = {
            "apiCallDateTime": timestamp(job.created),
            "jobID": job.id,
            "type": "DRILL" if job.is_drill else "RECOVERY",
        }
        server.description["lastLaunchResult"] = result
        server.description["lifeCycle"]["lastLaunch"] = {"initiated": initiated, "status": status}


def _state(server: SourceServer) -> str:
    return str(server.description["dataReplicationInfo"]["dataReplicationState"])
