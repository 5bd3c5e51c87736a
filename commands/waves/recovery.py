"""The door to StartRecovery, which is sent once.

It is not idempotent and takes no token (DRS API Reference): SDK retries are off, and whether an unanswered call
arrived is found out by a look at the jobs (`commands.waves.jobs`).
"""

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from commands.aws.calls import Clients
from commands.aws.failures import EXPIRED, ROLE, THROTTLED, UNREACHABLE, asked_to_wait, without_secrets

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
    """Not now: no job was made, and it may be asked again, after the seconds that AWS asks for, if it does."""

    code: str
    message: str
    retry_after: float = 0


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer that tells: a job may have been made, or there is one that cannot be seen."""

    code: str
    message: str


Said = Started | Declined | Throttled | Unclear


def start_recovery(clients: Clients, server_ids: tuple[str, ...], *, is_drill: bool) -> Said:
    """One StartRecovery for up to 100 servers. Credentials that have expired are renewed once: nothing was done."""
    said = _sent(clients, server_ids, is_drill=is_drill)
    expired = isinstance(said, Declined) and said.code in EXPIRED
    return _sent(clients, server_ids, is_drill=is_drill) if expired else said


def _sent(clients: Clients, server_ids: tuple[str, ...], *, is_drill: bool) -> Said:
    drs = None
    try:
        drs = clients.client("drs")
        answer = drs.start_recovery(isDrill=is_drill, sourceServers=[{"sourceServerID": id_} for id_ in server_ids])
    except ClientError as error:
        told = error.response["Error"]
        status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
        code, words = told.get("Code", "Unknown"), without_secrets(told.get("Message", ""))
        if status >= _SERVER_ERROR:
            return Unclear(code, words)
        if status == _TOO_MANY or code in THROTTLED:
            return Throttled(code, words, asked_to_wait(error))
        if code in EXPIRED and drs is not None:
            clients.renew(drs)
        return Declined(code, words)
    except BotoCoreError as error:
        return Unclear(UNREACHABLE, without_secrets(str(error)))
    except ValueError as error:  # before anything was sent: no role leads to that account
        return Declined(ROLE, str(error))
    return Started(answer["job"]["jobID"])
