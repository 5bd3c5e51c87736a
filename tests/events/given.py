"""What the tests of this room start from: a clock that is moved, servers with ids, settings of every kind.

Hypothesis: a modest profile by default, `HYPOTHESIS_PROFILE=long` for a night.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from commands.operations import GroupRequest, context_of
from commands.outcomes import Doors, SourceServer
from commands.service import GroupStream, Service
from events.callers import Caller
from events.commits import Commit, Context
from events.facts import ApplyStarted, GroupFact, ProtectionGroupCreated
from events.groups import Definition, Group
from events.memory import MemoryStore
from events.streams import GROUP, Store, Stream

settings.register_profile(
    "default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("long", settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass
class Clock:
    """A clock that moves when it is told to, and by what is slept."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def sid(number: int) -> str:
    """A source server's id."""
    return f"s-{number:017x}"


def untouched(_target: object) -> Any:  # noqa: ANN401  a door, if anybody could have one
    raise AssertionError("no test of this room calls AWS")


@dataclass
class Known:
    """A door behind which there are servers with tags and host names, and nothing else."""

    known: list[SourceServer]
    looks: int = 0

    def servers(self, ids: Sequence[str] | None = None) -> list[SourceServer]:
        self.looks += 1
        return [one for one in self.known if ids is None or one.server_id in ids]

    def __call__(self, _target: object) -> Any:  # noqa: ANN401  a door, as far as definitions go
        return self


def service(store: Store | None = None, clock: Clock | None = None, door: Doors = untouched) -> Service:
    """The commands on a store, with nobody behind the door to AWS, or only whom it is for."""
    clock = clock or Clock()
    return Service(store or MemoryStore(), door, clock.now, clock.sleep, REGION, ACCOUNT)


_keys = count(1)


def ask(desk: Service, group_id: str, request: GroupRequest, key: str = "", actor: str = "ada") -> GroupStream:
    """A request through the frontend's door, under a key of its own unless one is given."""
    caller = Caller(actor, "frontend", key or f"key-{next(_keys)}")
    return desk.execute(group_id, request, context_of(request, caller))


def by_worker(command: str = "RecordOutcomes") -> Context:
    """As a worker's own commands are recorded."""
    return Context(command, f"worker-{next(_keys)}", "system", "system")


def by_ada(key: str = "", payload: str = "sha256:asked") -> Context:
    """As a request of Ada's is recorded."""
    return Context("UpdateProtectionGroup", key or f"key-{next(_keys)}", "ada@example.com", "frontend", payload)


def blank(group_id: str = "pg-erp") -> GroupStream:
    """A group's stream before anything happened."""
    return Stream(GROUP, GROUP.stream_id(group_id), Group())


def created(group_id: str = "pg-erp", *, description: str = "") -> ProtectionGroupCreated:
    definition = Definition(group_name=f"ERP {group_id}", region=REGION, account_id=ACCOUNT, description=description)
    return ProtectionGroupCreated(group_id=group_id, definition=definition, version=1)


def commits(group_id: str = "pg-erp", number: int = 3, *, text: str = "") -> list[Commit]:
    """The first commits of a group: created, then that many less one leases; never the same twice."""
    found: list[Commit] = []
    stream = blank(group_id)
    for version in range(1, number + 1):
        fact: GroupFact = ApplyStarted(lease_id=f"lease-{version}{text}", until=NOON + timedelta(seconds=version))
        facts = [created(group_id, description=text)] if version == 1 else [fact]
        found.append(stream.next(by_ada(), facts, NOON + timedelta(seconds=version)))
        stream = stream.follow(found[-1])
    return found


def written(store: Store, *chain: Commit) -> list[Commit]:
    """The commits, appended one by one."""
    for commit in chain:
        store.append(commit)
    return list(chain)


def hexes(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
TAGS = st.dictionaries(WORDS.filter(bool).map("x-{}".format), WORDS, min_size=1, max_size=4)
GROUPS = st.sets(hexes(8).map("sg-{}".format), min_size=1, max_size=4).map(sorted)
DEVICES = st.dictionaries(
    st.sampled_from(["/dev/sda1", "/dev/sdb", "xvdc", "xvdd"]),
    st.fixed_dictionaries({"volumeType": st.sampled_from(["gp2", "gp3"])}, optional={"volumeSize": st.integers(1, 99)}),
    min_size=1,
).map(lambda devices: [{"deviceName": name, **one} for name, one in devices.items()])
LICENSE = "arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-{}"
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "launchDisposition": st.sampled_from(["STARTED", "STOPPED"]),
    "copyPrivateIp": st.booleans(),
    "copyTags": st.booleans(),
    "licensing": st.fixed_dictionaries({"osByol": st.booleans()}),
    "targetInstanceTypeRightSizingMethod": st.sampled_from(["NONE", "BASIC", "IN_AWS"]),
    "postLaunchEnabled": st.booleans(),
    "name": WORDS,
    "recoveryMode": st.sampled_from(["FAST", "OPTIMAL"]),
    "launchIntoInstanceProperties": st.fixed_dictionaries({"launchIntoEC2InstanceID": hexes(17).map("i-{}".format)}),
    "instanceType": st.sampled_from(["m5.large", "r6i.2xlarge", "u-6tb1.metal"]),
    "instanceProfileName": st.sampled_from(["erp-app", "erp+db@eu"]),
    "instanceProfileArn": st.sampled_from(["arn:aws:iam::123456789012:instance-profile/erp/app"]),
    "monitoring": st.booleans(),
    "disableApiTermination": st.booleans(),
    "disableApiStop": st.booleans(),
    "instanceInitiatedShutdownBehavior": st.sampled_from(["stop", "terminate"]),
    "ebsOptimized": st.booleans(),
    "keyName": WORDS.filter(bool),
    "metadataOptions": st.fixed_dictionaries(
        {"httpTokens": st.sampled_from(["optional", "required"])},
        optional={"httpPutResponseHopLimit": st.integers(1, 64)},
    ),
    "creditSpecification": st.fixed_dictionaries({"cpuCredits": st.sampled_from(["standard", "unlimited"])}),
    "cpuOptions": st.fixed_dictionaries(
        {"coreCount": st.integers(1, 64), "threadsPerCore": st.sampled_from([1, 2])},
        optional={"amdSevSnp": st.sampled_from(["enabled", "disabled"])},
    ),
    "capacityReservationSpecification": st.fixed_dictionaries(
        {"capacityReservationPreference": st.sampled_from(["open", "none", "capacity-reservations-only"])}
    )
    | st.fixed_dictionaries(
        {"capacityReservationTarget": hexes(17).map(lambda digits: {"capacityReservationId": f"cr-{digits}"})}
    ),
    "licenseSpecifications": st.sets(hexes(4).map(LICENSE.format), min_size=1, max_size=3).map(
        lambda arns: [{"licenseConfigurationArn": arn} for arn in sorted(arns)]
    ),
    "privateDnsNameOptions": st.fixed_dictionaries(
        {"hostnameType": st.sampled_from(["ip-name", "resource-name"])},
        optional={"enableResourceNameDnsARecord": st.booleans(), "enableResourceNameDnsAAAARecord": st.booleans()},
    ),
    "maintenanceOptions": st.fixed_dictionaries({"autoRecovery": st.sampled_from(["default", "disabled"])}),
    "tags": TAGS,
    "blockDeviceMappings": DEVICES,
    "subnetId": hexes(17).map("subnet-{}".format),
    "securityGroupIds": GROUPS,
    "staticPrivateIp": st.ip_addresses(network="10.0.0.0/8").map(str),
    "associatePublicIp": st.booleans(),
}
"""How each setting may be asked for, as JSON."""


CONTRARY = (
    "staticPrivateIp", "launchIntoInstanceProperties", "targetInstanceTypeRightSizingMethod", "securityGroupIds",
    "instanceProfileArn",
)  # fmt: skip
"""Without these no two settings contradict each other, and none is one server's alone."""


def configurations(*, nulls: bool = False, without: Collection[str] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """Sparse launch configurations, as JSON."""
    each = {key: (st.none() | values if nulls else values) for key, values in SETTINGS.items() if key not in without}
    return st.fixed_dictionaries({}, optional=each)
