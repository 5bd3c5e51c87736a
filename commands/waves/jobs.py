"""What DRS shows of recovery: its jobs, the servers it could launch, the instances it launched. Only read here.

Source: DRS API Reference, DescribeJobs, DescribeSourceServers; EC2 API Reference, DescribeInstances.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from commands.aws.calls import Calls, Data
from commands.aws.failures import FailedError, OutOfTimeError
from commands.aws.survey import Call, instances, pages, source_servers
from events.moments import iso
from events.waves import Offender, ServerLaunch

T = TypeVar("T")
PATIENCE = timedelta(seconds=15)
"""How long a look at DRS may take."""
RUNS = timedelta(days=2)
"""A job that was begun longer ago is not looked for among those that run."""
UNRECOVERABLE = {"STOPPED", "INITIATING", "INITIAL_SYNC", "DISCONNECTED"}
"""States of replication in which DRS refuses to launch: there is no snapshot yet, or none that it can reach."""
BUSY, GONE = "BUSY", "GONE"


class UnseenError(Exception):
    """DRS could not be asked."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recovery job, as DescribeJobs shows it."""

    job_id: str
    initiated_by: str
    began: datetime
    ended: datetime | None
    completed: bool
    launches: tuple[ServerLaunch, ...]

    @property
    def servers(self) -> frozenset[str]:
        """The servers it launches."""
        return frozenset(launch.source_server_id for launch in self.launches)


@dataclass(frozen=True, slots=True)
class Jobs:
    """What DRS shows in one account and Region.

    Every look raises `UnseenError` if it comes to nothing.
    """

    calls: Calls

    def running(self) -> list[Job]:
        """The jobs that have not ended."""
        since = self.calls.now() - RUNS
        return [job for job in self._jobs({"fromDate": iso(since)}) if not job.completed]

    def named(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """These jobs by id; without those that DRS does not know."""
        return {job.job_id: job for job in self._jobs({"jobIDs": list(job_ids)})} if job_ids else {}

    def find(self, server_ids: Sequence[str], *, is_drill: bool, since: datetime, until: datetime) -> list[str]:
        """The jobs begun between the two, in whatever status, for exactly these servers and this kind of launch."""
        jobs = self._jobs({"fromDate": iso(since), "toDate": iso(until)})
        kind = "START_DRILL" if is_drill else "START_RECOVERY"
        return [job.job_id for job in jobs if job.initiated_by == kind and job.servers == {*server_ids}]

    def servers(self, server_ids: Sequence[str]) -> dict[str, Data]:
        """These source servers by id, as DRS describes them; without those that are gone."""
        return self._seen(lambda call: {each["sourceServerID"]: each for each in source_servers(call, server_ids)})

    def offenders(self, server_ids: Sequence[str]) -> tuple[Offender, ...]:
        """The servers because of which DRS would refuse a job."""
        return offenders(server_ids, self.servers(server_ids), self.running())

    def instances(self, ids: Sequence[str]) -> dict[str, Data]:
        """These EC2 instances by id."""
        return self._seen(lambda call: dict(instances(call, list(ids)))) if ids else {}

    def _jobs(self, filters: Data) -> list[Job]:
        return self._seen(lambda call: [_job(item) for item in _described(call, filters)])

    def _seen(self, look: Callable[[Call], T]) -> T:
        deadline = self.calls.now() + PATIENCE

        def call(service: str, operation: str, arguments: Data) -> Data:
            return self.calls(service, operation, arguments, deadline, urgent=True)

        try:
            return look(call)
        except (FailedError, OutOfTimeError) as error:
            raise UnseenError(f"DRS could not be asked: {error}") from error


def offenders(server_ids: Iterable[str], servers: Mapping[str, Data], running: Iterable[Job]) -> tuple[Offender, ...]:
    """Of these servers those that DRS would refuse to launch, given what it shows of them and which jobs run."""
    busy = {id_: job.job_id for job in running for id_ in job.servers}
    found = (_offence(id_, servers.get(id_), busy.get(id_)) for id_ in server_ids)
    return tuple(offender for offender in found if offender)


def replication(server: Data) -> str:
    """The state that a server's replication is in."""
    return str(server.get("dataReplicationInfo", {}).get("dataReplicationState", "UNKNOWN"))


def _offence(id_: str, server: Data | None, busy_with: str | None) -> Offender | None:
    if server is None:
        return Offender(source_server_id=id_, reason=GONE, message="DRS knows no such server")
    if busy_with:
        return Offender(source_server_id=id_, reason=BUSY, message=f"{busy_with} holds it")
    state = replication(server)
    if state in UNRECOVERABLE:
        return Offender(source_server_id=id_, reason=state, message=f"its replication is {state}")
    return None


def _described(call: Call, filters: Data) -> Iterator[Data]:
    return pages(call, "DescribeJobs", "items", {"filters": filters}, service="drs")


def _job(item: Data) -> Job:
    ended = item.get("endDateTime")
    return Job(
        job_id=item["jobID"],
        initiated_by=item.get("initiatedBy", ""),
        began=datetime.fromisoformat(item["creationDateTime"]),
        ended=datetime.fromisoformat(ended) if ended else None,
        completed=item["status"] == "COMPLETED",
        launches=tuple(_launch(each) for each in item.get("participatingServers", [])),
    )


def _launch(item: Data) -> ServerLaunch:
    return ServerLaunch(
        source_server_id=item["sourceServerID"],
        status=item.get("launchStatus", "PENDING"),
        instance_id=item.get("recoveryInstanceID", ""),
    )
