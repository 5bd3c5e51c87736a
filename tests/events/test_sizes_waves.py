"""The largest legal wave and execution, all of it told in one commit each, in the 400 KB that DynamoDB takes."""

from datetime import timedelta

import pytest

from commands.executions.control import LARGEST
from commands.executions.requests import RecoveryPlan
from commands.waves.requests import MAX_GROUPS, MAX_WAVES, PER_JOB
from events import executions as x
from events import waves as w
from events.doors import parse
from events.dynamodb import encode
from events.facts import KEPT_TEXT
from events.groups import MAX_SERVERS, Target
from events.model import canonical
from events.streams import EXECUTION, KEYS_KEPT, WAVE, Key, Stream
from tests.events import given as g
from tests.events.sizes import LIMIT, Dice, item_size

LONGEST_KEY = 200
CHUNKS = MAX_SERVERS // PER_JOB
AT = g.NOON + timedelta(milliseconds=123)


def fits(name: str, size: int) -> None:
    print(f"{name}: {size:,} of {LIMIT:,} bytes, {size / LIMIT:.0%}")  # noqa: T201  -s shows the figures
    assert size < LIMIT, f"{name} takes {size:,} bytes of {LIMIT:,}"


def claimed(dice: Dice, servers: list[str]) -> w.WaveClaimed:
    """As many groups as a wave may have, none of whose servers was proved."""
    shares = [tuple(servers[n::MAX_GROUPS]) for n in range(MAX_GROUPS)]
    groups = tuple(
        w.GroupEvidence(
            group_id=dice.word(64),
            version=dice.whole(1, 999_999),
            status="not_configured",
            proved_at=AT,
            configs_hash=f"sha256:{dice.hex(64)}",
            unproved=share,
            servers=len(share),
            policy="proceed",
        )
        for share in shares
    )
    ordered = [id_ for share in shares for id_ in share]
    return w.WaveClaimed(
        execution_id=dice.word(256),
        wave_number=10_000,
        is_drill=False,
        region=g.REGION,
        path="proceeded",
        groups=groups,
        chunks=tuple(tuple(ordered[n : n + PER_JOB]) for n in range(0, MAX_SERVERS, PER_JOB)),
        until=AT,
        requested_at=AT,
        claimed_by=dice.word(LONGEST_KEY),
        configuration_calls=2_500,
        target=Target(account_id=g.ACCOUNT, region=g.REGION, assume_role_name=dice.word(64), external_id=dice.word(1)),
        live_checked=True,
    )


def offender(dice: Dice, id_: str) -> w.Offender:
    """A text as long as those that name a job."""
    return w.Offender(source_server_id=id_, reason="BUSY", message=f"drsjob-{dice.hex(17)} holds it")


def launch(dice: Dice, id_: str) -> w.ServerLaunch:
    return w.ServerLaunch(
        source_server_id=id_,
        status="LAUNCHED",
        instance_id=f"i-{dice.hex(17)}",
        instance_type=f"u7in-{dice.whole(2, 48)}tb.{dice.whole(100, 224)}xlarge",
        private_ip=f"10.{dice.whole(0, 255)}.{dice.whole(0, 255)}.{dice.whole(0, 255)}",
        launched_at=AT + timedelta(milliseconds=dice.whole(0, 999_999)),
    )


def test_a_wave_of_500_servers_all_of_them_launched_and_all_of_them_named_as_offenders_fits() -> None:
    dice = Dice(21)
    claim = claimed(dice, [dice.server_id() for _ in range(MAX_SERVERS)])
    dropped = [
        w.ServersDropped(chunk=n, servers=tuple(offender(dice, id_) for id_ in chunk), code=dice.word(64), at=AT)
        for n, chunk in enumerate(claim.chunks)
    ]
    jobs = [
        w.RecoveryJobStarted(chunk=n, job_id=f"drsjob-{dice.hex(17)}", accepted_at=AT, adopted=True)
        for n in range(CHUNKS)
    ]
    refused = w.RecoveryRefused(
        chunk=CHUNKS - 1,
        code=dice.word(64),
        message=dice.text(KEPT_TEXT),
        at=AT,
        offenders=tuple(offender(dice, id_) for id_ in claim.chunks[-1]),
    )
    launches = [
        w.ServersLaunching(chunk=n, servers=tuple(launch(dice, id_) for id_ in chunk), at=AT)
        for n, chunk in enumerate(claim.chunks)
    ]
    ended = [w.RecoveryJobEnded(chunk=n, at=AT, ended_at=AT) for n in range(CHUNKS)]
    wave = Stream(WAVE, WAVE.stream_id(claim.execution_id, claim.wave_number), WAVE.initial())
    for facts in ([claim], dropped, jobs, [refused], [*launches, *ended, w.ClaimExtended(until=AT)]):
        commit = wave.next(g.by_ada(key=dice.word(LONGEST_KEY)), facts, AT)
        wave = wave.follow(commit)
        fits(f"wave commit {commit.event_types[0]}", item_size(encode(commit)))
    named = {one.source_server_id for fact in wave.state.dropped.values() for one in fact.servers}
    assert len(wave.state.launches) == len(named) == MAX_SERVERS


def largest(dice: Dice) -> RecoveryPlan:
    """Fifty waves with names at their longest, each waiting for all before it, of groups up to the limit in bytes."""

    def of(groups: int) -> RecoveryPlan:
        waves = [
            {
                "waveName": dice.text(256),
                "protectionGroupIds": [dice.word(64) for _ in range(groups)],
                "pauseBeforeWave": True,
                "dependsOnWaves": list(range(number)),
                "onNotReady": "proceed",
                "budgetSeconds": 240,
            }
            for number in range(MAX_WAVES)
        ]
        plan: RecoveryPlan = parse(
            RecoveryPlan, {"planId": dice.text(256), "planName": dice.text(256), "isDrill": True, "waves": waves}
        )
        return plan

    found = [of(groups) for groups in range(40, 60)]
    return max((plan for plan in found if size_of(plan) <= LARGEST), key=size_of)


def size_of(plan: RecoveryPlan) -> int:
    return len(canonical(plan.model_dump(mode="json", exclude_defaults=True)))


@pytest.fixture(scope="module")
def plan() -> RecoveryPlan:
    return largest(Dice(22))


def test_the_plan_is_as_large_as_it_may_be(plan: RecoveryPlan) -> None:
    assert len(plan.waves) == MAX_WAVES
    assert LARGEST * 0.97 < size_of(plan) <= LARGEST


def test_an_execution_of_50_waves_that_all_fail_at_length_fits(plan: RecoveryPlan) -> None:
    dice = Dice(23)
    name = dice.word(80)
    opened = x.ExecutionOpened(execution_id=name, plan=plan.plan, at=AT)
    checked = x.ExecutionChecked(
        at=AT,
        verdicts=("no-go",) * MAX_WAVES,
        reasons=tuple(sorted(dice.word(64) for _ in range(40))),
    )
    each: list[list[x.ExecutionFact]] = []
    for n in range(MAX_WAVES):
        done = x.WaveDone(
            wave=n, outcome="partly", at=AT, launched=499, total=500, code=dice.word(64), message=dice.text(KEPT_TEXT)
        )
        paused = x.ExecutionPaused(wave=n, at=AT, token=dice.word(2048))
        each.append([paused, x.ExecutionResumed(wave=n, at=AT), x.WaveBegun(wave=n, at=AT), done])
    reason = dice.text(KEPT_TEXT)
    last = [x.ExecutionCancelled(at=AT, reason=reason), x.ExecutionEnded(ending="cancelled", at=AT, reason=reason)]
    keys = tuple(
        Key(command_id=dice.word(LONGEST_KEY), payload_hash=f"sha256:{dice.hex(64)}", version=n)
        for n in range(KEYS_KEPT)
    )
    execution = Stream(EXECUTION, EXECUTION.stream_id(name), EXECUTION.initial(), keys=keys)
    for facts in ([opened], [checked], *each, last):
        commit = execution.next(g.by_ada(key=dice.word(LONGEST_KEY)), facts, AT)
        execution = execution.follow(commit)
        fits(f"execution commit {commit.event_types[0]}", item_size(encode(commit)))
    assert len(execution.state.done) == len(execution.state.resumed) == MAX_WAVES
