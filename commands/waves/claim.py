"""From a request to a claim: the groups read from the event table, mended if they must be, and decided upon."""

from dataclasses import replace
from datetime import datetime, timedelta

from commands.asked import Asked
from commands.decide import ClaimGroup, decide
from commands.outcomes import OVER
from commands.pump import pump
from commands.service import ATTEMPTS, GroupStream
from commands.waves.start import Start, WaveStream
from events import status, waves
from events.commits import digest
from events.errors import LostRace, Refused
from events.groups import MAX_SERVERS, Group, Target
from events.model import canonical
from events.moments import earliest
from events.streams import WAVE, Stream

PER_JOB = 100
"""Servers in one recovery job (DRS service quotas)."""
CLAIM_FOR = timedelta(minutes=30)
"""How long nobody writes to servers being launched, if nothing says earlier that the job has ended."""


def claimed(start: Start) -> tuple[WaveStream, bool]:
    """The wave's stream with its claim, and whether it was made now (else it was found there).

    Raises:
        Refused: it cannot start; nothing was launched. `NOT_READY` names the servers that block it.
    """
    budget = start.service.after(start.request.budget_seconds)
    groups = [start.service.group(id_) for id_ in start.group_ids]
    mended: waves.Path = "fast"
    for attempt in range(ATTEMPTS):
        now, path = start.service.now(), mended
        if any(_unready(stream.state, now) for stream in groups):
            there = start.stream()
            if there.version:
                return there, False
            groups = _all_repaired(start, groups, budget)
            now, mended = start.service.now(), "repaired"
            path = _judged(start, groups, now)
        try:
            return _claim(start, groups, path, now), True
        except LostRace:
            there = start.stream()
            if there.version:
                return there, False
            start.service.pause(attempt)
            groups = [start.service.group(id_) for id_ in start.group_ids]
    raise Refused("BUSY", "the groups are being changed by many at once: try again", 503, retryable=True)


def _unready(group: Group, now: datetime) -> bool:
    held = any(hold.holds(now) for hold in (group.lease, group.claim) if hold)
    return held or bool(status.due(group, now, failed_too=True))


def _all_repaired(start: Start, groups: list[GroupStream], budget: datetime) -> list[GroupStream]:
    """Each group gets its share of the time that is left, so that none waits for one in trouble; then all of it."""
    once: list[GroupStream] = []
    for number, stream in enumerate(groups):
        now = start.service.now()
        share = max(budget - now, timedelta()) / (len(groups) - number)
        once.append(_repaired(start, stream, now + share, first=True))
    again = [_repaired(start, stream, budget, first=False) for stream in once] if len(groups) > 1 else once
    return [_let_land(start, stream) for stream in again]


def _let_land(start: Start, stream: GroupStream) -> GroupStream:
    """The group once no write of ours to it can land any more, so that it can be claimed."""
    now, lease = start.service.now(), stream.state.lease
    if lease and now < lease.until <= now + OVER:
        start.service.sleep((lease.until - now).total_seconds())
        return start.service.group(stream.state.group_id)
    return stream


def _repaired(start: Start, stream: GroupStream, budget: datetime, *, first: bool) -> GroupStream:
    """The group after as much applying as the wave's budget allows, waiting for backoffs and other workers' leases."""
    service, group_id = start.service, stream.state.group_id
    attempt = 0
    while _unready(stream.state, service.now()) and service.now() < budget:
        if stream.state.claim and stream.state.claim.holds(service.now()):
            break
        before = stream.version
        stream = pump(service, group_id, budget, cause=start.context.command_id, wave="first" if first else "again")
        now, first = service.now(), first and stream.version == before
        if stream.state.lease and stream.state.lease.holds(now):
            attempt += 1
            service.pause(attempt + 5)
            continue
        again = status.next_due_at(stream.state, now)
        if again is None or again >= budget:
            break
        service.sleep(max((again - now).total_seconds(), 0.1))
    return stream


def _judged(start: Start, groups: list[GroupStream], now: datetime) -> waves.Path:
    """Whether a wave may go on what was reached: the policy of the call, else the group's, else by kind."""
    path: waves.Path = "repaired"
    for stream in groups:
        unproved = status.due(stream.state, now, failed_too=True)
        if not unproved:
            continue
        definition = stream.state.definition
        policy = start.request.on_not_ready or (definition and definition.on_not_ready)
        if (policy or ("block" if start.request.is_drill else "proceed")) == "block":
            raise Refused(
                "NOT_READY",
                f"{stream.state.group_id}: {len(unproved)} servers are not proved ready; mend and apply them, or"
                " start with onNotReady proceed",
                409,
                groupId=stream.state.group_id,
                sourceServerIds=list(unproved),
                status=status.status(stream.state, now),
                retryable=True,
            )
        path = "proceeded"
    return path


def _claim(start: Start, groups: list[GroupStream], path: waves.Path, now: datetime) -> WaveStream:
    """One transaction: the decision with its evidence in the wave's stream, and a claim in every group's."""
    service = start.service
    fact = _decision(start, groups, path, now)
    wave: WaveStream = Stream(WAVE, WAVE.stream_id(start.request.execution_id, start.request.wave_number), WAVE.initial)
    ours = wave.next(start.context, [fact], now)
    system = replace(start.context, via="system", causation_id=start.context.command_id)
    claims = []
    for stream in groups:
        asked = Asked(
            now, start.context.actor, stream.version + 1, stream.state.group_id, service.region, service.account_id
        )
        facts = decide(stream.state, ClaimGroup(start.name, fact.until), asked)
        claims.append(stream.next(system, facts, now))
    service.store.append(ours, *claims)
    return wave.follow(ours)


def _decision(start: Start, groups: list[GroupStream], path: waves.Path, now: datetime) -> waves.WaveClaimed:
    servers = [id_ for stream in groups for id_ in sorted(stream.state.servers)]
    target = _one_target(groups)
    _launchable(servers)
    return waves.WaveClaimed(
        execution_id=start.request.execution_id,
        wave_number=start.request.wave_number,
        is_drill=start.request.is_drill,
        region=target.region,
        target=target,
        path=path,
        groups=tuple(_evidence(stream, now) for stream in groups),
        chunks=tuple(tuple(servers[n : n + PER_JOB]) for n in range(0, len(servers), PER_JOB)),
        until=now + CLAIM_FOR,
        requested_at=start.requested_at,
        configuration_calls=start.calls(),
        claimed_by=start.context.command_id,
    )


def _launchable(servers: list[str]) -> None:
    """The static limits, before anything is written."""
    if not servers:
        raise Refused("EMPTY_WAVE", "these groups have no servers: add some first", field="protectionGroupIds")
    if len(servers) > MAX_SERVERS:
        raise Refused(
            "QUOTA_EXCEEDED",
            f"{len(servers)} servers; DRS recovers at most {MAX_SERVERS} at once: split the wave",
            field="protectionGroupIds",
        )


def _evidence(stream: GroupStream, now: datetime) -> waves.GroupEvidence:
    group = stream.state
    hashes = {id_: server.config_hash for id_, server in group.servers.items() if server.proved}
    return waves.GroupEvidence(
        group_id=group.group_id,
        version=stream.version,
        status=status.status(group, now),
        proved_at=earliest(*(server.proved_at for server in group.servers.values() if server.proved)),
        configs_hash=digest(canonical(hashes)),
        unproved=status.due(group, now, failed_too=True),
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
