"""The door to DRS recovery jobs: StartRecovery, sent once, and the look for a job whose answer was lost.

StartRecovery is not idempotent and takes no token (DRS API Reference): SDK retries are off, and whether an
unanswered call arrived is found out by DescribeJobs, by the exact set of servers and the kind of launch.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from commands.aws.calls import Clients
from commands.aws.failures import EXPIRED, THROTTLED
from events.moments import iso

if TYPE_CHECKING:
    from mypy_boto3_drs import DrsClient
    from mypy_boto3_drs.type_defs import JobTypeDef

_TOO_MANY, _SERVER_ERROR = 429, 500


@dataclass(frozen=True, slots=True)
class Started:
    """AWS took it, as this job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """AWS refused it for sure: no job was made."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not now: no job was made, and it may be asked again."""

    message: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer that tells: a job may have been made."""

    message: str


class Recovery:
    """Recovery jobs in one account and Region. ``clients`` are made without SDK retries."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    @property
    def _drs(self) -> "DrsClient":
        client: DrsClient = self._clients.client("drs")
        return client

    def start(self, server_ids: tuple[str, ...], *, is_drill: bool) -> Started | Declined | Throttled | Unclear:
        """One StartRecovery for up to 100 servers. Credentials that have expired are renewed once: nothing was done."""
        said = self._start(server_ids, is_drill=is_drill)
        expired = isinstance(said, Declined) and said.code in EXPIRED
        return self._start(server_ids, is_drill=is_drill) if expired else said

    def _start(self, server_ids: tuple[str, ...], *, is_drill: bool) -> Started | Declined | Throttled | Unclear:
        try:
            answer = self._drs.start_recovery(
                isDrill=is_drill, sourceServers=[{"sourceServerID": id_} for id_ in server_ids]
            )
        except ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
            if status >= _SERVER_ERROR:
                return Unclear(str(error))
            if status == _TOO_MANY or told.get("Code") in THROTTLED:
                return Throttled(str(error))
            if told.get("Code") in EXPIRED:
                self._clients.renew(self._drs)
            return Declined(told.get("Code", "Unknown"), told.get("Message", ""))
        except BotoCoreError as error:
            return Unclear(str(error))
        return Started(answer["job"]["jobID"])

    def find(
        self, server_ids: tuple[str, ...], *, is_drill: bool, since: datetime, until: datetime
    ) -> tuple[str, ...] | Unclear:
        """The jobs begun between the two, in whatever status, for exactly these servers and this kind of launch."""
        initiated = "START_DRILL" if is_drill else "START_RECOVERY"
        try:
            jobs = self._jobs(since, until)
        except (ClientError, BotoCoreError) as error:
            return Unclear(str(error))
        return tuple(
            job["jobID"]
            for job in jobs
            if job.get("initiatedBy") == initiated
            and {server["sourceServerID"] for server in job.get("participatingServers", [])} == {*server_ids}
        )

    def _jobs(self, since: datetime, until: datetime) -> "list[JobTypeDef]":
        pages = self._drs.get_paginator("describe_jobs").paginate(
            filters={"fromDate": iso(since), "toDate": iso(until)}
        )
        return [job for page in pages for job in page["items"]]
