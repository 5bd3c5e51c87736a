"""A sheet hides nothing that the entries say: what AWS refused, of a job or too late, and what cannot be read."""

import csv
import io

from events import facts as f
from events.streams import GROUP, WAVE
from events.waves import Offender, RecoveryRefused
from queries.sheet import sheet
from tests.events.given import NOON, sid
from tests.queries.trails import Json, Trail

Said = list[tuple[str, str, str, str]]


def told(text: str) -> Said:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return sorted((row["fact"], row["sourceServerId"], row["code"], row["message"]) for row in rows)


def entry(**more: object) -> Json:
    texts = ("recordedAt", "actor", "via", "command", "streamId", "correlationId", "causationId")
    return {**dict.fromkeys(texts, ""), "version": 1, "facts": [], **more}


def test_what_aws_said_of_a_whole_job_stands_beside_what_was_said_of_its_offenders() -> None:
    trail = Trail.real()
    busy = Offender(source_server_id=sid(1), reason="BUSY", message="a job holds it")
    refused = RecoveryRefused(chunk=0, code="CONFLICT", message="no, said AWS", at=NOON, offenders=(busy,))
    trail.append(WAVE, ("exec-1", 0), refused)
    assert told(trail.page(format="csv")["csv"]) == [
        ("RecoveryRefused", "", "CONFLICT", "no, said AWS"),
        ("RecoveryRefused", sid(1), "BUSY", "a job holds it"),
    ]
    assert told(trail.page(format="csv", serverId=sid(1))["csv"]) == [
        ("RecoveryRefused", sid(1), "BUSY", "a job holds it"),
        ("RecoveryRefused", sid(1), "CONFLICT", "no, said AWS"),
    ]


def test_an_error_that_came_too_late_is_in_the_sheet_with_its_words() -> None:
    trail = Trail.real()
    late = {"source_server_id": sid(1), "epoch": 1, "outcome": "AccessDeniedException"}
    trail.append(GROUP, ("pg-1",), f.ServerConfigSuperseded(**late, message="denied", at=NOON))
    for page in (trail.page(format="csv"), trail.history("pg-1", format="csv")):
        assert told(page["csv"]) == [("ServerConfigSuperseded", sid(1), "AccessDeniedException", "denied")]


def test_what_could_not_be_read_is_said_in_a_row_of_its_own() -> None:
    assert told(sheet([entry(fault="damaged")])) == [("", "", "", "damaged")]
    both = entry(facts=[{"type": "GroupReleased", "wave": "exec-1#0"}], fault="no changes")
    assert told(sheet([both])) == [("", "", "", "no changes"), ("GroupReleased", "", "", "")]
