"""What somebody once broke: each was wrong before it was a test."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commands.decide import RecordOutcomes, StartApply
from commands.outcomes import OVER, Ask, Outcome
from commands.pump import TURN, pump
from commands.waves.claim import CLAIM_FOR
from commands.waves.launch import SETTLE
from events.commits import Context
from events.errors import Corrupt, LostRace, Refused
from events.streams import GROUP, load
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from projections.sweep import sweep
from tests.commands.bench import calls
from tests.commands.surroundings import a_subnet
from tests.kit import Desk, desk

SUBNET = "subnet-0123456789abcdef0"
HOME = {"subnetId": SUBNET, "copyPrivateIp": False, "targetInstanceTypeRightSizingMethod": "NONE"}


@pytest.fixture
def at_desk() -> Iterator[Desk]:
    with desk(servers=3) as at:
        yield at


def default_template(simulator: Simulator, server_id: str) -> dict[str, object]:
    drs, ec2 = simulator.client("drs"), simulator.client("ec2")
    template_id = drs.get_launch_configuration(sourceServerID=server_id)["ec2LaunchTemplateID"]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Default"])
    return found["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_a_claim_that_ran_out_unlaunched_is_never_launched(at_desk: Desk) -> None:
    """The wave's only call is dropped; a day later somebody asks for the same wave again."""
    group_id = at_desk.create()
    at_desk.simulator.fault(Fault("drop", "StartRecovery"))
    with pytest.raises(Refused, match="not known yet"):
        at_desk.start_wave(group_id)
    at_desk.clock.sleep((CLAIM_FOR + timedelta(hours=26)).total_seconds())

    with pytest.raises(Refused) as refused:
        at_desk.start_wave(group_id)

    assert refused.value.code == "RECOVERY_REFUSED"
    assert refused.value.details["code"] == "CLAIM_EXPIRED"
    assert at_desk.simulator.counts()["drs:StartRecovery"] == 1
    assert at_desk.start_wave(group_id, executionId="exec-2")["decision"] == "started"


def test_a_launch_is_not_sent_once_somebody_else_may_have_taken_it_over(at_desk: Desk) -> None:
    """The claim's append is answered so late that the wave counts as abandoned."""
    group_id = at_desk.create()
    append = at_desk.store.append

    def slow(*commits: object) -> None:
        append(*commits)
        at_desk.clock.sleep(SETTLE.total_seconds())

    at_desk.store.append = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(Refused, match="OUT_OF_TIME"):
        at_desk.start_wave(group_id)

    assert "drs:StartRecovery" not in at_desk.simulator.counts()


def test_a_key_used_on_two_groups_at_once_is_two_requests(at_desk: Desk) -> None:
    """Both race on the roster under one key; the loser's change is stored, not taken for the winner's."""
    one, two, three = at_desk.simulator.server_ids()
    first, second = (at_desk.create(name, sourceServerIds=[id_]) for name, id_ in (("One", one), ("Two", two)))
    append = at_desk.store.append
    lost = []

    def beaten(*commits: object) -> None:
        if not lost:
            lost.append(commits)
            at_desk.ask("update_protection_group", groupId=first, key="same-key", groupName="One renamed")
        append(*commits)

    at_desk.store.append = beaten  # type: ignore[method-assign,assignment]
    at_desk.ask("add_servers_to_group", groupId=second, key="same-key", sourceServerIds=[three])

    assert lost
    assert three in at_desk.stream(second).state.servers


def test_a_static_address_needs_its_subnet_and_a_server_of_its_own(at_desk: Desk) -> None:
    server = at_desk.simulator.server_ids()[0]
    own = {"sourceServerId": server, "launchTemplate": {"staticPrivateIp": "10.0.0.10"}}
    with pytest.raises(Refused) as loose:
        at_desk.ask("create_protection_group", groupName="Loose", servers=[own])
    assert (loose.value.code, loose.value.details["field"]) == ("MISSING_FIELD", "subnetId")
    with pytest.raises(Refused) as shared:
        at_desk.create("Shared", launchConfig={**HOME, "staticPrivateIp": "10.0.0.10"})
    assert shared.value.details["field"] == "launchConfig.staticPrivateIp"


def test_an_address_that_moves_to_another_server_leaves_the_first_ones_template(at_desk: Desk) -> None:
    one, two = at_desk.simulator.server_ids()[:2]
    a_subnet(at_desk.simulator, SUBNET, "10.0.0.0/24")
    address = {"launchTemplate": {"staticPrivateIp": "10.0.0.10"}}
    bare = {"launchConfig": HOME, "sourceServerIds": [one, two]}
    group_id = at_desk.create(**bare, servers=[{"sourceServerId": one, **address}])

    moved = at_desk.ask(
        "update_protection_group", groupId=group_id, sourceServerIds=[one], servers=[{"sourceServerId": two, **address}]
    )

    assert moved["status"] == "ready"
    interfaces = [default_template(at_desk.simulator, id_)["NetworkInterfaces"][0] for id_ in (one, two)]
    assert [nic.get("PrivateIpAddress") for nic in interfaces] == [None, "10.0.0.10"]


def test_a_worker_that_dies_in_a_long_call_blocks_no_longer_than_a_turn(at_desk: Desk) -> None:
    group_id = at_desk.create()
    at_desk.ask("apply_launch_configs", groupId=group_id, force=True)
    leases = []
    execute = at_desk.service.execute

    def watched(id_: str, command: object, context: Context) -> object:
        if isinstance(command, StartApply):
            leases.append(command.until - at_desk.clock.now())
        return execute(id_, command, context)

    object.__setattr__(at_desk.service, "execute", watched)
    at_desk.clock.sleep(25 * 3600)
    pump(at_desk.service, group_id, at_desk.service.after(885))

    assert leases
    assert max(leases) <= TURN + OVER


def test_after_an_unanswered_write_nobody_reads_before_it_can_have_landed(at_desk: Desk) -> None:
    """Modify is dropped: whether it lands is open, so the lease is kept for as long as it may."""
    server = at_desk.simulator.server_ids()[0]
    at_desk.simulator.fault(Fault("drop", "ModifyLaunchTemplate"))
    group_id = at_desk.create(sourceServerIds=[server])

    held = at_desk.stream(group_id).state.lease
    assert held is not None
    assert held.holds(at_desk.clock.now())
    since = len(at_desk.simulator.calls())
    at_desk.ask("update_protection_group", groupId=group_id, launchConfig={"copyTags": True})
    assert len(at_desk.simulator.calls()) == since
    assert at_desk.status(group_id)["status"] == "pending"


def test_servers_that_never_succeed_do_not_keep_the_others_waiting(at_desk: Desk) -> None:
    at_desk.simulator.add_servers(27)
    ids = sorted(at_desk.simulator.server_ids())
    for id_ in ids[:25]:
        at_desk.simulator.fault(Fault("InternalServerException", "GetLaunchConfiguration", times=None, server_id=id_))
    group_id = at_desk.create()
    for _ in range(3):
        at_desk.clock.sleep(1200)
        pump(at_desk.service, group_id, at_desk.service.after(60))

    assert at_desk.status(group_id)["counts"]["ready"] == len(ids) - 25


def test_a_forged_commit_is_never_believed(at_desk: Desk) -> None:
    """Somebody rewrites who asked, or a memo together with its hash; both loads refuse."""
    group_id = at_desk.create()
    stream_id = GROUP.stream_id(group_id)
    head = at_desk.store.head(stream_id)
    assert head is not None
    at_desk.store._streams[stream_id][head.version] = replace(head, actor="nobody")
    with pytest.raises(Corrupt):
        load(at_desk.store, GROUP, group_id)


def test_one_group_whose_row_cannot_be_put_does_not_stop_the_sweep(at_desk: Desk) -> None:
    one, two = at_desk.simulator.server_ids()[:2]
    bad, good = at_desk.create("Bad", sourceServerIds=[one]), at_desk.create("Good", sourceServerIds=[two])
    put: list[str] = []

    class Table:
        """Refuses one group's row, as DynamoDB refuses an item that is too large."""

        def get(self, _group_id: str) -> None:
            return None

        def put(self, row: dict[str, str], seen: int) -> bool:
            if row["groupId"] == bad:
                raise ValueError("Item size has exceeded the maximum allowed size")
            put.append(row["groupId"])
            return seen == 0

    found = {each.group_id: each for each in sweep(at_desk.store, Table(), at_desk.clock.now)}

    assert put == [good]
    assert "Item size" in found[bad].failed


def test_a_late_batch_of_a_lease_that_ended_is_kept_for_the_record(at_desk: Desk) -> None:
    """Nothing due, nothing held: an empty batch decides nothing and appends nothing."""
    group_id = at_desk.create()
    version = at_desk.stream(group_id).version
    at_desk.service.execute(group_id, RecordOutcomes(()), Context("RecordOutcomes", "late", "system", "system"))
    assert at_desk.stream(group_id).version == version


def test_a_store_that_loses_every_race_says_busy_and_writes_nothing(at_desk: Desk) -> None:
    group_id = at_desk.create()

    def never(*_commits: object) -> None:
        raise LostRace(GROUP.stream_id(group_id), None)

    at_desk.store.append = never  # type: ignore[method-assign,assignment]
    with pytest.raises(Refused) as busy:
        at_desk.ask("apply_launch_configs", groupId=group_id, force=True)
    assert (busy.value.code, busy.value.retryable) == ("BUSY", True)


def test_a_wave_asks_who_was_refused_for_good_only_in_its_first_turn(at_desk: Desk) -> None:
    """Each batch takes 40 s, so that 33 servers need more than one turn of a minute."""
    group_id = at_desk.create()
    at_desk.simulator.fault(Fault("ValidationException", "GetLaunchConfiguration", times=None))
    at_desk.ask("apply_launch_configs", groupId=group_id, force=True)
    at_desk.simulator.add_servers(30)
    more = at_desk.simulator.server_ids()[3:]
    ask = at_desk.door.apply
    at_desk.ask("add_servers_to_group", groupId=group_id, sourceServerIds=more, respondAsync=True)
    since = len(at_desk.simulator.calls())

    def slow(asks: Sequence[Ask], deadline: datetime, *, urgent: bool = False) -> Iterator[Outcome]:
        at_desk.clock.sleep(40)
        return ask(asks, deadline, urgent=urgent)

    at_desk.door.apply = slow  # type: ignore[method-assign]
    pump(at_desk.service, group_id, at_desk.service.after(200), wave="first")

    assert len(calls(at_desk.simulator, since)) == 33


@pytest.mark.parametrize("hollow", [{"metadataOptions": {}}, {"blockDeviceMappings": [{"deviceName": "xvda"}]}])
def test_a_setting_that_asks_for_nothing_is_refused_and_never_ready(at_desk: Desk, hollow: dict[str, object]) -> None:
    own = {"sourceServerId": at_desk.simulator.server_ids()[0], "launchTemplate": hollow}
    for fields in ({"launchConfig": hollow}, {"servers": [own]}):
        with pytest.raises(Refused) as refused:
            at_desk.create(**fields)
        assert (refused.value.code, refused.value.details["field"]) == ("INVALID_PARAMETER", *hollow)
    assert at_desk.simulator.counts() == {}
