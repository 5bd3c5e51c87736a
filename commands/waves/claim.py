"""From a request to a claim: the groups read from the event table, mended if they must be, and decided upon."""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.claims import ClaimGroup
from commands.decide import decide
from commands.service import ATTEMPTS, GroupStream
from commands.waves.repair import all_repaired, looked_at_again, unready
from commands.waves.requests import PER_JOB
from commands.waves.start import Start, WaveStream
from commands.waves.unproved import not_ready
from events import status, waves
from events.commits import Commit, digest, pack
from events.errors import LostRace, Refused
from events.groups import MAX_SERVERS, Target
from events.model import canonical
from events.moments import earliest
from events.streams import WAVE, Stream

CLAIM_FOR = timedelta(minutes=30)
"""How long nobody writes to servers being launched, if nobody sees that the job goes on, or has ended."""
TRANSACTION = 4_000_000
"""Bytes that one transaction may hold (DynamoDB, TransactWriteItems)."""


def claimed(start: Start) -> tuple[WaveStream, bool]:
    """The wave's stream with its claim, and whether it was made now (else it was found there).

    Raises:
        Refused: it cannot start; nothing was launched. `NOT_READY` names the servers that block it.
    """
    budget = start.service.after(start.request.budget_seconds)
    groups = [start.service.group(id_) for id_ in start.request.group_ids]
    _launchable(groups)
    if start.request.live_check:
        there = start.stream()
        if there.version:
            return there, False
        groups = [looked_at_again(start, stream) for stream in groups]
    mended: waves.Path = "fast"
    for attempt in range(ATTEMPTS):
        now, path = start.service.now(), mended
        if any(unready(stream.state, now) for stream in groups):
            there = start.stream()
            if there.version:
                return there, False
            groups = all_repaired(start, groups, budget)
            now, mended = start.service.now(), "repaired"
            path = _judged(start, groups, now)
        try:
            return _claim(start, groups, path, now), True
        except LostRace:
            there = start.stream()
            if there.version:
                return there, False
            start.service.pause(attempt)
            groups = [start.service.group(id_) for id_ in start.request.group_ids]
    raise Refused("BUSY", "the groups are being changed by many at once: try again", 503, retryable=True)


def _judged(start: Start, groups: list[GroupStream], now: datetime) -> waves.Path:
    """Whether a wave may go on what was reached: the policy of the call, else the group's, else by kind."""
    unproved = [stream for stream in groups if status.due(stream.state, now, failed_too=True)]
    blocking = [stream.state for stream in unproved if _policy(start, stream) == "block"]
    if blocking:
        raise not_ready(blocking, now)
    return "proceeded" if unproved else "repaired"


def _policy(start: Start, stream: GroupStream) -> waves.Policy:
    """What the call says of servers that are not ready; else the group; else a drill waits and a recovery does not."""
    group = stream.state.definition.on_not_ready if stream.state.definition else None
    return start.request.on_not_ready or group or ("block" if start.request.is_drill else "proceed")


def _claim(start: Start, groups: list[GroupStream], path: waves.Path, now: datetime) -> WaveStream:
    """One transaction: the decision with its evidence in the wave's stream, and a claim in every group's."""
    service = start.service
    fact = _decision(start, groups, path, now)
    wave: WaveStream = Stream(
        WAVE, WAVE.stream_id(start.request.execution_id, start.request.wave_number), WAVE.initial()
    )
    ours = wave.next(start.context, [fact], now)
    system = replace(start.context, via="system", causation_id=start.context.command_id)
    claims = []
    for stream in groups:
        asked = service.asked(stream, start.context.actor, now)
        facts = decide(stream.state, ClaimGroup(start.name, fact.until), asked)
        claims.append(stream.next(system, facts, now))
    _fits([ours, *claims])
    service.store.append(ours, *claims)
    return wave.follow(ours)


def _fits(commits: list[Commit]) -> None:
    """One transaction has a size; it is only packed to see if it could matter."""
    parts = [part for commit in commits for part in (commit.events, commit.state)]
    if sum(map(len, parts)) > TRANSACTION and sum(len(pack(part)) for part in parts) > TRANSACTION:
        raise Refused(
            "QUOTA_EXCEEDED",
            "these groups are defined at such length that they cannot be claimed in one transaction: split the wave",
            field="protectionGroupIds",
        )


def _decision(start: Start, groups: list[GroupStream], path: waves.Path, now: datetime) -> waves.WaveClaimed:
    servers, target = _launchable(groups)
    return waves.WaveClaimed(
        execution_id=start.request.execution_id,
        wave_number=start.request.wave_number,
        is_drill=start.request.is_drill,
        region=target.region,
        target=target,
        path=path,
        groups=tuple(_evidence(stream, _policy(start, stream), now) for stream in groups),
        chunks=tuple(tuple(servers[n : n + PER_JOB]) for n in range(0, len(servers), PER_JOB)),
        until=now + CLAIM_FOR,
        requested_at=start.requested_at,
        configuration_calls=start.configuration_calls(),
        claimed_by=start.context.command_id,
        live_checked=start.request.live_check and path != "proceeded",
        claimed_at=now,
    )


def _launchable(groups: list[GroupStream]) -> tuple[list[str], Target]:
    """The servers in order, and where they are launched: within the static limits, before anything is asked of AWS."""
    servers = [id_ for stream in groups for id_ in sorted(stream.state.servers)]
    if not servers:
        raise Refused("EMPTY_WAVE", "these groups have no servers: add some first", field="protectionGroupIds")
    if len(servers) > MAX_SERVERS:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"{len(servers)} servers; DRS recovers at most {MAX_SERVERS} at once: split the wave",
            field="protectionGroupIds",
        )
    return servers, _one_target(groups)


def _evidence(stream: GroupStream, policy: waves.Policy, now: datetime) -> waves.GroupEvidence:
    group = stream.state
    hashes = {id_: server.config_hash for id_, server in group.servers.items() if server.proved}
    return waves.GroupEvidence(
        group_id=group.group_id,
        version=stream.version,
        status=status.status(group, now),
        proved_at=earliest(*(server.proved_at for server in group.servers.values() if server.proved)),
        configs_hash=digest(canonical(hashes)),
        unproved=status.due(group, now, failed_too=True),
        servers=len(group.servers),
        policy=policy,
    )


def _one_target(groups: list[GroupStream]) -> Target:
    """Where all the groups are recovered: one job is one account's."""
    targets = {stream.state.definition.target for stream in groups if stream.state.definition}
    if len(targets) > 1:
        raise Refused(
            "INVALID_PARAMETER",
            "the groups of a wave share one account, Region and role: start a wave for each",
            field="protectionGroupIds",
        )
    return targets.pop()
