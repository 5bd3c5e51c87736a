"""What DRS shows of recovery: its jobs, the servers it could launch, the instances it launched. Only read here.

Source: DRS API Reference, DescribeJobs, DescribeSourceServers; EC2 API Reference, DescribeInstances.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from commands.aws.calls import Calls, Data
from commands.aws.failures import FailedError, OutOfTimeError
from commands.aws.survey import Call, instances, pages, source_servers
from commands.waves.job import Job, job_of
from events.moments import iso

T = TypeVar("T")
PATIENCE = timedelta(seconds=15)
"""How long a look at DRS may take."""
RUNS = timedelta(days=2)
"""A job that was begun longer ago is not looked for among those that run."""


class UnseenError(Exception):
    """DRS could not be asked."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """What DRS shows in one account and Region.

    Every look raises `UnseenError` if it comes to nothing. ``urgent``: a wave waits for it, so that its calls go
    before those of others.
    """

    calls: Calls
    urgent: bool = True

    def running(self) -> list[Job]:
        """The jobs that have not ended."""
        since = self.calls.now() - RUNS
        return [job for job in self._jobs({"fromDate": iso(since)}) if not job.completed]

    def named(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """These jobs by id; without those that DRS does not know."""
        return {job.job_id: job for job in self._jobs({"jobIDs": list(job_ids)})} if job_ids else {}

    def begun(self, since: datetime, until: datetime) -> list[Job]:
        """The jobs begun between the two, in whatever status."""
        return [job for job in self._jobs({"fromDate": iso(since), "toDate": iso(until)}) if job.began >= since]

    def servers(self, server_ids: Sequence[str]) -> dict[str, Data]:
        """These source servers by id, as DRS describes them; without those that are gone."""
        return self._seen(lambda call: {each["sourceServerID"]: each for each in source_servers(call, server_ids)})

    def instances(self, ids: Sequence[str]) -> dict[str, Data]:
        """These EC2 instances by id."""
        return self._seen(lambda call: dict(instances(call, list(ids)))) if ids else {}

    def _jobs(self, filters: Data) -> list[Job]:
        return self._seen(lambda call: [job_of(item) for item in _described(call, filters)])

    def _seen(self, look: Callable[[Call], T]) -> T:
        deadline = self.calls.now() + PATIENCE

        def call(service: str, operation: str, arguments: Data) -> Data:
            return self.calls(service, operation, arguments, deadline, urgent=self.urgent)

        try:
            return look(call)
        except FailedError as error:
            raise UnseenError(f"DRS could not be asked ({error.code})") from error
        except OutOfTimeError as error:
            raise UnseenError("DRS did not answer in time") from error


def _described(call: Call, filters: Data) -> Iterator[Data]:
    return pages(call, "DescribeJobs", "items", {"filters": filters}, service="drs")
