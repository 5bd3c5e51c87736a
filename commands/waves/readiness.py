"""Could these waves start now? What is known of each group, what DRS shows of each server, and what its quotas leave.

Asked of the event table and of DRS at this moment, never of the read model; nothing is written.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from commands.aws.calls import Data
from commands.service import GroupStream
from commands.waves.blocks import Block, of_group, of_quota, of_servers
from commands.waves.job import JOBS_AT_ONCE, SERVERS_AT_ONCE, Job, replication
from commands.waves.jobs import Jobs, UnseenError
from commands.waves.lookup import Lookup, Wave
from commands.waves.requests import PER_JOB, CheckReadiness, WaveToCheck
from commands.waves.start import Waves
from events import status
from events.groups import Target
from events.moments import FRESH_FOR, earliest, iso, iso_seconds

FIRST_APPLY = {("drs", "GetLaunchConfiguration"): 1, ("drs", "UpdateLaunchConfiguration"): 1} | {
    ("ec2", operation): 1
    for operation in ("CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "DescribeLaunchTemplateVersions")
}
"""What a server takes at most that must be applied anew."""
TYPICAL = 0.3
"""Seconds that a call takes, where none was made yet."""


@dataclass(frozen=True)
class Seen:
    """What DRS shows in one account and Region; or why it shows nothing."""

    servers: dict[str, Data] = field(default_factory=dict)
    running: list[Job] = field(default_factory=list)
    unseen: str = ""


def check_readiness(waves: Waves, request: CheckReadiness) -> dict[str, Any]:
    """Per wave: go, or what blocks it, since when, and how long a repair would take. Waves' calls go first."""
    return readiness(waves, request.waves, urgent=False)


def readiness(waves: Waves, asked: Iterable[WaveToCheck], *, urgent: bool) -> dict[str, Any]:
    """The same, of however many groups. ``urgent``: an execution waits for it."""
    now, lookup = waves.service.now(), Lookup(waves)
    found = [lookup.wave(each) for each in asked]
    targets = {each for wave in found for each in wave.targets}
    seen = {target: _seen(waves, target, found, urgent=urgent) for target in targets}
    answers = [_answer(waves, wave, seen, now) for wave in found]
    return {
        "go": all(answer["go"] for answer in answers),
        "asOf": iso(now),
        "waves": answers,
        "quotas": [_quota(target, there) for target, there in sorted(seen.items(), key=lambda each: repr(each[0]))],
    }


def _seen(waves: Waves, target: Target, found: Iterable[Wave], *, urgent: bool) -> Seen:
    ids = sorted({id_ for wave in found if target in wave.targets for id_ in wave.all_servers})
    jobs = Jobs(waves.aws(target), urgent=urgent)
    try:
        return Seen(jobs.servers(ids) if ids else {}, jobs.running())
    except UnseenError as error:
        return Seen(unseen=str(error))


def _answer(waves: Waves, wave: Wave, seen: dict[Target, Seen], now: datetime) -> dict[str, Any]:
    there = seen[next(iter(wave.targets))] if len(wave.targets) == 1 else Seen()
    blocks = [*wave.blocks, *_blocks(wave, there, now)]
    servers = [each.state.servers[id_] for each in wave.groups for id_ in wave.servers(each)]
    proved_at = earliest(*(server.proved_at for server in servers if server.proved))
    due = sum(len({*status.due(each.state, now, failed_too=True)} & {*wave.servers(each)}) for each in wave.groups)
    return {
        "waveName": wave.asked.wave_name,
        "go": not blocks,
        "verdict": _verdict(blocks),
        "blocks": [block.shown() for block in blocks],
        "repairSeconds": max(_repair(waves, wave, due) if due else 0, _held(wave, now)),
        "servers": len(wave.all_servers),
        "jobs": -(-len(wave.all_servers) // PER_JOB),
        "replication": dict(Counter(replication(there.servers.get(id_, {})) for id_ in wave.all_servers)),
        "provedAt": iso_seconds(proved_at),
        "freshUntil": iso_seconds(proved_at and proved_at + FRESH_FOR),
        "groups": [_line(stream, now) for stream in wave.groups],
    }


def _blocks(wave: Wave, there: Seen, now: datetime) -> list[Block]:
    blocks = [block for stream in wave.groups for block in of_group(stream.state, wave.servers(stream), now)]
    if len(wave.targets) > 1:
        blocks.append(Block("INVALID_PARAMETER", "its groups differ in account, Region or role: a wave has one"))
    if there.unseen:
        return [*blocks, Block("AWS_UNAVAILABLE", there.unseen)]
    if len(wave.targets) == 1:
        blocks += of_servers(wave.all_servers, there.servers, there.running)
    return [*blocks, *of_quota(len(wave.all_servers), there.running)]


def _verdict(blocks: list[Block]) -> str:
    """`go`: at once, with no configuration call; `repair`: once what is pending is applied; else `no-go`."""
    if not blocks:
        return "go"
    return "repair" if all(block.repairable for block in blocks) else "no-go"


def _repair(waves: Waves, wave: Wave, due: int) -> float:
    """Seconds it would take to apply so many servers, from how the request limits stand now."""
    calls = waves.aws(next(iter(wave.targets)))
    each = Counter({call: number * due for call, number in FIRST_APPLY.items()})
    try:
        limits = calls.limiter.seconds(each)
    except (BotoCoreError, ClientError):  # the table of request limits is away: its part is not known
        limits = 0.0
    return round(limits + sum(FIRST_APPLY.values()) * (calls.typical() or TYPICAL), 1)


def _held(wave: Wave, now: datetime) -> float:
    """Seconds until the workers that apply its groups at the moment must have given them back."""
    leases = [each.state.lease for each in wave.groups if each.state.lease]
    return max((round((lease.until - now).total_seconds(), 1) for lease in leases if lease.holds(now)), default=0)


def _quota(target: Target, there: Seen) -> dict[str, Any]:
    shown: dict[str, Any] = {"accountId": target.account_id, "region": target.region}
    if there.unseen:
        return {**shown, "unseen": there.unseen}
    servers = sum(len(job.servers) for job in there.running)
    return {
        **shown,
        "jobs": {"running": len(there.running), "limit": JOBS_AT_ONCE},
        "servers": {"inJobs": servers, "limit": SERVERS_AT_ONCE},
    }


def _line(stream: GroupStream, now: datetime) -> dict[str, Any]:
    group = stream.state
    return {
        "groupId": group.group_id,
        "version": stream.version,
        "status": status.status(group, now),
        "onNotReady": group.definition.on_not_ready if group.definition else None,
    }
