"""Whatever the order of calls, they go at AWS's pace: judged by the simulator's own bucket, in time that is moved."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.aws.buckets import MemoryBuckets
from commands.aws.failures import OutOfTimeError
from commands.aws.limiter import AHEAD, BLOCK, KEEPS, Limiter
from commands.aws.paces import PUBLISHED, Pace, bucket_of, paces
from local.simulator.limits import Bucket, Rate
from tests.events import given as profile
from tests.kit import NOON, Clock

assert profile.NOON == NOON  # the profile of hypothesis is registered there
SECOND = timedelta(seconds=1)
PACE = Pace(10, 5)
"""Nine at once, for a twentieth of each bucket is left to others; then one in 0.2 s."""
AT_ONCE = 9
HELD = "here#drs"


class WaitsError(Exception):
    """A thread sleeps, and time stands still."""


class Held(Clock):
    def sleep(self, seconds: float) -> None:
        raise WaitsError(f"{seconds} s")


@dataclass
class Worker:
    """A process with a clock of its own, which is where its threads wait: nobody else does meanwhile."""

    buckets: MemoryBuckets
    pace: Pace = PACE
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.buckets, "here", {"drs": self.pace}, self.clock.now, self.clock.sleep)

    def sends(self, at: datetime, patience: timedelta = timedelta(hours=1), *, urgent: bool = False) -> datetime:
        """When a call goes out that somebody wants to send at that moment."""
        self.clock.time = at
        self.limiter.wait("drs", "GetLaunchConfiguration", at + patience, urgent=urgent)
        return self.clock.now()


def overdrawn(pace: Pace, sent: list[datetime]) -> float:
    """By how many tokens the calls exceeded AWS's bucket."""
    bucket = Bucket(Rate(pace.burst, pace.rate), pace.burst, min(sent, default=NOON))
    for moment in sorted(sent):
        bucket.take(moment, enforced=False)
    return bucket.overdrawn


def all_sent(worker: Worker, number: int, at: datetime = NOON) -> list[datetime]:
    return [worker.sends(at, urgent=True) for _ in range(number)]


PACES = st.builds(Pace, st.integers(1, 60), st.sampled_from([0.5, 1, 3, 5, 7, 20, 300]))
GAPS = st.just(0.0) | st.floats(0, 3)
ASKED = st.lists(st.tuples(st.integers(0, 2), GAPS, st.floats(0.01, 20), st.booleans()), min_size=1, max_size=150)


@given(PACES, ASKED)
def test_whoever_asks_when_aws_bucket_is_never_exceeded_and_nobody_goes_after_its_deadline(
    pace: Pace, asked: list[tuple[int, float, float, bool]]
) -> None:
    buckets, now, sent = MemoryBuckets(), NOON, []
    workers = [Worker(buckets, pace) for _ in range(3)]
    for number, gap, patience, urgent in asked:
        worker, now = workers[number], now + timedelta(seconds=gap)
        deadline = now + timedelta(seconds=patience)
        try:
            moment = worker.sends(now, timedelta(seconds=patience), urgent=urgent)
        except OutOfTimeError:
            fill = buckets.look(HELD)
            assert worker.clock.now() <= deadline, "who gives up does so in time"
            assert fill, "nobody is refused at a bucket that was never used"
            assert fill.full_at + pace.interval - pace.holds >= deadline, "nobody is refused who could go in time"
        else:
            assert now <= moment < deadline
            sent.append(moment)
    assert overdrawn(pace, sent) < 0.01


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    sent = all_sent(Worker(MemoryBuckets()), 30)
    assert sent[:AT_ONCE] == [NOON] * AT_ONCE
    assert sent[AT_ONCE:] == [NOON + PACE.interval * number for number in range(1, 30 - AT_ONCE + 1)]


def test_a_call_that_cannot_go_before_its_deadline_takes_no_token_and_no_time() -> None:
    worker = Worker(MemoryBuckets())
    all_sent(worker, AT_ONCE + 10)
    before = worker.buckets.look(HELD)
    with pytest.raises(OutOfTimeError):
        worker.sends(NOON, SECOND * 2, urgent=True)
    assert (worker.buckets.look(HELD), worker.clock.now()) == (before, NOON)


def test_a_call_whose_time_is_up_does_not_go_though_there_are_tokens() -> None:
    with pytest.raises(OutOfTimeError):
        Worker(MemoryBuckets()).sends(NOON, timedelta())


def test_a_waves_call_goes_two_seconds_later_at_most_however_many_others_wait() -> None:
    buckets, gone = MemoryBuckets(), 0
    others, wave = [Worker(buckets, clock=Held()) for _ in range(3)], Worker(buckets)
    for number in range(300):
        with suppress(WaitsError):
            others[number % 3].sends(NOON)
            gone += 1
    assert gone == AT_ONCE, "the others have taken their tokens, or wait until they may"
    assert wave.sends(NOON, urgent=True) == NOON + AHEAD + PACE.interval


def test_urgent_calls_wait_for_their_turn_however_far_ahead_that_is() -> None:
    assert all_sent(Worker(MemoryBuckets()), 100)[-1] == NOON + PACE.interval * (100 - AT_ONCE)


@pytest.mark.parametrize(("later", "good"), [(KEEPS, True), (KEEPS + SECOND / 100, False)])
def test_a_token_is_good_for_a_second_and_then_lost(later: timedelta, *, good: bool) -> None:
    """Three threads wait beside the first, and are held up: a frozen process must not send all of them at once."""
    worker = Worker(MemoryBuckets())
    worker.limiter._lines["drs"].waiting = 3
    worker.sends(NOON)
    taken = worker.buckets.look(HELD)
    assert taken
    assert taken.full_at == NOON + PACE.interval * 4
    worker.sends(NOON + later)
    assert (worker.buckets.look(HELD) == taken) is good


def test_tokens_are_taken_in_blocks_for_all_that_wait_and_used_one_by_one() -> None:
    worker = Worker(MemoryBuckets())
    worker.limiter._lines["drs"].waiting = 100
    sent = [worker.sends(NOON, urgent=True)]
    taken = worker.buckets.look(HELD)
    assert taken
    assert taken.full_at == NOON + PACE.interval * BLOCK
    worker.limiter._lines["drs"].waiting = 0
    sent += all_sent(worker, BLOCK - 1)
    assert worker.buckets.look(HELD) == taken
    assert sent == all_sent(Worker(MemoryBuckets()), BLOCK)


def test_a_throttled_api_is_called_at_half_its_pace_by_all_for_a_minute_and_then_as_before() -> None:
    buckets = MemoryBuckets()
    told, other = Worker(buckets), Worker(buckets)
    told.limiter.slow("drs", "GetLaunchConfiguration", 3)
    first = told.sends(NOON, urgent=True)
    assert first == NOON + SECOND * 3 + PACE.interval * 2, "an empty bucket, and what AWS asked for"
    other.sends(NOON, urgent=True)  # hears of it by what it takes
    sent = [other.sends(NOON, urgent=True) for _ in range(20)]
    assert {after - before for before, after in pairwise(sent)} == {PACE.interval * 2}

    over = NOON + Pace.slow_for + SECOND
    for worker in (told, other):
        worker.sends(over, urgent=True)
    later = [told.sends(over, urgent=True) for _ in range(30)]
    assert {after - before for before, after in pairwise(later[AT_ONCE:])} == {PACE.interval}


def test_an_api_that_goes_on_throttling_is_called_eight_times_slower_at_most() -> None:
    worker = Worker(MemoryBuckets())
    found = []
    for number in range(6):
        at = NOON + SECOND * 10 * number
        worker.clock.time = at
        worker.limiter.slow("drs", "GetLaunchConfiguration", 0)
        sent = [worker.sends(at, urgent=True) for _ in range(2)]
        found.append((sent[1] - sent[0]) / PACE.interval)
    assert found == [2, 4, 8, 8, 8, 8]


def test_many_answers_to_what_was_sent_at_one_pace_halve_it_once() -> None:
    """Forty-eight threads are told the same at the same moment: that is one piece of news."""
    worker = Worker(MemoryBuckets())
    for _ in range(48):
        worker.limiter.slow("drs", "GetLaunchConfiguration", 0)
    sent = all_sent(worker, 2)
    assert sent[1] - sent[0] == PACE.interval * 2


@given(PACES, st.integers(0, 80), st.integers(1, 80), st.integers(0, 3))
def test_the_seconds_foretold_are_those_that_the_waiting_takes(pace: Pace, before: int, calls: int, later: int) -> None:
    worker = Worker(MemoryBuckets(), pace)
    all_sent(worker, before)
    now = NOON + SECOND * later
    worker.clock.time = now
    foretold = worker.limiter.seconds({("drs", "GetLaunchConfiguration"): calls - 1, ("drs", "Other"): 1})
    sent = all_sent(worker, calls, now)
    assert foretold == pytest.approx((max(sent) - now).total_seconds(), abs=1e-5)


def test_what_has_no_limit_takes_no_time_and_is_not_counted() -> None:
    worker = Worker(MemoryBuckets())
    assert worker.limiter.seconds({("iam", "GetInstanceProfile"): 1000}) == 0
    worker.limiter.wait("iam", "GetInstanceProfile", NOON + SECOND)
    worker.limiter.slow("iam", "GetInstanceProfile", 9)
    assert (worker.clock.now(), worker.buckets.look("here#iam")) == (NOON, None)


def test_ec2_has_a_bucket_an_action_and_drs_one_for_all() -> None:
    assert bucket_of("ec2", "DescribeSubnets") == "ec2:DescribeSubnets"
    assert bucket_of("drs", "GetLaunchConfiguration") == bucket_of("drs", "UpdateLaunchConfiguration") == "drs"


def test_a_setting_changes_a_bucket_or_takes_it_away_and_leaves_the_others() -> None:
    changed = paces('{"drs": {"burst": 10, "rate": 4.5}, "iam": null}')
    assert changed == {**{name: pace for name, pace in PUBLISHED.items() if name != "iam"}, "drs": Pace(10, 4.5)}
    assert paces("") == paces("{}") == PUBLISHED


@pytest.mark.parametrize(
    "wrong",
    [
        '{"drs:GetLaunchConfiguration": null}',
        "{",
        '{"drs": {"burst": 10}}',
        '{"drs": {"burst": 10, "rate": 0}}',
        '{"drs": {"burst": 0, "rate": 4}}',
        '{"drs": {"burst": 10, "rate": 4, "speed": 1}}',
        "[]",
    ],
)
def test_a_setting_that_names_no_bucket_or_no_rate_is_refused_when_it_is_read(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  pydantic says it too
        paces(wrong)
