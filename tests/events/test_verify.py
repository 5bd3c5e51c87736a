"""Whatever a stream holds, verifying it names the first commit that does not fit, and never raises."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from events.commits import Commit, digest
from events.dynamodb import DynamoStore, encode
from events.errors import Corrupt, UnknownFact
from events.facts import ServerConfigVerified
from events.memory import MemoryStore
from events.model import canonical
from events.streams import GROUP, Kind, refold, remembered
from events.verify import Verdict, verify, walk
from tests.events import endpoint
from tests.events.given import NOON, commits, sid, written

STREAM = "group#pg-erp"
TOLD_NOBODY = "the-external-id"


def with_facts(events: bytes, *, version: int = 2) -> Verdict:
    """A stream whose commit of this version holds these facts, sealed as far as it can be."""
    chain = commits(number=3)
    broken = replace(chain[version - 1], events=events)
    try:
        broken = broken.sealed()
    except (Corrupt, UnicodeDecodeError):
        broken = replace(broken, hash="sha256:whatever")
    return walk(GROUP, STREAM, [*chain[: version - 1], broken, *chain[version:]])


@pytest.mark.parametrize(
    "events",
    [b"\xff\xfe", b"", b"[", b"null", b"7", b"{}", b'"text"', b'[{"type":"GroupReleased"', b"[[[]]]", b"[1e999]"],
)
def test_facts_that_are_no_list_of_json_are_named_and_do_not_raise(events: bytes) -> None:
    verdict = with_facts(events)
    assert (verdict.sound, verdict.version) == (1, 2)
    assert verdict.why


@pytest.mark.parametrize("events", [b"\xff\xfe", b"[", b"null", b"{}", b'"text"'])
def test_facts_that_are_no_list_of_json_are_corrupt_to_whoever_parses_them(events: bytes) -> None:
    with pytest.raises(Corrupt):
        GROUP.parse(events)


def test_a_commit_that_is_no_text_is_corrupt_to_whoever_loads_it() -> None:
    chain = commits(number=2)
    broken = replace(chain[1], events=b"\xff\xfe")
    store = MemoryStore()
    written(store, chain[0], broken)
    with pytest.raises(Corrupt):
        remembered(GROUP, broken)
    with pytest.raises(Corrupt):
        refold(store, GROUP, STREAM)


def test_a_fold_that_stumbles_over_its_facts_is_named_and_does_not_raise() -> None:
    def stumbles(_state: Any, fact: Any) -> Any:  # noqa: ANN401  a fold
        raise KeyError(fact.source_server_id)

    kind: Kind[Any, Any] = replace(GROUP, evolve=stumbles)
    fact = ServerConfigVerified(source_server_id=sid(1), epoch=1, config_hash="", proved_at=NOON)
    commit = replace(commits(number=1)[0], events=canonical([fact.model_dump(mode="json")]))
    verdict = walk(kind, STREAM, [replace(commit, event_types=("ServerConfigVerified",)).sealed()])
    assert (verdict.version, verdict.why) == (1, "its facts do not fold: KeyError")


def test_a_memo_that_is_no_state_is_corrupt_and_says_nothing_of_what_is_in_it() -> None:
    (commit,) = commits(number=1)
    for memo in (b"[]", b"{", b'{"keys":[],"state":{"definition":{"externalId":"the-external-id"}}}', b"{}"):
        with pytest.raises(Corrupt) as no:
            remembered(GROUP, remade(commit, memo))
        assert TOLD_NOBODY not in said(no.value)


def remade(commit: Commit, memo: bytes) -> Commit:
    """The commit with another memo, sealed."""
    return replace(commit, state=memo, state_hash=digest(memo)).sealed()


def said(error: BaseException | None) -> str:
    """All that a log would show of an error: itself, and what it came of."""
    shown = ""
    while error is not None:
        shown += f"{type(error).__name__}: {error}\n"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return shown


def test_what_is_said_of_a_fact_of_newer_code_holds_nothing_of_its_values() -> None:
    definition = {
        "groupName": "ERP",
        "region": 7,
        "accountId": "123456789012",
        "externalId": TOLD_NOBODY,
        "unheardOf": TOLD_NOBODY,
    }
    fact = {"type": "ProtectionGroupCreated", "groupId": "pg-erp", "definition": definition, "version": 1}
    with pytest.raises(UnknownFact, match="does not know") as no:
        GROUP.parse(canonical([fact]))
    assert TOLD_NOBODY not in said(no.value)
    assert "unheardOf" in str(no.value)


# --- versions that no stream has ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, -1, -(10**20)])
def test_a_commit_before_the_first_is_named(version: int) -> None:
    chain = commits(number=3)
    store = MemoryStore()
    written(store, *chain, replace(chain[1], version=version))
    verdict = verify(store, STREAM)
    assert (verdict.sound, verdict.version) == (0, version)
    assert "before the first" in verdict.why


@pytest.mark.parametrize(
    "number", ["0", "-3", "-1E+100", "-9.9999999999999999999999999999999999999E+125", "0.5", "1.5"]
)
def test_a_commit_of_a_version_that_no_stream_has_is_found_in_the_table(number: str) -> None:
    client, table = endpoint.client(), endpoint.event_table()
    store = DynamoStore(client, table)
    chain = written(store, *commits(number=3))
    client.put_item(TableName=table, Item={**encode(chain[1]), "version": {"N": number}})
    verdict = verify(store, STREAM)
    assert not verdict.ok
    assert verdict.sound == (1 if Decimal(number) > 1 else 0)
