"""A desk for rough handling: its clock is AWS's clock too, its door can be watched, broken, or die in the middle.

Only what stands between us and the outside is replaced: a call to AWS, or a write to the store, is let
through, followed by something that happens in the world, or never returns.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Any

import pytest

from commands.aws.calls import Calls
from commands.pump import pump
from commands.service import GroupStream
from events import status
from events.commits import Commit
from events.errors import Refused
from events.facts import GroupFact
from events.memory import MemoryStore
from events.model import Model
from events.streams import GROUP, WAVE
from local.simulator.faults import Fault
from local.simulator.simulator import Simulator
from tests.commands.surroundings import furnish
from tests.kit import SETTINGS, Clock, Desk

FIRST_APPLY = [
    "GetLaunchConfiguration",
    "UpdateLaunchConfiguration",
    "DescribeLaunchTemplateVersions",
    "CreateLaunchTemplateVersion",
    "ModifyLaunchTemplate",
    "DescribeLaunchTemplates",
]
AROUND = ["DescribeSourceServers", "DescribeVpcs", "DescribeInstanceTypes", "DescribeInstanceTypeOfferings"]
"""What is read beside it, of what the kit's groups ask for."""
WRITES = {"UpdateLaunchConfiguration", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate"}


class Died(BaseException):
    """The process is gone: no `finally` of ours gets to call anybody."""


@dataclass
class OneTime(Clock):
    """The desk and AWS live in the same time, and threads may sleep in it."""

    simulator: Simulator | None = None
    _lock: Lock = field(default_factory=Lock)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.time += timedelta(seconds=seconds)
            if self.simulator:
                self.simulator.clock.advance(seconds)

    def until(self, moment: datetime) -> None:
        """Nothing happens until then."""
        self.sleep(max(0.0, (moment - self.time).total_seconds()))


def fresh(simulator: Simulator, store: MemoryStore | None = None) -> Desk:
    """A new desk in front of the same simulator, as at the start, with what settings may name."""
    simulator.reset()
    furnish(simulator)
    clock = OneTime(simulator=simulator)
    simulator.clock.freeze(clock.time)
    return Desk(simulator, clock, store or MemoryStore())


@dataclass
class Meddled(Calls):
    """Something happens before and after each call: `before("ModifyLaunchTemplate")`."""

    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None

    def send(self, client: Any, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401  a boto3 client
        self.before(operation)
        answer = super().send(client, operation, arguments)
        self.after(operation)
        return answer


def meddle(desk: Desk, **hooks: Callable[[str], None]) -> None:
    """Put a door in with such calls; without hooks, an ordinary one."""
    desk.door = desk.a_door(Meddled, **hooks)


@dataclass
class Death:
    """Comes at the n-th step, and then no later step happens either."""

    at: int
    steps: int = 0
    came: bool = False
    _lock: Lock = field(default_factory=Lock)

    def step(self, _name: str = "") -> None:
        with self._lock:
            self.steps += 1
            self.came = self.came or self.steps >= self.at
        if self.came:
            raise Died


class MortalStore(MemoryStore):
    """A store whose process may die at an append, just before it or just after."""

    def __init__(self) -> None:
        super().__init__()
        self.before = self.after = Death(10**9)
        self.appends = 0

    def append(self, *commits: Commit) -> None:
        self.before.step()
        super().append(*commits)
        self.appends += 1
        self.after.step()


def pumped(desk: Desk, group_id: str, seconds: float = 60) -> GroupStream:
    """A worker was woken for the group."""
    return pump(desk.service, group_id, desk.service.after(seconds))


def due_at(desk: Desk, group_id: str) -> datetime | None:
    """When the projector would have it woken."""
    return status.next_due_at(desk.stream(group_id).state, desk.clock.now())


def woken(desk: Desk, group_id: str) -> bool:
    """Time passes until the group is due, and a worker is woken; False if it never is, or only in a day."""
    at = due_at(desk, group_id)
    if at is None or at - desk.clock.now() > timedelta(hours=12):
        return False
    desk.clock.sleep(max(0.0, (at - desk.clock.now()).total_seconds()))
    pumped(desk, group_id)
    return True


def facts(desk: Desk, group_id: str) -> list[GroupFact]:
    """Everything that has happened to a group."""
    history = desk.store.history(GROUP.stream_id(group_id))
    return [fact for commit in history for fact in GROUP.parse(commit.events)]


def wave_facts(desk: Desk, execution: str = "exec-1", number: int = 0) -> list[str]:
    """The names of what has happened to a wave."""
    return [name for commit in desk.store.history(WAVE.stream_id(execution, number)) for name in commit.event_types]


def of(kind: type[Model], among: Sequence[GroupFact]) -> list[Any]:
    """The facts of one kind."""
    return [fact for fact in among if isinstance(fact, kind)]


def asked(simulator: Simulator, since: int = 0) -> list[str]:
    """Every operation AWS was asked for, in order."""
    return [call.operation for call in simulator.calls(since)]


def calls(simulator: Simulator, since: int = 0, server_id: str = "") -> list[str]:
    """Those about configurations: not what surrounds them, nor pages of everything. Perhaps only about one server."""
    page = "DescribeLaunchTemplateVersions"
    about = [call for call in simulator.calls(since) if call.server_ids or call.operation != page]
    found = [call for call in about if call.operation in {*FIRST_APPLY, "StartRecovery"}]
    return [call.operation for call in found if not server_id or server_id in call.server_ids]


def written(simulator: Simulator, since: int = 0) -> int:
    """How many writes of configuration AWS was sent."""
    return sum(name in WRITES for name in calls(simulator, since))


def jobs(desk: Desk) -> dict[str, set[str]]:
    """Every recovery job that AWS has taken, and its servers."""
    estate = desk.simulator.world.estate(desk.simulator.world.home)
    return {job.id: {one.server_id for one in job.participants} for job in estate.jobs.by_id.values()}


def versions(simulator: Simulator, server_id: str) -> list[dict[str, Any]]:
    """Every version of a server's launch template, oldest first."""
    estate, server = simulator.world.find(server_id)
    return [version.data for version in estate.templates.get(server.template_id).versions]


def launched_from(simulator: Simulator, server_id: str) -> dict[str, Any]:
    """The template data that a recovery would use now."""
    estate, server = simulator.world.find(server_id)
    return dict(estate.templates.get(server.template_id).default.data)


def in_aws(simulator: Simulator, server_id: str) -> dict[str, Any]:
    """What AWS holds of the settings that the kit's groups ask for, read without our own code."""
    settings, data = simulator.server(server_id).settings, launched_from(simulator, server_id)
    return {
        "copyTags": settings["copyTags"],
        "copyPrivateIp": settings["copyPrivateIp"],
        "targetInstanceTypeRightSizingMethod": settings["targetInstanceTypeRightSizingMethod"],
        "instanceType": data["InstanceType"],
        "metadataOptions": {"httpTokens": data.get("MetadataOptions", {}).get("HttpTokens")},
    }


def never_ready_wrongly(desk: Desk, group_id: str) -> None:
    """Whoever is called ready now is, in AWS."""
    for server_id, shown in desk.status(group_id)["serverConfigs"].items():
        if shown["status"] == "ready":
            assert in_aws(desk.simulator, server_id) == SETTINGS | desk.stream(group_id).state.wanted(server_id)


def refused(asking: Callable[[], object]) -> Refused:
    """What was said to a request that must not be carried out."""
    with pytest.raises(Refused) as no:
        asking()
    return no.value


def for_ever(error: str, operation: str, **more: Any) -> Fault:  # noqa: ANN401  fields of a fault
    """A fault that strikes until it is cleared."""
    return Fault(error, operation, times=None, **more)


def mended(desk: Desk) -> None:
    """AWS is well again."""
    desk.simulator.world.faults.clear()


def gaps(moments: Sequence[datetime]) -> Iterator[float]:
    """Seconds between one moment and the next."""
    return ((later - earlier).total_seconds() for earlier, later in pairwise(moments))
