"""DRS's operations on recovery jobs."""

from datetime import datetime

from local.simulator.drs_request import DrsRequest
from local.simulator.errors import validation_failed
from local.simulator.recovery import Pace
from local.simulator.render import RestJson


class JobApi(DrsRequest):
    """The requests about recovery jobs."""

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
        return self.paged(jobs)

    def describe_job_log_items(self) -> RestJson:
        """What a job has done so far, oldest first; the model knows no ResourceNotFoundException here."""
        job_id = self.asked["jobID"]
        if job_id not in self.estate.jobs.by_id:
            raise validation_failed([("jobID", f"job {job_id} not found")])
        return self.paged(self.estate.jobs.by_id[job_id].log(self.now))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
