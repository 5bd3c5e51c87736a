"""What surrounds the servers of an apply, read in bulk before anything is written: one describe for many servers.

Reads are by filter, not by id, so that what does not exist is simply not there. A read that fails is told to those
servers that need it, and to no other. Source: EC2 API Reference, the Describe operations; IAM, GetInstanceProfile.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from commands.aws.calls import Data
from commands.aws.failures import FailedError
from events.configuration import LaunchConfiguration

AT_ONCE = 200
"""Values of one filter, and ids of DescribeSourceServers."""
Call = Callable[[str, str, Data], Data]
Found = Callable[[], Mapping[Any, Data]]
"""What was found, by id; raises what the read raised."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Each part is read once, and only if a server needs it."""

    servers: Found
    subnets: Found
    security_groups: Found
    addresses: Found
    """Network interfaces that hold an address somebody wants, by subnet and address."""
    offers: Found
    """Instance types by type and Availability Zone."""
    types: Found
    profiles: Found
    key_pairs: Found
    instances: Found
    default_vpcs: Found


def survey(call: Call, pool: Executor, server_ids: Sequence[str], wanted: Sequence[LaunchConfiguration]) -> Survey:
    """Everything that the configurations name, and the servers themselves; read side by side in ``pool``."""

    def read(items: Iterator[tuple[Any, Data]]) -> Found:
        future: Future[dict[Any, Data]] = pool.submit(dict, items)
        return future.result

    def ec2(operation: str, key: str, filters: Mapping[str, Iterable[str]], by: Callable[[Data], Any]) -> Found:
        return read(_found(call, operation, key, filters, by))

    named = _Named(wanted)
    types = {"instance-type": named.values("instanceType")}
    return Survey(
        servers=read((server["sourceServerID"], server) for server in source_servers(call, server_ids)),
        subnets=ec2("DescribeSubnets", "Subnets", {"subnet-id": named.values("subnetId")}, _by("SubnetId")),
        security_groups=ec2("DescribeSecurityGroups", "SecurityGroups", {"group-id": named.groups}, _by("GroupId")),
        addresses=read(_addresses(call, named)),
        offers=ec2("DescribeInstanceTypeOfferings", "InstanceTypeOfferings", types, _by("InstanceType", "Location")),
        types=ec2("DescribeInstanceTypes", "InstanceTypes", types, _by("InstanceType")),
        profiles=read(_profiles(call, named.profiles)),
        key_pairs=ec2("DescribeKeyPairs", "KeyPairs", {"key-name": named.values("keyName")}, _by("KeyName")),
        instances=read(instances(call, named.instances)),
        default_vpcs=ec2("DescribeVpcs", "Vpcs", {"is-default": named.need_default_vpc}, _by("VpcId")),
    )


def source_servers(call: Call, ids: Sequence[str] | None) -> Iterator[Data]:
    """The servers with these ids, or all, as DRS describes them; ids that nobody has are passed over."""
    some: Iterable[Data] = [{}] if ids is None else ({"sourceServerIDs": part} for part in _parts(list(ids)))
    for filters in some:
        yield from pages(call, "DescribeSourceServers", "items", {"filters": filters}, service="drs")


class _Named:
    """What configurations name, each once."""

    def __init__(self, wanted: Sequence[LaunchConfiguration]) -> None:
        self._wanted: Sequence[Mapping[str, Any]] = wanted

    def values(self, key: str) -> list[str]:
        return sorted({str(one[key]) for one in self._wanted if one.get(key)})

    @property
    def groups(self) -> list[str]:
        return sorted({group for one in self._wanted for group in one.get("securityGroupIds", ())})

    @property
    def profiles(self) -> list[str]:
        arns = [arn.rpartition("/")[2] for arn in self.values("instanceProfileArn")]
        return sorted({*self.values("instanceProfileName"), *arns})

    @property
    def instances(self) -> list[str]:
        into = [one.get("launchIntoInstanceProperties", {}).get("launchIntoEC2InstanceID") for one in self._wanted]
        return sorted({instance for instance in into if instance})

    @property
    def need_default_vpc(self) -> list[str]:
        return ["true"] if any("subnetId" not in one for one in self._wanted) else []


def _by(*keys: str) -> Callable[[Data], Any]:
    if len(keys) == 1:
        return lambda item: item[keys[0]]
    return lambda item: tuple(item[key] for key in keys)


def _found(
    call: Call, operation: str, key: str, filters: Mapping[str, Iterable[str]], by: Callable[[Data], Any]
) -> Iterator[tuple[Any, Data]]:
    """Every item that one of the filter's values names, page by page; nothing is read for no values."""
    ((name, values),) = filters.items()
    zone = {"LocationType": "availability-zone"} if operation == "DescribeInstanceTypeOfferings" else {}
    for some in _parts(list(values)):
        for item in pages(call, operation, key, {"Filters": [{"Name": name, "Values": some}], **zone}):
            yield by(item), item


def _addresses(call: Call, named: _Named) -> Iterator[tuple[tuple[str, str], Data]]:
    """The interfaces that hold one of the addresses, in whichever subnet."""
    filters = {"addresses.private-ip-address": named.values("staticPrivateIp")}
    by = _by("NetworkInterfaceId")
    for _, interface in _found(call, "DescribeNetworkInterfaces", "NetworkInterfaces", filters, by):
        for address in interface.get("PrivateIpAddresses", []):
            yield (interface["SubnetId"], address["PrivateIpAddress"]), interface


def instances(call: Call, ids: list[str]) -> Iterator[tuple[str, Data]]:
    """These instances by id; those that nobody has are passed over."""
    for _, reservation in _found(call, "DescribeInstances", "Reservations", {"instance-id": ids}, _by("ReservationId")):
        for instance in reservation["Instances"]:
            yield instance["InstanceId"], instance


def _profiles(call: Call, names: list[str]) -> Iterator[tuple[str, Data]]:
    """IAM reads one profile a call."""
    for name in names:
        try:
            yield name, call("iam", "GetInstanceProfile", {"InstanceProfileName": name})["InstanceProfile"]
        except FailedError as failed:
            if failed.code != "NoSuchEntity":
                raise


def pages(call: Call, operation: str, key: str, question: Data, service: str = "ec2") -> Iterator[Data]:
    """The items under ``key``, page by page."""
    name = "nextToken" if service == "drs" else "NextToken"
    token: Data = {}
    while True:
        page = call(service, operation, {**question, **token})
        yield from page.get(key, [])
        if not page.get(name):
            return
        token = {name: page[name]}


def _parts(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
