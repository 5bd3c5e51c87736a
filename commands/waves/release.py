"""What becomes of a wave's claims on its groups: held while its jobs run, given back when it is over."""

from contextlib import suppress
from datetime import datetime, timedelta

from commands.claims import ExtendClaim, ReleaseGroup
from commands.waves.refusal import Refusal
from commands.waves.start import Waves, WaveStream, claim_of, system
from events.commits import Context
from events.errors import Refused
from events.facts import KEPT_TEXT, cut
from events.groups import Group
from events.waves import ClaimExtended, RecoveryRefused

ENOUGH, LONGER = timedelta(minutes=15), timedelta(minutes=30)
"""What must be left of a claim when a launch is taken over, else it is claimed for so long: DRS takes minutes to launch
a server once it has accepted the job, and reads its configuration only then."""


def declined(waves: Waves, stream: WaveStream, why: Refusal, context: Context) -> WaveStream:
    """AWS said no: nothing more is launched, and unless a chunk is launching already, the groups are let go."""
    refused = RecoveryRefused(
        chunk=why.chunk,
        code=cut(why.code, 64),
        message=cut(why.message, KEPT_TEXT),
        at=waves.service.now(),
        offenders=why.offenders,
    )
    stream = waves.append(stream, context, refused)
    let_go_if_over(waves, stream)
    return stream


def let_go_if_over(waves: Waves, stream: WaveStream) -> None:
    """The groups' claims given back once nothing of the wave is launched any more; again is no news."""
    if stream.state.over:
        _each_group(waves, stream, ReleaseGroup(claim_of(stream).wave))


def hold_on(waves: Waves, stream: WaveStream, until: datetime) -> bool:
    """The groups stay claimed for longer; whether all of them do, or somebody writes to one by now."""
    claims = [group.claim for group in _each_group(waves, stream, ExtendClaim(claim_of(stream).wave, until))]
    return all(claim and claim.by == claim_of(stream).wave and claim.until >= until for claim in claims)


def held_to_launch(waves: Waves, stream: WaveStream, context: Context) -> WaveStream:
    """A launch is taken over late: its groups are claimed for long enough that it is over before they are free."""
    now, until = waves.service.now(), stream.state.claimed_until
    if until is None or until - now >= ENOUGH or not hold_on(waves, stream, now + LONGER):
        return stream
    return waves.append(stream, context, ClaimExtended(until=now + LONGER))


def _each_group(waves: Waves, stream: WaveStream, command: ReleaseGroup | ExtendClaim) -> list[Group]:
    """The groups after the command; without those that are gone, which hold no claim."""
    found = []
    for group in claim_of(stream).groups:
        with suppress(Refused):
            context = system(type(command).__name__, stream)
            found.append(waves.service.execute(group.group_id, command, context).state)
    return found
