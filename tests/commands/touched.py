"""A group that everybody touches: the rules of a state machine about it and about the world, but for its waves."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from commands.decide import RecordOutcomes
from commands.outcomes import Proved
from events import status
from events.configuration import fingerprint
from events.errors import Refused
from events.groups import Group
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.bench import WRITES, MortalStore, fresh, in_aws, meddle, mended, pumped
from tests.events import given as g
from tests.kit import SETTINGS

TYPES = ["m5.large", "m5.xlarge", "c5.large"]
HELD = {"PG_IN_ACTIVE_EXECUTION", "LAUNCH_CONFIG_SYNC_IN_PROGRESS", "COOLING_DOWN"}
MOMENT = 0.002
"""Seconds between two things that happen, so that it is known which was first."""
WHICH = st.integers(0, 2)


class Touched(RuleBasedStateMachine):
    """A group of three servers, and all who define it, apply it, or edit behind its back."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self.store = MortalStore()
        self.desk = fresh(simulator, self.store)
        self.servers = simulator.server_ids()
        self.edits: dict[str, list[datetime]] = defaultdict(list)
        self.group_id = ""
        self.wrong: list[object] = []
        self.meanwhile: Callable[[], object] | None = None
        meddle(self.desk, before=self.before_a_call)

    @initialize(kind=st.sampled_from(TYPES))
    def define(self, kind: str) -> None:
        self.group_id = self.desk.create(launchConfig={**SETTINGS, "instanceType": kind})

    @property
    def group(self) -> Group:
        return self.desk.stream(self.group_id).state

    def before_a_call(self, operation: str) -> None:
        """No write of ours goes out while a claim holds; and perhaps something happens just then."""
        if operation not in WRITES:
            return
        claim = self.group.claim
        if claim and claim.holds(self.desk.clock.now()):
            self.wrong.append(f"{operation} while {claim.by} holds the group")
        happens, self.meanwhile = self.meanwhile, None
        try:
            if happens:
                happens()
        except Exception as error:  # noqa: BLE001  the door never raises: it would be lost there
            self.wrong.append(error)

    def ask_of_group(self, operation: str, **fields: Any) -> None:  # noqa: ANN401  fields of a request
        """A moment later something is asked of the group; a no is an answer."""
        self.desk.clock.sleep(MOMENT)
        try:
            self.desk.ask(operation, groupId=self.group_id, **fields)
        except Refused as no:
            if no.code not in HELD:
                raise

    @rule(kind=st.sampled_from(TYPES), later=st.booleans())
    def redefine(self, kind: str, later: bool) -> None:  # noqa: FBT001  drawn
        launch = {**SETTINGS, "instanceType": kind}
        self.ask_of_group("update_protection_group", launchConfig=launch, respondAsync=later)

    @rule(later=st.booleans())
    def force(self, later: bool) -> None:  # noqa: FBT001  drawn
        self.ask_of_group("apply_launch_configs", force=True, respondAsync=later)

    @rule(which=WHICH, kind=st.sampled_from([None, *TYPES]))
    def come_or_go(self, which: int, kind: str | None) -> None:
        server = self.servers[which]
        if server not in self.group.servers:
            own = {"sourceServerId": server, "launchTemplate": {"instanceType": kind} if kind else {}}
            self.ask_of_group("add_servers_to_group", servers=[own], respondAsync=True)
        elif len(self.group.servers) > 1:
            self.ask_of_group("remove_servers_from_group", sourceServerIds=[server])

    @rule()
    def work(self) -> None:
        """A worker's turn."""
        self.desk.clock.sleep(MOMENT)
        pumped(self.desk, self.group_id)

    @rule(
        operation=st.sampled_from(["ModifyLaunchTemplate", *sorted(WRITES)]),
        seconds=st.sampled_from([1, 9]),
        kinds=st.lists(st.sampled_from(TYPES), min_size=2, max_size=2, unique=True),
    )
    def lose_a_write(self, operation: str, seconds: int, kinds: list[str]) -> None:
        """The answer to it is lost, it lands late, and meanwhile something else is wanted."""
        self.redefine(kinds[0], later=True)
        self.desk.simulator.fault(Fault("zombie", operation, seconds=seconds))
        self.work()
        mended(self.desk)
        self.redefine(kinds[1], later=False)
        self.desk.clock.sleep(seconds)
        self.desk.simulator.world.catch_up()

    @rule(which=WHICH, wrote=st.booleans(), epochs=st.integers(1, 3))
    def outcome_of_long_ago(self, which: int, wrote: bool, epochs: int) -> None:  # noqa: FBT001  drawn
        """Of an epoch that is over; what it wrote may be anything, and somebody must look."""
        server = self.group.servers.get(id_ := self.servers[which])
        if server is None or server.epoch <= epochs:
            return
        self.desk.clock.sleep(MOMENT)
        at, writes = self.desk.clock.now(), ("ModifyLaunchTemplate",) if wrote else ()
        hashed, wrote_at = fingerprint(self.group.wanted(id_)), at if wrote else None
        late = Proved(id_, server.epoch - epochs, hashed, at, wrote=writes, wrote_at=wrote_at)
        after = self.desk.service.execute(self.group_id, RecordOutcomes((late,)), g.by_worker()).state.servers[id_]
        assert (after.epoch > server.epoch) == wrote
        assert after.proved_at == server.proved_at
        assert not wrote or status.server_status(after, at) == "pending"

    @rule(which=WHICH, kind=st.sampled_from(TYPES), tags=st.booleans())
    def edit(self, which: int, kind: str, tags: bool) -> None:  # noqa: FBT001  drawn
        """Somebody in the console."""
        self.desk.clock.sleep(MOMENT)
        self.desk.simulator.edit(self.servers[which], {"copyTags": tags}, {"InstanceType": kind})
        self.edits[self.servers[which]].append(self.desk.clock.now())
        self.desk.clock.sleep(MOMENT)

    @rule(which=WHICH, state=st.sampled_from(["DISCONNECTED", "CONTINUOUS"]))
    def replicate(self, which: int, state: str) -> None:
        self.desk.simulator.replication(self.servers[which], state)

    @invariant()
    def nothing_is_written_while_a_claim_holds(self) -> None:
        assert self.wrong == []

    @invariant()
    def nobody_is_called_ready_who_is_not(self) -> None:
        """But for whom somebody edited since: that is not known until AWS is looked at again."""
        for id_, server in self.group.servers.items():
            known = server.proved_at and not any(at >= server.proved_at for at in self.edits[id_])
            if known and status.server_status(server, self.desk.clock.now()) == "ready":
                assert in_aws(self.desk.simulator, id_) == SETTINGS | self.group.wanted(id_)
