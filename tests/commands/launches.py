"""What a wave's jobs launched, held against the evidence that it was decided on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from commands.waves.repair import JUST_NOW
from events import status
from events.commits import digest
from events.configuration import fingerprint
from events.groups import Group
from events.model import canonical
from events.moments import FRESH_FOR
from events.streams import GROUP, WAVE, load
from events.wave_state import Wave
from events.waves import WaveClaimed
from local.simulator.recovery import LAUNCH_START, Job
from tests.kit import Desk

Edits = Mapping[str, Sequence[datetime]]
"""When somebody in the console edited which server."""


def wave_of(desk: Desk, execution: str, number: int = 0) -> Wave:
    return load(desk.store, WAVE, execution, number).state


def group_at(desk: Desk, group_id: str, *, version: int = 0, moment: datetime | None = None) -> Group:
    """A group as it was at a version, or at a moment, folded from its facts."""
    state = GROUP.initial()
    for commit in desk.store.history(GROUP.stream_id(group_id)):
        if moment and datetime.fromisoformat(commit.recorded_at) > moment:
            break
        for fact in GROUP.parse(commit.events):
            state = GROUP.evolve(state, fact)
        if commit.version == version:
            break
    return state


def claimed_by(desk: Desk, group_id: str, moment: datetime) -> str | None:
    """The wave whose claim held the group then."""
    claim = group_at(desk, group_id, moment=moment).claim
    return claim.by if claim and claim.holds(moment) else None


def all_jobs(desk: Desk) -> dict[str, Job]:
    """Every recovery job that AWS has taken."""
    estate = desk.simulator.world.estate(desk.simulator.world.home)
    return dict(estate.jobs.by_id)


def evidence_is_true(desk: Desk, claim: WaveClaimed) -> None:
    """What the decision says of each group is what its facts amount to at the version that it names."""
    decided = datetime.fromisoformat(
        next(iter(desk.store.history(WAVE.stream_id(claim.execution_id, claim.wave_number)))).recorded_at
    )
    for one in claim.groups:
        group = group_at(desk, one.group_id, version=one.version)
        hashes = {id_: fingerprint(group.wanted(id_)) for id_, server in group.servers.items() if server.proved}
        assert one.configs_hash == digest(canonical(hashes))
        assert one.unproved == status.due(group, decided, failed_too=True)
        assert one.status == status.status(group, decided)
        assert (one.servers, one.policy is not None) == (len(group.servers), True)
        proofs = [group.servers[id_].proved_at for id_ in group.servers if id_ not in one.unproved]
        assert all(at and at <= decided < at + FRESH_FOR for at in proofs)
        assert not claim.live_checked or all(at and at >= claim.requested_at - JUST_NOW for at in proofs)
        assert claim.path != "proceeded" or one.unproved
        assert claim.path == "proceeded" or not one.unproved
    servers = [id_ for one in claim.groups for id_ in sorted(group_at(desk, one.group_id, version=one.version).servers)]
    assert [id_ for chunk in claim.chunks for id_ in chunk] == servers


def launched_otherwise(desk: Desk, claim: WaveClaimed, job: Job, edits: Edits) -> Iterator[str]:
    """Servers that a job launched unclaimed, or from something else than what was proved.

    But for those that somebody edited in the console after the proof: nobody looked again.
    """
    (evidence,) = claim.groups
    group, launched_at = group_at(desk, evidence.group_id, version=evidence.version), job.after(LAUNCH_START)
    if claimed_by(desk, evidence.group_id, launched_at) != claim.wave:
        yield f"{claim.wave} held {evidence.group_id} no longer when it was launched"
    for one in job.participants:
        proved_at = group.servers[one.server_id].proved_at
        launch = one.launch()["launchTemplateData"]
        if one.server_id in evidence.unproved or launch is None or proved_at is None:
            continue
        if any(proved_at <= at <= launched_at for at in edits.get(one.server_id, ())):
            continue
        wanted = group.wanted(one.server_id)
        if in_template(launch) != {key: wanted[key] for key in ("instanceType", "metadataOptions")}:
            yield f"{one.server_id} of {claim.wave}: {in_template(launch)} is not {wanted}"


def in_template(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a version of a launch template says of the settings that the kit's groups ask for."""
    options = data.get("MetadataOptions", {})
    return {"instanceType": data["InstanceType"], "metadataOptions": {"httpTokens": options.get("HttpTokens")}}
