"""What a group amounts to at a moment: the table of DESIGN, line by line, and the answer that grows older by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import shown
from events.facts import (
    ApplyEnded,
    ApplyStarted,
    GroupClaimed,
    GroupConfigFailed,
    GroupFact,
    GroupReleased,
    LaunchConfigsDue,
    ProtectionGroupCreated,
    ProtectionGroupDeleted,
    ServerConfigApplied,
    ServerConfigFailed,
    ServerConfigSuperseded,
    ServerConfigVerified,
)
from events.groups import Definition, Group, ServerDefinition
from events.status import due, next_due_at, server_status, stale, status
from events.streams import GROUP
from tests.events.given import ACCOUNT, NOON, REGION, sid

ONE, TWO, THREE, BARE = sid(1), sid(2), sid(3), sid(4)
DAY, SECOND, MILLISECOND = timedelta(hours=24), timedelta(seconds=1), timedelta(milliseconds=1)


def group(*facts: GroupFact, servers: tuple[str, ...] = (ONE,), wanted: bool = True) -> Group:
    """A group of these servers, after these facts; all but BARE want something, and are due for the first time."""
    members = tuple(ServerDefinition(source_server_id=id_, use_group_defaults=id_ != BARE) for id_ in servers)
    config: Any = {"instanceType": "m5.large"} if wanted else {}
    definition = Definition(group_name="ERP", region=REGION, account_id=ACCOUNT, launch_config=config, servers=members)
    state = GROUP.evolve(Group(), ProtectionGroupCreated(group_id="pg-erp", definition=definition, version=1))
    for fact in (again("defined", *servers), *facts):
        state = GROUP.evolve(state, fact)
    return state


def again(reason: Any, *ids: str) -> LaunchConfigsDue:  # noqa: ANN401  a reason
    return LaunchConfigsDue(source_server_ids=ids or (ONE,), reason=reason, requested_by="ada")


def proved(id_: str = ONE, epoch: int = 1, at: datetime = NOON) -> ServerConfigApplied:
    return ServerConfigApplied(source_server_id=id_, epoch=epoch, config_hash="sha256:wanted", proved_at=at)


def verified(id_: str = ONE, epoch: int = 1, at: datetime = NOON) -> ServerConfigVerified:
    return ServerConfigVerified(source_server_id=id_, epoch=epoch, config_hash="sha256:wanted", proved_at=at)


def failed(id_: str = ONE, epoch: int = 1, fate: Any = "failed", **more: Any) -> ServerConfigFailed:  # noqa: ANN401
    told = {"code": "ConflictException", "message": "The server is being launched.", "at": NOON, **more}
    return ServerConfigFailed(source_server_id=id_, epoch=epoch, fate=fate, **told)


RETRY = failed(fate="retry", retry_at=NOON + timedelta(minutes=5))
WROTE = ("ModifyLaunchTemplate",)


@pytest.mark.parametrize(
    ("facts", "after", "expected", "reason"),
    [
        ([], 0, "pending", "NOT_YET_APPLIED"),
        ([proved()], 0, "ready", None),
        ([proved()], DAY - MILLISECOND, "ready", None),
        ([proved()], DAY, "pending", "STALE"),
        ([proved(), verified(at=NOON + DAY)], DAY, "ready", None),
        ([proved(), verified(at=NOON + DAY)], 2 * DAY, "pending", "STALE"),
        ([failed()], 0, "failed", None),
        ([failed()], 9 * DAY, "failed", None),
        ([RETRY], 0, "pending", "RETRY_DUE"),
        ([failed(fate="outage")], 0, "pending", "RETRY_DUE"),
        ([RETRY, proved()], 0, "ready", None),
        ([failed(), proved()], 0, "ready", None),
        ([proved(), failed()], 0, "failed", None),
        ([proved(), failed(fate="retry")], 0, "ready", None),
        ([proved(), failed(fate="retry", wrote=WROTE)], 0, "pending", "RETRY_DUE"),
        ([proved(), failed(fate="outage", wrote=WROTE)], 0, "pending", "RETRY_DUE"),
        ([proved(), again("redefined")], 0, "pending", "REDEFINED"),
        ([proved(), again("forced")], 0, "pending", "FORCED"),
        ([proved(), again("stale")], 0, "pending", "STALE"),
        ([proved(), again("wave")], 0, "pending", "NOT_YET_APPLIED"),
        ([failed(), again("requested")], 0, "pending", "NOT_YET_APPLIED"),
        ([proved(), again("redefined"), proved(epoch=1)], 0, "pending", "REDEFINED"),
        ([proved(), again("redefined"), proved(epoch=2)], 0, "ready", None),
        ([proved(), again("redefined"), failed(epoch=1)], 0, "pending", "REDEFINED"),
        ([proved(), again("stale"), failed(epoch=2), proved(epoch=1)], 0, "failed", None),
        ([proved(), again("stale"), failed(epoch=2), verified(epoch=1)], 0, "failed", None),
        ([proved(epoch=2)], 0, "pending", "NOT_YET_APPLIED"),
    ],
)
def test_a_server(facts: list[GroupFact], after: Any, expected: str, reason: str | None) -> None:  # noqa: ANN401
    now = NOON + (after or timedelta())
    found = group(*facts)
    assert server_status(found.servers[ONE], now) == expected
    assert shown.launch_config_status(found, now)["serverConfigs"][ONE].get("reason") == reason


@pytest.mark.parametrize(
    ("facts", "servers", "expected"),
    [
        ([], (), "not_configured"),
        ([], (BARE,), "not_configured"),
        ([proved(BARE)], (BARE,), "not_configured"),
        ([proved(ONE)], (ONE, BARE), "ready"),
        ([proved(ONE), proved(TWO)], (ONE, TWO), "ready"),
        ([proved(ONE)], (ONE, TWO), "pending"),
        ([proved(ONE), failed(TWO)], (ONE, TWO), "failed"),
        ([failed(ONE)], (ONE, TWO), "pending"),
        ([proved(ONE), failed(TWO)], (ONE, TWO, THREE), "pending"),
        ([proved(ONE), failed(TWO)], (ONE, TWO, BARE), "failed"),
    ],
)
def test_a_group(facts: list[GroupFact], servers: tuple[str, ...], expected: str) -> None:
    assert status(group(*facts, servers=servers), NOON) == expected


def test_partial_success_shows_in_the_counts() -> None:
    found = shown.launch_config_status(group(proved(ONE), failed(TWO), servers=(ONE, TWO, THREE, BARE)), NOON)
    assert found["counts"] == {"total": 4, "ready": 1, "pending": 1, "failed": 1, "notConfigured": 1}
    assert found["reasons"] == [
        {"reason": "ConflictException", "servers": 1},
        {"reason": "NOT_YET_APPLIED", "servers": 1},
    ]


def test_a_group_is_as_fresh_as_the_oldest_proof_among_its_ready_servers() -> None:
    facts = [proved(ONE, at=NOON), proved(TWO, at=NOON + timedelta(hours=3)), failed(THREE)]
    state = group(*facts, servers=(ONE, TWO, THREE))
    found = shown.launch_config_status(state, NOON)
    assert (found["provedAt"], found["freshUntil"]) == ("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z")
    later = shown.launch_config_status(state, NOON + DAY)
    assert (later["provedAt"], later["freshUntil"]) == ("2026-11-23T15:00:00Z", "2026-11-24T15:00:00Z")


def test_verifying_renews_the_proof_and_leaves_who_applied_it_when() -> None:
    before = shown.launch_config_status(group(proved()), NOON)
    after = shown.launch_config_status(group(proved(), verified(at=NOON + timedelta(hours=20))), NOON)
    assert (after["lastApplied"], after["appliedBy"]) == (before["lastApplied"], "ada")
    assert after["provedAt"] == "2026-11-24T08:00:00Z"


def test_of_earlier_errors_the_codes_stay_and_of_the_newest_all() -> None:
    facts = [failed(fate="retry", code=code, message="m" * 512) for code in ("First", "Second", "First", "Third")]
    (errors,) = (
        server["errors"] for server in shown.launch_config_status(group(*facts), NOON)["serverConfigs"].values()
    )
    assert errors == [
        {"code": "Third", "message": "m" * 160, "at": "2026-11-23T12:00:00Z"}, {"code": "First"}, {"code": "Second"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("requested", False),
        ("forced", False),
        ("redefined", False),
        ("wave", False),
        ("stale", True),
        ("superseded", True),
    ],
)
def test_errors_go_with_a_request_and_with_nothing_else(reason: str, kept: bool) -> None:  # noqa: FBT001  a column
    found = group(failed(fate="retry"), again(reason)).servers[ONE]
    assert bool(found.errors) == kept
    assert found.attempts == 0


def test_an_outage_spends_no_attempt_and_every_other_failure_one() -> None:
    facts = [failed(fate=fate) for fate in ("retry", "outage", "retry", "outage", "failed")]
    assert [group(*facts[:n]).servers[ONE].attempts for n in range(6)] == [0, 1, 1, 2, 2, 3]


# --- who is due, and when somebody must look again -------------------------------------------------------------------


def test_due_are_those_pending_whose_backoff_is_over_in_order_of_id() -> None:
    facts = [proved(ONE), failed(TWO), failed(THREE, fate="retry", retry_at=NOON + SECOND)]
    state = group(*facts, servers=(THREE, TWO, ONE, sid(5), BARE))
    assert due(state, NOON) == (sid(5),)
    assert due(state, NOON + SECOND) == (THREE, sid(5))
    assert due(state, NOON + DAY) == (ONE, THREE, sid(5))


def test_for_a_wave_failed_servers_and_those_in_backoff_are_due_too() -> None:
    facts = [proved(ONE), failed(TWO), failed(THREE, fate="retry", retry_at=NOON + SECOND)]
    state = group(*facts, servers=(ONE, TWO, THREE, BARE))
    assert due(state, NOON, failed_too=True) == (TWO, THREE)


def test_a_deleted_group_is_never_due() -> None:
    state = group(ProtectionGroupDeleted())
    assert (due(state, NOON, failed_too=True), next_due_at(state, NOON)) == ((), None)


def lease(seconds: float) -> ApplyStarted:
    return ApplyStarted(lease_id="lease", until=NOON + seconds * SECOND)


def away(seconds: float) -> ApplyEnded:
    return ApplyEnded(lease_id="lease", at=NOON, not_before=NOON + seconds * SECOND, code="ThrottlingException")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], 0),
        ([failed()], None),
        ([failed(fate="retry", retry_at=NOON + 9 * SECOND)], 9),
        ([lease(30)], 30),
        ([lease(-30)], 0),
        ([lease(30), failed(fate="retry", retry_at=NOON + 9 * SECOND)], 30),
        ([lease(30), ApplyEnded(lease_id="another")], 30),
        ([lease(30), ApplyEnded(lease_id="lease")], 0),
        ([lease(30), away(60)], 60),
        ([lease(30), away(60), again("forced")], 0),
        ([lease(30), away(60), proved()], DAY.total_seconds()),
        ([GroupClaimed(wave="w", until=NOON + 1800 * SECOND)], 1800),
        ([GroupClaimed(wave="w", until=NOON + 1800 * SECOND), GroupReleased(wave="w")], 0),
        ([GroupClaimed(wave="w", until=NOON + 1800 * SECOND), GroupReleased(wave="v")], 1800),
        ([proved()], DAY.total_seconds()),
        ([proved(), verified(at=NOON + 60 * SECOND)], DAY.total_seconds() + 60),
        ([proved(at=NOON - 2 * DAY)], -DAY.total_seconds()),
        ([proved(), GroupClaimed(wave="w", until=NOON + 1800 * SECOND)], DAY.total_seconds()),
    ],
)
def test_when_somebody_must_look_again(facts: list[GroupFact], expected: float | None) -> None:
    found = next_due_at(group(*facts), NOON)
    assert found == (None if expected is None else NOON + expected * SECOND)


def test_while_aws_is_away_nothing_is_due_but_for_a_wave() -> None:
    state = group(lease(30), away(60))
    assert due(state, NOON + 59 * SECOND) == ()
    assert due(state, NOON + 60 * SECOND) == (ONE,)
    assert due(state, NOON, failed_too=True) == (ONE,)


def test_the_outage_of_a_group_is_shown_until_something_succeeds() -> None:
    state = group(lease(30), away(60))
    assert [error["code"] for error in shown.launch_config_status(state, NOON)["errors"]] == ["ThrottlingException"]
    assert (state.outages, group(lease(30), away(60), lease(90), away(120)).outages) == (1, 2)
    mended = GROUP.evolve(state, proved())
    assert (mended.outages, mended.not_before, mended.errors) == (0, None, ())


def test_stale_are_those_proofs_that_ran_out_and_no_failed_ones() -> None:
    state = group(proved(ONE), proved(TWO), proved(THREE, at=NOON + SECOND), failed(TWO), servers=(ONE, TWO, THREE))
    assert stale(state, NOON + DAY - MILLISECOND) == ()
    assert stale(state, NOON + DAY) == (ONE,)


# --- an answer grows older by itself ---------------------------------------------------------------------------------

moments = st.integers(0, 60 * 60 * 60).map(lambda seconds: NOON + seconds * SECOND)
two = st.sampled_from([ONE, TWO])
epochs = st.integers(1, 3)
histories = st.lists(
    st.one_of(
        st.builds(again, st.sampled_from(["requested", "forced", "stale", "superseded", "wave"]), two),
        st.builds(proved, st.sampled_from([ONE, TWO, BARE]), epochs, moments),
        st.builds(verified, two, epochs, moments),
        st.builds(
            failed,
            st.sampled_from([ONE, TWO, THREE]),
            epochs,
            st.sampled_from(["failed", "retry", "outage"]),
            wrote=st.sampled_from([(), WROTE]),
            retry_at=st.none() | moments,
        ),
    ),
    max_size=14,
)


@given(histories, moments, moments)
def test_a_status_that_was_rendered_earlier_and_judged_now_is_the_status_rendered_now(
    facts: list[GroupFact], one: datetime, other: datetime
) -> None:
    state = group(*facts, servers=(ONE, TWO, THREE, BARE))
    earlier, now = sorted((one, other))
    assert shown.at(shown.launch_config_status(state, earlier), now) == shown.launch_config_status(state, now)


@given(st.integers(0, 999), st.integers(-2000, 2000))
def test_a_proof_never_lives_longer_for_having_been_shown_and_less_than_a_second_shorter(
    milliseconds: int, around: int
) -> None:
    """Shown times are cut to the second: in the last one, what was rendered earlier errs on the side of pending."""
    proved_at = NOON + milliseconds * MILLISECOND
    state, now = group(proved(at=proved_at)), proved_at + DAY + around * MILLISECOND
    aged = shown.at(shown.launch_config_status(state, proved_at), now)["status"]
    fresh = shown.launch_config_status(state, now)["status"]
    assert aged == fresh or (aged, fresh) == ("pending", "ready")
    assert aged == "ready" or around >= -999


@given(histories, moments)
def test_what_an_apply_reports_as_failures_are_the_failed_servers(facts: list[GroupFact], now: datetime) -> None:
    state = group(*facts, servers=(ONE, TWO, THREE, BARE))
    failures = shown.failures(shown.launch_config_status(state, now))
    assert [one["sourceServerId"] for one in failures] == sorted(
        id_ for id_, server in state.servers.items() if server_status(server, now) == "failed"
    )
    assert all(one["code"] == "ConflictException" for one in failures)


def test_of_more_reasons_than_twenty_those_of_most_servers_are_shown() -> None:
    ids = tuple(sid(number) for number in range(100, 130))
    facts = [failed(id_, code=f"Code{max(number, 4):02}") for number, id_ in enumerate(ids)]
    reasons = shown.launch_config_status(group(*facts, servers=ids), NOON)["reasons"]
    assert len(reasons) == 20
    assert {"reason": "Code04", "servers": 5} in reasons
    assert reasons == sorted(reasons, key=lambda one: one["reason"])


# --- what AWS says of the whole group, and when it was written to ----------------------------------------------------

MESSAGE = "Amazon Elastic Disaster Recovery is not initialised in this Region."


def refused(*ids: str, code: str = "UninitializedAccountException") -> GroupConfigFailed:
    return GroupConfigFailed(source_server_ids=ids or (ONE, TWO), code=code, message=MESSAGE, at=NOON)


def test_what_aws_says_of_the_group_is_said_once_in_full_and_of_each_server_by_its_code() -> None:
    state = group(failed(ONE, fate="retry", retry_at=NOON), refused(), servers=(ONE, TWO, THREE))
    told = shown.launch_config_status(state, NOON)
    [error] = told["errors"]
    assert (error["code"], error["message"]) == ("UninitializedAccountException", MESSAGE)
    servers = told["serverConfigs"]
    assert [servers[id_]["status"] for id_ in (ONE, TWO, THREE)] == ["failed", "failed", "pending"]
    assert servers[ONE]["errors"] == [{"code": "UninitializedAccountException"}, {"code": "ConflictException"}]
    assert servers[TWO]["errors"] == [{"code": "UninitializedAccountException"}]
    assert shown.failures(told) == [], "what the group says is not said again for each server"
    assert due(state, NOON) == (THREE,)


@pytest.mark.parametrize("reason", ["requested", "forced", "redefined", "wave"])
def test_a_new_request_clears_what_was_said_of_the_group_and_of_its_servers(reason: str) -> None:
    state = group(refused(), again(reason, ONE, TWO), servers=(ONE, TWO))
    told = shown.launch_config_status(state, NOON)
    assert (told["errors"], told["status"]) == ([], "pending")
    assert all(server["errors"] == [] for server in told["serverConfigs"].values())
    assert due(state, NOON) == (ONE, TWO)


def test_a_proof_clears_what_was_said_of_the_group_and_of_its_own_server_only() -> None:
    told = shown.launch_config_status(group(refused(), proved(ONE), servers=(ONE, TWO)), NOON)
    assert told["errors"] == []
    assert [told["serverConfigs"][id_]["status"] for id_ in (ONE, TWO)] == ["ready", "failed"]


def test_a_refusal_of_the_group_spends_no_attempt_and_names_no_server_that_left() -> None:
    state = group(refused(ONE, THREE))
    assert (state.servers[ONE].failed, state.servers[ONE].attempts, list(state.servers)) == (True, 0, [ONE])


def superseded(epoch: int, wrote_at: datetime | None) -> ServerConfigSuperseded:
    wrote = WROTE if wrote_at else ()
    return ServerConfigSuperseded(source_server_id=ONE, epoch=epoch, outcome="proved", wrote=wrote, wrote_at=wrote_at)


@given(st.lists(st.tuples(st.sampled_from("psfr"), st.integers(1, 3), st.none() | st.integers(0, 90)), max_size=12))
def test_it_is_known_when_aws_was_last_written_to_for_whichever_epoch(history: list[tuple[str, int, Any]]) -> None:
    """Outcomes of workers come in any order; an older one does not take the moment back."""
    state, latest = group(again("redefined")), None
    for kind, epoch, minutes in history:
        at = None if minutes is None else NOON + timedelta(minutes=minutes)
        wrote: dict[str, Any] = {"wrote": WROTE if at else (), "wrote_at": at}
        facts: dict[str, GroupFact] = {
            "p": proved(epoch=epoch).model_copy(update=wrote),
            "s": superseded(epoch, at),
            "f": failed(epoch=epoch, **wrote),
            "r": failed(epoch=epoch, fate="busy", retry_at=NOON, **wrote),
        }
        state = GROUP.evolve(state, facts[kind])
        latest = max(moment for moment in (latest, at) if moment) if latest or at else None
        assert state.servers[ONE].wrote_at == latest


def test_a_server_that_a_job_holds_is_tried_again_and_spends_no_attempt() -> None:
    state = group(*[failed(fate="busy", retry_at=NOON + timedelta(minutes=5))] * 9)
    assert (state.servers[ONE].attempts, server_status(state.servers[ONE], NOON)) == (0, "pending")
    assert (due(state, NOON), next_due_at(state, NOON)) == ((), NOON + timedelta(minutes=5))
