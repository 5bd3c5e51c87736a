"""What both kinds of buckets keep: no step is lost or taken twice, and time in a bucket only moves on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, pairwise
from threading import Barrier

import pytest

from commands.aws.buckets import FORGET_AFTER, DynamoBuckets, MemoryBuckets
from commands.aws.limiter import Buckets, Fill
from tests.commands.workers import dynamodb, limit_table
from tests.kit import NOON

THREADS = 16
STEP = timedelta(milliseconds=50)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
_names = (f"123456789012#us-east-1#drs-{number}" for number in count())


@pytest.fixture(scope="module")
def on_dynamodb(ministack: str) -> DynamoBuckets:
    client = dynamodb(ministack)
    return DynamoBuckets(client, limit_table(client))


@pytest.fixture(params=["memory", "dynamodb"])
def buckets(request: pytest.FixtureRequest) -> Buckets:
    if request.param == "memory":
        return MemoryBuckets()
    found: DynamoBuckets = request.getfixturevalue("on_dynamodb")
    return found


@pytest.fixture
def bucket() -> str:
    return next(_names)


def at_once(work: Callable[[int], list[Fill | None]]) -> list[Fill | None]:
    """What the threads bring, each of which does its work beginning at the same moment."""
    start = Barrier(THREADS, timeout=30)

    def begun(number: int) -> list[Fill | None]:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return [fill for fills in pool.map(begun, range(THREADS), timeout=60) for fill in fills]


def test_sixteen_threads_lose_no_step_and_no_two_are_given_the_same(buckets: Buckets, bucket: str) -> None:
    fills = at_once(lambda _: [buckets.take(bucket, STEP, NOON, NOON + HOUR) for _ in range(10)])
    moments = sorted(fill.full_at for fill in fills if fill)
    assert moments == [NOON + STEP * number for number in range(1, THREADS * 10 + 1)]
    assert buckets.look(bucket) == Fill(moments[-1])


def test_of_many_who_find_a_full_bucket_each_gets_its_step(buckets: Buckets) -> None:
    """All see that it is full; who comes second to say that it no longer is must not be sent away."""
    for bucket in [next(_names) for _ in range(20)]:
        fills = at_once(lambda _, bucket=bucket: [buckets.take(bucket, STEP, NOON, NOON + HOUR)])  # type: ignore[misc]
        assert {fill.full_at for fill in fills if fill} == {NOON + STEP * (n + 1) for n in range(THREADS)}


def test_sixteen_threads_take_no_more_than_the_latest_moment_allows(buckets: Buckets, bucket: str) -> None:
    latest = NOON + STEP * 40
    fills = at_once(lambda _: [buckets.take(bucket, STEP, NOON, latest) for _ in range(5)])
    assert sorted(fill.full_at for fill in fills if fill) == [NOON + STEP * number for number in range(1, 41)]
    assert fills.count(None) == THREADS * 5 - 40


def test_steps_of_different_length_add_up(buckets: Buckets, bucket: str) -> None:
    at_once(lambda number: [buckets.take(bucket, STEP * (number + 1), NOON, NOON + HOUR)])
    assert buckets.look(bucket) == Fill(NOON + STEP * sum(range(1, THREADS + 1)))


def test_a_step_that_would_pass_the_latest_moment_changes_nothing_and_one_that_reaches_it_is_taken(
    buckets: Buckets, bucket: str
) -> None:
    assert buckets.take(bucket, STEP, NOON, NOON + STEP - SECOND / 1000) is None
    assert buckets.look(bucket) is None
    assert buckets.take(bucket, STEP, NOON, NOON + STEP) == Fill(NOON + STEP)
    assert buckets.take(bucket, STEP, NOON, NOON + STEP * 2 - SECOND / 1000) is None
    assert buckets.look(bucket) == Fill(NOON + STEP)
    assert buckets.take(bucket, STEP, NOON, NOON + STEP * 2) == Fill(NOON + STEP * 2)


def test_a_bucket_that_is_full_again_counts_from_now(buckets: Buckets, bucket: str) -> None:
    buckets.take(bucket, STEP, NOON, NOON + HOUR)
    assert buckets.take(bucket, STEP, NOON + MINUTE, NOON + HOUR) == Fill(NOON + MINUTE + STEP)


def test_a_worker_whose_clock_is_behind_does_not_set_a_bucket_back(buckets: Buckets, bucket: str) -> None:
    late, early = NOON + MINUTE, NOON
    moments = [
        fill.full_at for now in (late, early, late, early) if (fill := buckets.take(bucket, STEP, now, NOON + HOUR))
    ]
    assert [after - before for before, after in pairwise([late, *moments])] == [STEP] * 4


@pytest.mark.parametrize("rate", [3, 7, 300, 900])
def test_a_step_is_never_shortened_by_how_it_is_kept(buckets: Buckets, bucket: str, rate: int) -> None:
    """Shorter steps by a part of a millisecond are a higher rate: at 300 a second by a tenth."""
    fills = [buckets.take(bucket, timedelta(seconds=1 / rate), NOON, NOON + HOUR) for _ in range(30)]
    taken = [fill.full_at for fill in fills if fill]
    assert taken[-1] - NOON >= timedelta(seconds=1 / rate) * 30


def test_emptying_moves_only_later(buckets: Buckets, bucket: str) -> None:
    buckets.empty(bucket, Fill(NOON + MINUTE, 2, NOON + HOUR))
    buckets.empty(bucket, Fill(NOON + SECOND, 4, NOON + HOUR))
    found = buckets.look(bucket)
    assert found
    assert (found.full_at, found.slowed(NOON)) == (NOON + MINUTE, 4)
    buckets.empty(bucket, Fill(NOON + MINUTE * 2, 4, NOON + HOUR))
    assert buckets.take(bucket, STEP, NOON, NOON + HOUR) == Fill(NOON + MINUTE * 2 + STEP, 4, NOON + HOUR)


def test_an_emptied_bucket_gives_nothing_before_it_may(buckets: Buckets, bucket: str) -> None:
    buckets.empty(bucket, Fill(NOON + MINUTE, 2, NOON + HOUR))
    assert buckets.take(bucket, STEP, NOON, NOON + MINUTE) is None


def test_slowness_is_heard_by_every_taker_and_ends_at_its_moment(buckets: Buckets, bucket: str) -> None:
    until = NOON + MINUTE
    buckets.empty(bucket, Fill(NOON, 2, until))
    first, second = (buckets.take(bucket, STEP, now, NOON + HOUR) for now in (NOON, until))
    assert first
    assert second
    assert (first.slowed(until - SECOND / 1000), second.slowed(until)) == (2, 1)


def test_looking_takes_nothing_and_a_bucket_that_nobody_used_is_not_there(buckets: Buckets, bucket: str) -> None:
    assert buckets.look(bucket) is None
    buckets.take(bucket, STEP, NOON, NOON + HOUR)
    assert [buckets.look(bucket), buckets.look(bucket)] == [Fill(NOON + STEP)] * 2
    assert buckets.look(next(_names)) is None


def test_an_item_may_go_only_when_its_bucket_has_long_been_full(ministack: str) -> None:
    client, name = dynamodb(ministack), next(_names)
    table = limit_table(client)
    DynamoBuckets(client, table).take(name, STEP, NOON, NOON + HOUR)
    item = client.get_item(TableName=table, Key={"bucket": {"S": name}})["Item"]
    assert int(item["expiresAt"]["N"]) == round((NOON + FORGET_AFTER).timestamp())
