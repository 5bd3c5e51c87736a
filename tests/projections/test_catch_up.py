"""Catching up: however the doorbells ring, the row ends as the facts fold, and never goes back on the way."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands import requests as ask
from commands.decide import ClaimGroup, Command, EndApply, RecordOutcomes, ReleaseGroup, StartApply
from commands.outcomes import Fault, Outcome, Proved
from commands.service import Service
from events import status
from events.commits import Commit, digest
from events.configuration import fingerprint
from events.doors import parse
from events.errors import Corrupt, Refused, UnknownFact
from events.facts import ApplyStarted
from events.memory import MemoryStore
from events.model import canonical
from events.streams import GROUP, load, refold
from projections.catch_up import CaughtUp, catch_up
from projections.row import PROJECTION_VERSION, Row, render
from projections.sweep import sweep
from tests.events import given as g
from tests.projections.rows import BusyRows, MemoryRows

GROUP_ID = "pg-erp"
STREAM_ID = f"group#{GROUP_ID}"


class House:
    """One group, its read model, and two projectors that share nothing but the two tables."""

    def __init__(self) -> None:
        self.clock, self.store, self.rows = g.Clock(), MemoryStore(), BusyRows()
        self.desk: Service = g.service(self.store, self.clock)
        self.told: list[CaughtUp] = []
        self.written: list[Commit] = []

    def do(self, move: str, number: int) -> None:
        """Something that may happen to a group; what is refused did not."""
        command = self.command(move, number)
        try:
            if isinstance(command, ask.Request):
                g.ask(self.desk, GROUP_ID, command)  # type: ignore[arg-type]  # one of a group's
            elif command:
                self.desk.execute(GROUP_ID, command, g.by_worker(move))
        except Refused:
            return

    def command(self, move: str, number: int) -> Command | None:  # noqa: C901, PLR0911  one arm a move
        group = load(self.store, GROUP, GROUP_ID).state
        server, soon = g.sid(number % 3), self.desk.after(60 * number)
        match move:
            case "create":
                return read(ask.CreateProtectionGroup, groupName="ERP", sourceServerIds=[g.sid(9), server])
            case "configure":
                config = {"instanceType": f"m{number}.large"} if number else {}
                return read(ask.UpdateProtectionGroup, groupId=GROUP_ID, launchConfig=config)
            case "add":
                return read(ask.AddServers, groupId=GROUP_ID, sourceServerIds=[server])
            case "remove":
                return read(ask.RemoveServers, groupId=GROUP_ID, sourceServerIds=[server])
            case "apply":
                return read(ask.ApplyLaunchConfigs, groupId=GROUP_ID, force=number > 2)
            case "delete" if number == 5:
                return read(ask.DeleteProtectionGroup, groupId=GROUP_ID)
            case "lease":
                return StartApply(f"lease-{number}", soon)
            case "outcome":
                return RecordOutcomes(tuple(self.outcome(id_, number) for id_ in status.due(group, self.clock.now())))
            case "give back" if group.lease:
                return EndApply(group.lease.by, not_before=soon if number > 3 else None)
            case "claim":
                return ClaimGroup(f"wave-{number}", soon)
            case "release" if group.claim:
                return ReleaseGroup(group.claim.by)
            case "wait":
                self.clock.sleep([1, 60, 3600, 3600 * 12, 3600 * 24, 0][number])
        return None

    def outcome(self, server_id: str, number: int) -> Outcome:
        group, now = load(self.store, GROUP, GROUP_ID).state, self.clock.now()
        epoch = group.servers[server_id].epoch - (number == 1)
        if number > 2:
            return Fault(server_id, epoch, "permanent" if number > 4 else "transient", "ConflictException", "busy", now)
        return Proved(server_id, epoch, fingerprint(group.wanted(server_id)), now, wrote=("ModifyLaunchTemplate",))

    def ring(self) -> CaughtUp:
        found = catch_up(self.store, self.rows, GROUP_ID, self.clock.now)
        self.told.append(found)
        return found

    @property
    def row(self) -> Row | None:
        return self.rows.rows.get(GROUP_ID)

    def agrees(self) -> bool:
        """Whether the row is what the facts fold to, rendered when it was."""
        stream = refold(self.store, GROUP, STREAM_ID)
        if self.row is None:
            return stream.version == 0
        return self.row == render(stream, datetime.fromisoformat(self.row["projectedAt"]))


def read(model: type[Any], **fields: object) -> Any:  # noqa: ANN401  a request of that model
    return parse(model, fields)


MOVES = [
    "configure", "configure", "add", "remove", "apply", "lease", "outcome", "outcome", "give back", "claim", "release",
    "wait", "delete", "ring", "ring", "ring",
]  # fmt: skip
moves = st.tuples(st.sampled_from(MOVES), st.integers(0, 5))


@given(st.lists(moves, max_size=25), st.lists(st.lists(moves, max_size=2), max_size=12))
def test_however_the_doorbells_ring_the_row_ends_as_the_facts_fold(
    history: list[tuple[str, int]], between: list[list[tuple[str, int]]]
) -> None:
    """Rings are repeated, late or lost; between a projector's read and its write another runs, and more is written."""
    house = House()
    interruptions = iter(between)

    def meanwhile() -> None:
        for move, number in next(interruptions, []):
            house.ring() if move == "ring" else house.do(move, number)

    house.rows.meanwhile = meanwhile
    house.do("create", 1)
    for move, number in history:
        house.ring() if move == "ring" else house.do(move, number)
    house.rows.meanwhile = lambda: None
    house.told += sweep(house.store, house.rows, house.clock.now)

    assert house.agrees()
    versions = [row["version"] for _, row in house.rows.puts]
    assert versions == sorted(set(versions))
    times = [((before or {}).get("nextDueAt"), row.get("nextDueAt")) for before, row in house.rows.puts]
    news = [after for before, after in times if after and after != before]
    told = [found.wake_at for found in house.told if found.wake_at]
    assert Counter(map(datetime.fromisoformat, news)) == Counter(told)
    assert not [found.alarm for found in house.told if found.alarm]


@given(st.lists(moves, max_size=25))
@example([("add", 2), ("configure", 1), ("configure", 2)])
def test_a_row_rendered_step_by_step_is_the_row_rendered_at_once(history: list[tuple[str, int]]) -> None:
    house = House()
    for move, number in [("create", 1), *history]:
        house.do(move, number)
        house.ring()
    at_once = MemoryRows()
    when = datetime.fromisoformat((house.row or {})["projectedAt"])
    catch_up(house.store, at_once, GROUP_ID, lambda: when)
    assert at_once.rows[GROUP_ID] == house.row


# --- one by one ------------------------------------------------------------------------------------------------------


@pytest.fixture
def house() -> House:
    """A group of which something is wanted, three commits long; its row has not been rendered."""
    house = House()
    house.do("create", 1)
    house.do("configure", 1)
    house.do("lease", 1)
    return house


def appended(house: House, **changes: Any) -> Commit:  # noqa: ANN401  attributes
    """One more commit, but for some of its attributes."""
    stream = load(house.store, GROUP, GROUP_ID)
    fact = ApplyStarted(lease_id="another", until=house.desk.after(60))
    commit = replace(stream.next(g.by_worker(), [fact], house.clock.now()), **changes).sealed()
    house.store.append(commit)
    return commit


def test_a_doorbell_for_nobody_writes_nothing(house: House) -> None:
    assert catch_up(house.store, house.rows, "pg-nobody", house.clock.now) == CaughtUp("pg-nobody", 0, moved=False)
    assert house.rows.puts == []


def test_a_doorbell_that_rings_again_writes_nothing(house: House) -> None:
    assert house.ring().moved
    assert not house.ring().moved
    assert len(house.rows.puts) == 1


def test_a_row_that_is_up_to_date_costs_one_read_of_one_commit(house: House) -> None:
    house.ring()
    before = house.store.reads
    house.ring()
    assert house.store.reads - before == 1


def shown(house: House, *versions: int) -> House:
    """As if only these commits were there."""
    house.store = MemoryStore()
    for version in versions:
        house.store.append(house.written[version - 1])
    return house


@pytest.mark.parametrize(
    ("rendered", "there"),
    [((), (2, 3)), ((), (1, 3)), ((1,), (1, 3)), ((1,), (3,)), ((1, 2), (1, 3)), ((1, 2), (3,))],
)
def test_a_hole_is_corrupt_and_nothing_is_written(
    house: House, rendered: tuple[int, ...], there: tuple[int, ...]
) -> None:
    """In front of the row, at it, or with no row at all."""
    house.written = list(house.store.history(STREAM_ID))
    shown(house, *rendered).ring()
    before = list(house.rows.puts)
    with pytest.raises(Corrupt):
        shown(house, *there).ring()
    assert house.rows.puts == before


def test_a_stream_shorter_than_its_row_is_corrupt_and_the_row_stays(house: House) -> None:
    house.ring()
    row = house.row
    house.written = list(house.store.history(STREAM_ID))
    for left in [(1, 2), (1,), ()]:
        with pytest.raises(Corrupt, match="the row is at version 3"):
            shown(house, *left).ring()
    assert house.row == row


def test_a_projector_that_slept_moves_no_row_backwards(house: House) -> None:
    """It read the row and the stream, and wakes when another has rendered more."""

    def another_renders_more() -> None:
        house.rows.meanwhile = lambda: None
        house.do("give back", 1)
        catch_up(house.store, house.rows, GROUP_ID, house.clock.now)

    house.rows.meanwhile = lambda: setattr(house.rows, "meanwhile", another_renders_more)
    found = house.ring()
    assert (found.version, found.moved) == (4, False)
    assert [row["version"] for _, row in house.rows.puts] == [4]
    assert house.agrees()


def test_a_projector_that_always_comes_second_gives_up_and_leaves_the_row_to_the_first(house: House) -> None:
    def first() -> None:
        house.rows.meanwhile = lambda: None
        house.do("apply", 3)
        catch_up(house.store, house.rows, GROUP_ID, house.clock.now)
        house.rows.meanwhile = first

    house.rows.meanwhile = first
    assert not house.ring().moved
    assert house.agrees()


def test_the_row_of_a_deleted_group_is_a_tombstone_for_ever(house: House) -> None:
    house.ring()
    house.do("give back", 1)
    house.do("delete", 5)
    assert house.ring().moved
    tombstone = house.row
    assert tombstone
    assert tombstone["deleted"] is True
    assert not {"dueShard", "nextDueAt", "accountRegion", "launchConfigStatus"} & tombstone.keys()
    house.do("create", 1)
    house.clock.sleep(10**6)
    assert not house.ring().moved
    list(sweep(house.store, house.rows, house.clock.now))
    assert house.row == tombstone


def test_a_fact_of_newer_code_leaves_the_row_and_is_said_so(house: House) -> None:
    house.ring()
    row = house.row
    appended(house, events=canonical([{"type": "ServerTeleported", "sourceServerId": g.sid(1)}]))
    with pytest.raises(UnknownFact):
        house.ring()
    assert house.row == row


def test_a_fact_of_newer_code_stops_its_own_group_and_no_other(house: House) -> None:
    appended(house, events=canonical([{"type": "ServerTeleported"}]))
    g.ask(house.desk, "pg-crm", read(ask.CreateProtectionGroup, groupName="CRM"))
    found = {one.group_id: one for one in sweep(house.store, house.rows, house.clock.now)}
    assert ("does not know" in found[GROUP_ID].failed, found[GROUP_ID].alarm) == (True, "")
    assert (found["pg-crm"].moved, found["pg-crm"].alarm) == (True, "")
    assert set(house.rows.rows) == {"pg-crm"}


def forged(house: House) -> bytes:
    """A memo that says something else than the facts do."""
    memo = load(house.store, GROUP, GROUP_ID).memo()
    assert b'"ERP"' in memo
    return memo.replace(b'"ERP"', b'"EVIL"')


@pytest.mark.parametrize("rung", [False, True])
def test_a_memo_that_disagrees_with_the_fold_is_an_alarm_and_the_facts_win(house: House, rung: bool) -> None:  # noqa: FBT001
    if rung:
        house.ring()
    memo = forged(house)
    appended(house, state=memo, state_hash=digest(memo))
    found = house.ring()
    assert "version 4 folds to another state" in found.alarm
    assert house.row
    assert house.row["groupName"] == "ERP"
    assert house.agrees()


def test_what_is_written_on_top_of_such_a_memo_does_not_bring_it_into_the_row(house: House) -> None:
    house.ring()
    memo = forged(house)
    appended(house, state=memo, state_hash=digest(memo))
    house.ring()
    appended(house)
    found = house.ring()
    assert "version 5 folds to another state" in found.alarm
    assert house.agrees()


@pytest.mark.parametrize("fold_version", [0, 9])
def test_a_row_on_a_commit_of_another_fold_is_folded_from_the_first_fact(house: House, fold_version: int) -> None:
    commit = appended(house, state=b"{}", state_hash=digest(b"{}"), fold_version=fold_version)
    assert house.ring().alarm == ""
    house.store.append(replace(refold(house.store, GROUP, STREAM_ID)).next(g.by_worker(), [], house.clock.now()))
    found = house.ring()
    assert (found.version, found.alarm) == (commit.version + 1, "")
    assert house.agrees()


def test_a_row_of_another_rendering_is_rendered_again_in_place(house: House) -> None:
    house.ring()
    assert house.row
    house.row["projectionVersion"] = PROJECTION_VERSION - 1
    house.row["status"] = "as it was shown then"
    assert house.ring().moved
    assert house.agrees()


# --- waking ----------------------------------------------------------------------------------------------------------


def test_whoever_must_look_is_told_when_and_told_once(house: House) -> None:
    lease = load(house.store, GROUP, GROUP_ID).state.lease
    assert lease
    assert [house.ring().wake_at, house.ring().wake_at] == [lease.until, None]


def test_news_that_leave_the_time_as_it_was_wake_nobody_again(house: House) -> None:
    house.ring()
    g.ask(house.desk, GROUP_ID, read(ask.UpdateProtectionGroup, groupId=GROUP_ID, description="mission critical"))
    found = house.ring()
    assert (found.moved, found.wake_at) == (True, None)


def test_a_new_time_is_told(house: House) -> None:
    house.ring()
    house.do("outcome", 0)
    assert house.ring().wake_at == house.clock.now() + timedelta(hours=24)


def test_a_group_that_waits_for_nothing_wakes_nobody() -> None:
    house = House()
    house.do("create", 1)
    found = house.ring()
    assert (found.moved, found.wake_at) == (True, None)


# --- the sweep -------------------------------------------------------------------------------------------------------


def test_the_sweep_heals_rows_that_are_missing_or_lag(house: House) -> None:
    g.ask(house.desk, "pg-crm", read(ask.CreateProtectionGroup, groupName="CRM"))
    assert {found.group_id for found in sweep(house.store, house.rows, house.clock.now) if found.moved} == {
        GROUP_ID, "pg-crm"
    }  # fmt: skip
    del house.rows.rows["pg-crm"]
    house.do("give back", 1)
    assert {found.group_id for found in sweep(house.store, house.rows, house.clock.now) if found.moved} == {
        GROUP_ID, "pg-crm"
    }  # fmt: skip
    assert house.agrees()
    assert not [found for found in sweep(house.store, house.rows, house.clock.now) if found.moved]


def test_the_sweep_reports_what_is_damaged_and_goes_on(house: House) -> None:
    g.ask(house.desk, "pg-crm", read(ask.CreateProtectionGroup, groupName="CRM"))
    del house.store._streams[STREAM_ID][2]  # what no store lets anybody do
    found = {one.group_id: one for one in sweep(house.store, house.rows, house.clock.now)}
    assert "version 3 follows 1" in found[GROUP_ID].alarm
    assert found["pg-crm"].moved
