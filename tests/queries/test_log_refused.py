"""A refusal that names no server is about all of its chunk, and is found by any of them."""

from events.streams import WAVE
from events.waves import RecoveryRefused, WaveClaimed
from tests.events.given import NOON, sid
from tests.queries.trails import Trail, damage


def refused(*, claim: bool = True) -> Trail:
    """A wave of two chunks, of which AWS refused the second."""
    trail = Trail.real()
    if claim:
        claimed = WaveClaimed(
            execution_id="exec-1", wave_number=0, is_drill=True, region="us-east-1", path="fast", groups=(),
            chunks=((sid(1), sid(2)), (sid(3),)), until=NOON, requested_at=NOON, claimed_by="sfn-1",
        )  # fmt: skip
        trail.append(WAVE, ("exec-1", 0), claimed)
    trail.append(WAVE, ("exec-1", 0), RecoveryRefused(chunk=1, code="DENIED", message="no", at=NOON))
    return trail


def found(trail: Trail, server: int, **asked: object) -> list[str]:
    return [str(fact["type"]) for one in trail.entries(serverId=sid(server), **asked) for fact in one["facts"]]


def test_the_log_of_a_server_tells_of_the_refusal_of_its_chunk_and_of_no_other() -> None:
    trail = refused()
    assert found(trail, 3) == ["RecoveryRefused", "WaveClaimed"]
    assert found(trail, 3, type="RecoveryRefused", limit=1) == ["RecoveryRefused"]
    assert found(trail, 1) == ["WaveClaimed"]
    assert found(trail, 9) == []
    assert sid(3) in trail.page(serverId=sid(3), type="RecoveryRefused", format="csv")["csv"]


def test_a_refusal_whose_claim_is_not_there_or_cannot_be_read_breaks_nothing() -> None:
    assert found(refused(claim=False), 3) == []
    trail = refused()
    damage(trail, "exec-1#0", 1, kind="wave", actor=None)
    assert found(trail, 3) == ["WaveClaimed"]
