"""Recovery jobs: when DRS accepts one, how it proceeds, and what each server was launched from.

A job moves when somebody looks: before every call the clock is read and what is due happens. So a server
is launched from the default version its template has at that moment, whenever the job was accepted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from local.simulator.errors import quota_exceeded
from local.simulator.launch_templates import LaunchTemplate
from local.simulator.shapes import Shape, timestamp

SERVERS_IN_A_JOB, JOBS_AT_ONCE, SERVERS_IN_ALL_JOBS = 100, 20, 500

# Seconds after the call, from the first wave of the real drill of 2022-12-07 (two servers, 8 m 53 s).
JOB_START, LAUNCH_START, LAUNCH_END, JOB_END = 0.36, 251.0, 529.1, 533.3
FOR_EACH_SERVER = (
    (0.76, "SNAPSHOT_START"),
    (0.95, "SNAPSHOT_END"),
    (52.9, "CONVERSION_START"),
    (250.4, "CONVERSION_END"),
    (LAUNCH_START, "LAUNCH_START"),
)


@dataclass
class Participant:
    """A server in a job. `template` and `version` are what it was launched from, `why` what went wrong.

    `instance` is moto's, that DRS runs; none if it launches into one that is there.
    """

    server_id: str
    status: str = "PENDING"
    instance_id: str | None = None
    template: LaunchTemplate | None = None
    version: int | None = None
    why: str | None = None
    instance: Any = None

    def shape(self) -> Shape:
        """As DescribeJobs shows it."""
        instance = {"recoveryInstanceID": self.instance_id} if self.instance_id else {}
        return {"sourceServerID": self.server_id, "launchStatus": self.status} | instance

    def launch(self) -> Shape:
        """What it was launched from, as far as it was."""
        data = self.template.versions[self.version - 1].data if self.template and self.version else None
        return {
            "sourceServerID": self.server_id,
            "launchTemplateID": self.template.id if self.template else None,
            "launchTemplateVersion": self.version,
            "launchTemplateData": data,
            "error": self.why,
        }


class Pace(NamedTuple):
    """When a job was accepted, and how many times as fast as the real drill it runs; infinity ends it at once."""

    created: datetime
    speed: float = 1

    def after(self, seconds: float) -> datetime:
        """A moment of its life, in seconds of the real drill."""
        return self.created + timedelta(seconds=seconds / self.speed)


Launch = Callable[["Job", Participant], None]


@dataclass
class Job:
    """One accepted StartRecovery."""

    id: str
    arn: str
    pace: Pace
    is_drill: bool
    tags: dict[str, str]
    participants: list[Participant]
    status: str = "PENDING"
    launched: bool = False

    @property
    def running(self) -> bool:
        """Whether it still holds its servers."""
        return self.status != "COMPLETED"

    def after(self, seconds: float) -> datetime:
        """A moment of its life, in seconds of the real drill."""
        return self.pace.after(seconds)

    @property
    def created(self) -> datetime:
        """When it was accepted."""
        return self.pace.created

    def shape(self) -> Shape:
        """As DescribeJobs shows it."""
        ended = {} if self.running else {"endDateTime": timestamp(self.after(JOB_END))}
        return {
            "jobID": self.id,
            "arn": self.arn,
            "type": "LAUNCH",
            "initiatedBy": "START_DRILL" if self.is_drill else "START_RECOVERY",
            "creationDateTime": timestamp(self.created),
            "status": self.status,
            "participatingServers": [participant.shape() for participant in self.participants],
            "tags": self.tags,
        } | ended

    def shape_with_launches(self) -> Shape:
        """The same, and what each server was launched from: for the control API, DRS does not tell."""
        return self.shape() | {"launches": [participant.launch() for participant in self.participants]}

    def advance(self, now: datetime, launch: Launch, finish: Launch) -> None:
        """Let happen what is due: the start, the launch of each server, the end."""
        if self.status == "PENDING" and now >= self.after(JOB_START):
            self.status = "STARTED"
            for participant in self.participants:
                participant.status = "IN_PROGRESS"
        if not self.launched and now >= self.after(LAUNCH_START):
            self.launched = True
            for participant in self.participants:
                launch(self, participant)
        if self.running and now >= self.after(LAUNCH_END):
            for participant in self.participants:
                if participant.status == "IN_PROGRESS":
                    finish(self, participant)
        if self.running and now >= self.after(JOB_END):
            self.status = "COMPLETED"

    def log(self, now: datetime) -> list[Shape]:
        """Its log items up to now, oldest first."""
        items = sorted(self._events(), key=lambda event: event[0])
        return [
            {"logDateTime": timestamp(self.after(second)), "event": event, "eventData": data}
            for second, event, data in items
            if self.after(second) <= now
        ]

    def _events(self) -> Iterator[tuple[float, str, Shape]]:
        """Real DRS writes LAUNCH_END too, though botocore's model of the event does not list it."""
        yield JOB_START, "JOB_START", {}
        yield JOB_END, "JOB_END", {}
        for participant in self.participants:
            server = {"sourceServerID": participant.server_id}
            for second, event in FOR_EACH_SERVER:
                yield second, event, server
            if participant.status == "FAILED":
                yield LAUNCH_START + 1, "LAUNCH_FAILED", server | {"rawError": participant.why}
            else:
                yield LAUNCH_END, "LAUNCH_END", server | {"targetInstanceID": participant.instance_id}


@dataclass
class Jobs:
    """The recovery jobs of one account and Region, oldest first."""

    by_id: dict[str, Job] = field(default_factory=dict)

    def running(self) -> list[Job]:
        """Those that are not completed."""
        return [job for job in self.by_id.values() if job.running]

    def busy(self) -> set[str]:
        """The servers that a job holds."""
        return {participant.server_id for job in self.running() for participant in job.participants}

    def refuse_over_quota(self, servers: int) -> None:
        """Raise if one more job with so many servers breaks a quota of DRS.md section 5."""
        if servers > SERVERS_IN_A_JOB:
            raise quota_exceeded(f"A job can hold {SERVERS_IN_A_JOB} source servers", "L-B827C881")
        if len(self.running()) >= JOBS_AT_ONCE:
            raise quota_exceeded(f"{JOBS_AT_ONCE} jobs are in progress", "L-D88FAC3A")
        if len(self.busy()) + servers > SERVERS_IN_ALL_JOBS:
            raise quota_exceeded(f"{SERVERS_IN_ALL_JOBS} source servers in all jobs", "L-05AFA8C6")
