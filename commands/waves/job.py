"""A recovery job and a source server as DRS shows them, and which servers it would refuse to launch. Pure.

Source: DRS API Reference, Job, ParticipatingServer, DataReplicationInfo.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from events.waves import Offender, ServerLaunch

Data = Mapping[str, Any]
UNRECOVERABLE = {"STOPPED", "INITIATING", "INITIAL_SYNC", "DISCONNECTED"}
"""States of replication in which DRS refuses to launch: there is no snapshot yet, or none that it can reach."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
BUSY, GONE = "BUSY", "GONE"
JOBS_AT_ONCE, SERVERS_AT_ONCE = 20, 500
"""Recovery jobs of an account and Region, and servers in all of them (DRS service quotas; neither can be raised)."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recovery job, as DescribeJobs shows it."""

    job_id: str
    initiated_by: str
    began: datetime
    ended: datetime | None
    completed: bool
    launches: tuple[ServerLaunch, ...]

    def fits(self, server_ids: Iterable[str], is_drill: bool) -> bool:  # noqa: FBT001  which of the two kinds
        """Whether it launches exactly these, as a drill or a recovery."""
        return self.initiated_by == ("START_DRILL" if is_drill else "START_RECOVERY") and self.servers == {*server_ids}

    @property
    def servers(self) -> frozenset[str]:
        """The servers it launches."""
        return frozenset(launch.source_server_id for launch in self.launches)


def job_of(item: Data) -> Job:
    """The job that DescribeJobs shows so; of its members only the id is always there (botocore's model)."""
    ended = item.get("endDateTime")
    return Job(
        job_id=item["jobID"],
        initiated_by=item.get("initiatedBy", ""),
        began=datetime.fromisoformat(item["creationDateTime"]) if item.get("creationDateTime") else LONG_AGO,
        ended=datetime.fromisoformat(ended) if ended else None,
        completed=item.get("status") == "COMPLETED",
        launches=tuple(_launch(each) for each in item.get("participatingServers", []) if each.get("sourceServerID")),
    )


def _launch(item: Data) -> ServerLaunch:
    return ServerLaunch(
        source_server_id=item["sourceServerID"],
        status=item.get("launchStatus", "PENDING"),
        instance_id=item.get("recoveryInstanceID", ""),
    )


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
