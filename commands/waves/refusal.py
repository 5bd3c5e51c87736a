"""Why AWS refused to launch a chunk, and whether the rest of it may be launched all the same."""

from dataclasses import dataclass

from commands.waves.job import JOBS_AT_ONCE, SERVERS_AT_ONCE, Job, offenders
from commands.waves.jobs import Jobs
from commands.waves.recovery import Declined
from events.wave_state import Wave
from events.waves import Offender

CONFLICT, MISSING, QUOTA = "ConflictException", "ResourceNotFoundException", "ServiceQuotaExceededException"


@dataclass(frozen=True, slots=True)
class Refusal:
    """AWS's no to one chunk, and the servers it was for, as far as they can be seen."""

    chunk: int
    code: str
    message: str
    offenders: tuple[Offender, ...] = ()

    @property
    def conflict(self) -> bool:
        """Whether some server is in no state to be launched; perhaps because our own job launches it."""
        return self.code == CONFLICT

    def may_be_sent_again(self, wave: Wave) -> bool:
        """Whether the chunk is sent once more: without the offenders, if that is the policy of all their groups.

        As it is, if it was for some server's state and no server is in such a state any more.
        """
        if not self.offenders:
            return self.conflict
        first = str(self.chunk) not in wave.dropped
        policies = {wave.claim.policy_of(one.source_server_id) if wave.claim else None for one in self.offenders}
        return first and policies == {"proceed"}


def explained(jobs: Jobs, wave: Wave, chunk: int, said: Declined) -> tuple[Refusal, list[Job]]:
    """What AWS refused a chunk for, by a look at the servers and at the jobs that run; and those jobs.

    Raises:
        UnseenError: nothing could be seen.
    """
    if said.code in {CONFLICT, MISSING}:
        ids, running = wave.servers(chunk), jobs.running()
        return Refusal(chunk, said.code, said.message, offenders(ids, jobs.servers(ids), running)), running
    if said.code == QUOTA:
        running = jobs.running()
        return Refusal(chunk, said.code, f"{said.message} ({quota(running)})"), running
    return Refusal(chunk, said.code, said.message), []


def quota(running: list[Job]) -> str:
    """How much of DRS's quotas is used."""
    servers = sum(len(job.servers) for job in running)
    return f"{len(running)} of {JOBS_AT_ONCE} jobs run, with {servers} of {SERVERS_AT_ONCE} servers"
