"""What one account has in one Region: source servers, their templates, recovery jobs, a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from moto.ec2.models import EC2Backend

from local.simulator.configuration_templates import ConfigurationTemplates
from local.simulator.errors import not_found, servers_conflict
from local.simulator.instance_types import Catalogue
from local.simulator.launch_settings import (
    MANAGED_BY,
    MANAGED_TAG,
    grown_volume,
    initial_settings,
    initial_template,
    own_changes,
)
from local.simulator.launch_templates import Author, LaunchTemplate, LaunchTemplates, Version
from local.simulator.launching import finish, launch
from local.simulator.machines import Place, describe, extended
from local.simulator.network_shapes import Network
from local.simulator.recovery import Job, Jobs, Pace, Participant
from local.simulator.right_sizing import right_size
from local.simulator.shapes import Shape, identifier
from local.simulator.source_servers import SourceServer, refuse_over_quota

Iam = Callable[[], Any]  # moto's IAMBackend; moto ships no types


@dataclass
class Estate:
    """All that is kept here; the caller holds the world's lock."""

    place: Place
    catalogue: Catalogue
    iam: Iam
    servers: dict[str, SourceServer] = field(default_factory=dict)
    templates: LaunchTemplates = field(default_factory=LaunchTemplates)
    jobs: Jobs = field(default_factory=Jobs)
    held: dict[str, list[str]] = field(default_factory=dict)
    """The interfaces of each server's recovery instance."""
    _looked_at: datetime | None = None
    made: int = 0
    _owners: dict[str, str] = field(default_factory=dict)

    @cached_property
    def configuration_templates(self) -> ConfigurationTemplates:
        """What new servers begin with."""
        return ConfigurationTemplates(self.place)

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a server, job or launch configuration template; they may be changed."""
        tagged: dict[str, dict[str, str]] = {job.arn: job.tags for job in self.jobs.by_id.values()}
        tagged |= {each["arn"]: each["tags"] for each in self.configuration_templates.by_id.values()}
        tagged |= {each.description["arn"]: each.description["tags"] for each in self.servers.values()}
        if arn not in tagged:
            raise not_found("Resource", arn)
        return tagged[arn]

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

    def add_server(
        self, now: datetime, name: str | None = None, tags: dict[str, str] | None = None, index: int | None = None
    ) -> SourceServer:
        """Let one more server be replicated here; `index` is which machine it is, the next one if it is not said."""
        refuse_over_quota(self.servers.values(), replicating=True)
        index = self.made if index is None else index
        return self._keep(describe(self.place, index, now, name, tags or {}), now)

    def extend(self, staging: SourceServer, now: datetime, tags: dict[str, str]) -> SourceServer:
        """Let a server that another account replicates be recovered here."""
        refuse_over_quota(self.servers.values(), replicating=False)
        server_id = identifier("s", self.place.account, self.place.region, self.made)
        return self._keep(extended(staging.description, server_id, self.place, now, tags), now)

    def _keep(self, description: Shape, now: datetime) -> SourceServer:
        self.made += 1
        server = SourceServer(description)
        general = self.configuration_templates.initial()
        template = self._make_template(server, now, copy_private_ip=general["copyPrivateIp"])
        server.history.write(initial_settings(description, template.id, general), now)
        self.servers[server.id] = server
        return server

    def _make_template(self, server: SourceServer, now: datetime, *, copy_private_ip: bool) -> LaunchTemplate:
        template = self.templates.create(
            owner=server.id,
            name=f"created-and-used-by-drs-{server.id}-{self.templates.made}",
            data=initial_template(server.description, copy_private_ip=copy_private_ip),
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
        server.history.write(after, now)
        template = self.templates.get(server.template_id)
        if changes := own_changes(server.description, before, after, template.default.data):
            self.write_default(template, changes, self.drs(now))
        return after

    def write_default(self, template: LaunchTemplate, changes: Shape, author: Author) -> Version:
        """A new version from the current default, made the default: by DRS, or by someone in the console."""
        version = template.write(changes, author, source=str(template.default_number))
        template.make_default(str(version.number), author.at)
        return version

    def delete_template(self, template: LaunchTemplate, now: datetime) -> None:
        """Delete it; for a server's own, DRS makes a new one under a new id, with its defaults."""
        owner = self.owner(template.id)
        self.templates.delete(template)
        if server := self.servers.get(owner or ""):
            made = self._make_template(server, now, copy_private_ip=server.settings["copyPrivateIp"])
            server.history.write(server.settings | {"ec2LaunchTemplateID": made.id}, now)

    def grow_disk(self, server: SourceServer, device: str, gib: int, now: datetime) -> None:
        """A disk of the source grows, and DRS makes its volume as large, in a default version of its own."""
        server.grow_disk(device, gib)
        template = self.templates.get(server.template_id)
        if changes := grown_volume(template.default.data, device, gib):
            self.write_default(template, changes, self.drs(now))

    def start_recovery(self, server_ids: Sequence[str], pace: Pace, *, is_drill: bool, tags: dict[str, str]) -> Job:
        """Accept a job for all these servers, or refuse the whole call."""
        servers = [self.server(server_id) for server_id in server_ids]
        if down := [server.id for server in servers if not server.recoverable]:
            raise servers_conflict("source servers that cannot be recovered", down)
        if held := [server.id for server in servers if server.id in self.jobs.busy()]:
            raise servers_conflict("source servers that another job holds", held)
        self.jobs.refuse_over_quota(len(servers))
        job_id = identifier("drsjob", self.place.arn(""), len(self.jobs.by_id), pace.created)
        participants = [Participant(server.id) for server in servers]
        job = Job(job_id, self.place.arn(f"job/{job_id}"), pace, is_drill, tags, participants)
        self.jobs.by_id[job_id] = job
        for server in servers:
            server.show_launch(job, "PENDING", "PENDING")
        return job

    def advance(self, now: datetime, right_sizing: float | None) -> None:
        """Let happen what is due: in the running jobs, and every `right_sizing` seconds DRS's own look at types."""
        if right_sizing and (due := self._next_look(now, timedelta(seconds=right_sizing))):
            self._run_jobs(due)
            right_size(self, due)
        self._run_jobs(now)

    def _next_look(self, now: datetime, every: timedelta) -> datetime | None:
        """When DRS looked first since the last time that anybody did; later looks would find nothing new."""
        last = self._looked_at
        if last is None or now < last:
            self._looked_at = now
            return None
        if now < last + every:
            return None
        self._looked_at = last + every * ((now - last) // every)
        return last + every

    def _run_jobs(self, now: datetime) -> None:
        for job in self.jobs.running():
            job.advance(now, partial(launch, self), partial(finish, self))
