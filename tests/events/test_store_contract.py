"""The event store's contract: the store in memory and the one on DynamoDB keep the same promises.

The endpoint is ministack unless PREFLIGHT_DYNAMODB_ENDPOINT names another: DynamoDB Local, or AWS itself.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from events.commits import Commit, pack, unpack
from events.dynamodb import DynamoStore
from events.errors import Corrupt, LostRace
from events.memory import MemoryStore
from events.model import canonical
from events.streams import GROUP, ROSTER, Store, load
from tests.events import endpoint
from tests.events.given import NOON, by_ada, commits, written


@pytest.fixture(params=[MemoryStore, DynamoStore], ids=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param is MemoryStore:
        return MemoryStore()
    return DynamoStore(endpoint.client(), endpoint.event_table())


@pytest.fixture
def dynamo() -> DynamoStore:
    return DynamoStore(endpoint.client(), endpoint.event_table())


def lost(append: Callable[..., None], *chain: Commit) -> LostRace:
    with pytest.raises(LostRace) as race:
        append(*chain)
    return race.value


def rival(commit: Commit) -> Commit:
    """Another decision for the same version of the same stream."""
    return replace(commit, actor="grace@example.com", command_id="graces-key").sealed()


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_stream_that_does_not_exist_has_no_head_and_no_history(store: Store) -> None:
    assert store.head("group#pg-nowhere") is None
    assert list(store.history("group#pg-nowhere")) == []
    assert load(store, GROUP, "pg-nowhere").version == 0


def test_the_head_is_the_newest_commit_also_past_version_nine(store: Store) -> None:
    chain = written(store, *commits(number=12))
    assert store.head("group#pg-erp") == chain[-1]


def test_the_head_of_an_earlier_time_is_the_commit_of_that_version_or_the_newest_before_it(store: Store) -> None:
    chain = written(store, *commits(number=3))
    assert [store.head("group#pg-erp", until) for until in (1, 2, 3, 99)] == [*chain, chain[-1]]
    assert store.head("group#pg-erp", 0) is None


def test_a_commit_comes_back_to_the_last_byte(store: Store) -> None:
    odd = canonical([{"type": "Ünïcode 🛟", "number": 10**17 + 1, "fraction": 0.1, "none": None, "nul": "\x00"}])
    (commit,) = commits(number=1)
    commit = replace(commit, events=odd, state=odd, actor="", correlation_id="x" * 200).sealed()
    store.append(commit)
    assert store.head("group#pg-erp") == commit
    assert list(store.history("group#pg-erp")) == [commit]


@pytest.mark.parametrize("since", [1, 2, 5, 6])
def test_history_goes_from_a_version_to_the_end_oldest_first(store: Store, since: int) -> None:
    chain = written(store, *commits(number=5))
    assert [commit.version for commit in store.history("group#pg-erp", since)] == list(range(since, 6))
    assert list(store.history("group#pg-erp", since)) == chain[since - 1 :]


def test_history_before_the_first_version_is_the_whole_history(store: Store) -> None:
    written(store, *commits(number=3))
    assert [commit.version for commit in store.history("group#pg-erp", since=0)] == [1, 2, 3]


def test_history_reads_on_past_the_megabyte_of_one_page(store: Store) -> None:
    (first,) = commits(number=1)
    for version in range(1, 9):
        noise = canonical([os.urandom(250_000).hex()])
        store.append(replace(first, version=version, events=noise).sealed())
    before = store.reads
    assert [commit.version for commit in store.history("group#pg-erp")] == list(range(1, 9))
    if isinstance(store, DynamoStore):
        assert store.reads - before > 1


@pytest.mark.parametrize(("before", "limit"), [(None, 3), (None, 9), (6, 9), (6, 2), (3, 2), (2, 5), (1, 5), (99, 1)])
def test_the_recent_commits_come_newest_first_from_below_a_version(
    store: Store, before: int | None, limit: int
) -> None:
    chain = written(store, *commits(number=5), *commits("pg-erp-2", 2))[:5]
    below = [commit for commit in reversed(chain) if before is None or commit.version < before]
    assert store.recent("group#pg-erp", before, limit) == below[:limit]
    assert store.recent("group#pg-nowhere", before, limit) == []


def test_the_recent_commits_are_as_many_as_asked_for_past_the_megabyte_of_one_page(store: Store) -> None:
    (first,) = commits(number=1)
    for version in range(1, 9):
        noise = canonical([os.urandom(250_000).hex()])
        store.append(replace(first, version=version, events=noise).sealed())
    assert [commit.version for commit in store.recent("group#pg-erp", None, 7)] == [8, 7, 6, 5, 4, 3, 2]


def test_streams_whose_names_begin_alike_do_not_mix(store: Store) -> None:
    written(store, *commits("pg-1", 2), *commits("pg-10", 3), *commits("pg-1#x", 1))
    assert [commit.version for commit in store.history("group#pg-1")] == [1, 2]


def test_born_lists_each_stream_of_a_kind_once(store: Store) -> None:
    names = [f"pg-{number}" for number in range(30)]
    for name in names:
        written(store, *commits(name, 3))
    roster = load(store, ROSTER, "123456789012", "eu-west-1")
    written(store, roster.next(by_ada(), [], NOON))
    assert sorted(store.born("group")) == sorted(f"group#{name}" for name in names)
    assert list(store.born("roster")) == ["roster#123456789012#eu-west-1"]
    assert list(store.born("wave")) == []


# --- writing ---------------------------------------------------------------------------------------------------------


def test_nothing_overwrites_a_version(store: Store) -> None:
    chain = written(store, *commits(number=3))
    for commit in chain:
        lost(store.append, rival(commit))
    assert list(store.history("group#pg-erp")) == chain


def test_a_lost_race_hands_back_the_winner(store: Store) -> None:
    first, winner = written(store, *commits(number=2))
    race = lost(store.append, rival(winner))
    assert (race.stream_id, race.winner) == ("group#pg-erp", winner)
    assert store.head("group#pg-erp") == winner
    assert lost(store.append, rival(first)).winner == first


@pytest.mark.parametrize("taken", [0, 1])
def test_a_lost_transaction_hands_back_the_winner_of_the_stream_that_was_taken(store: Store, taken: int) -> None:
    pair = [commits("pg-1", 1)[0], commits("pg-2", 1)[0]]
    winner = rival(pair[taken])
    store.append(winner)
    race = lost(store.append, *pair)
    assert (race.stream_id, race.winner) == (winner.stream_id, winner)


@pytest.mark.parametrize("taken", [0, 1])
def test_of_a_lost_transaction_nothing_is_written(store: Store, taken: int) -> None:
    pair = [commits("pg-1", 1)[0], commits("pg-2", 1)[0]]
    store.append(rival(pair[taken]))
    lost(store.append, *pair)
    assert store.head(pair[1 - taken].stream_id) is None


def test_a_transaction_writes_all_of_its_streams(store: Store) -> None:
    chain = [commits(f"pg-{number}", 1)[0] for number in range(5)]
    store.append(*chain)
    assert [store.head(commit.stream_id) for commit in chain] == chain


def test_the_same_commit_sent_again_is_not_an_error(store: Store) -> None:
    first, second = written(store, *commits(number=2))
    store.append(second)
    store.append(first)
    assert list(store.history("group#pg-erp")) == [first, second]


def test_the_same_transaction_sent_again_is_not_an_error(store: Store) -> None:
    pair = [commits("pg-1", 1)[0], commits("pg-2", 1)[0]]
    store.append(*pair)
    store.append(*pair)
    assert [list(store.history(commit.stream_id)) for commit in pair] == [[pair[0]], [pair[1]]]


def test_a_transaction_of_which_one_half_is_there_by_itself_is_a_lost_race(store: Store) -> None:
    pair = [commits("pg-1", 1)[0], commits("pg-2", 1)[0]]
    store.append(pair[0])
    lost(store.append, *pair)
    assert store.head("group#pg-2") is None


def test_of_writers_at_once_one_wins_and_the_others_are_handed_it(store: Store) -> None:
    offers = [replace(commits(number=1)[0], command_id=f"writer-{number}").sealed() for number in range(8)]

    def offer(commit: Commit) -> Commit | None:
        try:
            store.append(commit)
        except LostRace as race:
            return race.winner
        return commit

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(offer, offers))
    assert seen == {store.head("group#pg-erp")}


def test_a_hole_stays_a_hole(store: Store) -> None:
    first, second, third = commits(number=3)
    written(store, first, third)
    assert [commit.version for commit in store.history("group#pg-erp")] == [1, 3]
    store.append(second)
    assert list(store.history("group#pg-erp")) == [first, second, third]


# --- DynamoDB's own ways ---------------------------------------------------------------------------------------------


@pytest.fixture
def own() -> DynamoStore:
    """A store whose client is nobody else's, so that AWS's answers can be put into its mouth."""
    return DynamoStore(endpoint.new_client(), endpoint.event_table())


def aws_says(store: DynamoStore, operation: str, answers: Iterator[dict[str, Any] | None]) -> None:
    """AWS's own answers, in the place of the endpoint's; None lets a request through."""

    def answered(request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401  botocore's request
        body = next(answers)
        if body is None:
            return None
        said = canonical({**body, "__type": f"com.amazonaws.dynamodb.v20120810#{body['__type']}"})
        status = 500 if body["__type"] == "InternalServerError" else 400
        return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, Raw(said))

    store._client.meta.events.register(f"before-send.dynamodb.{operation}", answered)


@dataclass
class Raw:
    """The body of an answer, as urllib3 gives it."""

    said: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.said


def test_a_put_that_meets_a_transaction_under_way_is_a_lost_race(own: DynamoStore) -> None:
    """AWS, PutItem: TransactionConflictException, "an ongoing transaction for the item"; never seen on ministack."""
    conflict = {"__type": "TransactionConflictException", "message": "there is an ongoing transaction for the item"}
    aws_says(own, "PutItem", repeat(conflict))
    race = lost(own.append, *commits(number=1))
    assert (race.stream_id, race.winner) == ("group#pg-erp", None)


def test_a_transaction_that_meets_another_under_way_is_a_lost_race(own: DynamoStore) -> None:
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
    cancelled = {"__type": "TransactionCanceledException", "Message": "cancelled", "CancellationReasons": reasons}
    aws_says(own, "TransactWriteItems", repeat(cancelled))
    assert lost(own.append, commits("pg-1", 1)[0], commits("pg-2", 1)[0]).winner is None


def test_a_transaction_that_is_refused_for_another_reason_is_no_race(own: DynamoStore) -> None:
    reasons = [{"Code": "ValidationError", "Message": "Item size has exceeded"}, {"Code": "None"}]
    cancelled = {"__type": "TransactionCanceledException", "Message": "cancelled", "CancellationReasons": reasons}
    aws_says(own, "TransactWriteItems", repeat(cancelled))
    with pytest.raises(ClientError, match="TransactionCanceled"):
        own.append(commits("pg-1", 1)[0], commits("pg-2", 1)[0])


def test_a_write_whose_answer_was_lost_succeeds_when_the_sdk_sends_it_again(own: DynamoStore) -> None:
    (commit,) = commits(number=1)

    def written_but_not_answered() -> Iterator[dict[str, Any] | None]:
        DynamoStore(endpoint.client(), own._table).append(commit)
        yield {"__type": "InternalServerError", "message": "it was written; the answer was lost"}
        yield from repeat(None)

    aws_says(own, "PutItem", written_but_not_answered())
    own.append(commit)
    assert list(own.history("group#pg-erp")) == [commit]


@pytest.mark.parametrize("attribute", ["events", "state"])
def test_a_stored_byte_that_flipped_is_corrupt_when_it_is_read(dynamo: DynamoStore, attribute: str) -> None:
    written(dynamo, *commits(number=1))
    key = {"streamId": {"S": "group#pg-erp"}, "version": {"N": "1"}}
    item = dynamo._client.get_item(TableName=dynamo._table, Key=key)["Item"]
    stored = bytearray(item[attribute]["B"])
    stored[len(stored) // 2] ^= 1
    dynamo._client.put_item(TableName=dynamo._table, Item={**item, attribute: {"B": bytes(stored)}})
    with pytest.raises(Corrupt):
        dynamo.head("group#pg-erp")
    with pytest.raises(Corrupt):
        list(dynamo.history("group#pg-erp"))


def test_a_commit_is_listed_under_the_day_on_which_it_was_recorded_and_no_other(dynamo: DynamoStore) -> None:
    (commit,) = written(dynamo, *commits(number=1))
    key = {"streamId": {"S": "group#pg-erp"}, "version": {"N": "1"}}
    item = dynamo._client.get_item(TableName=dynamo._table, Key=key)["Item"]
    assert item["bucket"] == {"S": "2026-11-23"}
    dynamo._client.put_item(TableName=dynamo._table, Item={**item, "bucket": {"S": "2026-11-22"}})
    with pytest.raises(Corrupt):
        dynamo.head("group#pg-erp")
    del item["bucket"]
    dynamo._client.put_item(TableName=dynamo._table, Item=item)
    assert dynamo.head("group#pg-erp") == commit, "the first commits were not listed"


@given(st.binary(max_size=2000))
def test_what_is_packed_unpacks(data: bytes) -> None:
    assert unpack(pack(data)) == data


@given(st.binary(max_size=600), st.integers(0, 10**9), st.integers(1, 255))
def test_a_byte_changed_anywhere_in_packed_data_is_corrupt(data: bytes, place: int, change: int) -> None:
    stored = bytearray(pack(data))
    stored[place % len(stored)] ^= change
    with pytest.raises(Corrupt):
        unpack(bytes(stored))


@given(st.binary(max_size=600), st.integers(0, 10**9), st.binary(min_size=1, max_size=4))
def test_packed_data_cut_short_or_grown_is_corrupt(data: bytes, place: int, more: bytes) -> None:
    stored = pack(data)
    for wrong in (stored[: place % len(stored)], stored + more):
        with pytest.raises(Corrupt):
            unpack(wrong)


def test_every_flipped_bit_of_a_real_commit_is_corrupt() -> None:
    (commit,) = commits(number=1)
    for packed in (pack(commit.events), pack(commit.state)):
        for bit in range(len(packed) * 8):
            flipped = bytearray(packed)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(Corrupt):
                unpack(bytes(flipped))
