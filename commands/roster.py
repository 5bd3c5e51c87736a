"""What a group must hold in the roster, and whether another group holds it already."""

from collections import defaultdict

from events.errors import Refused
from events.groups import Group
from events.rosters import Enrolment, GroupEnrolled, GroupWithdrawn, Roster, RosterFact


def holding(group: Group) -> Enrolment | None:
    """What a group needs for itself alone: name, servers, addresses per subnet, and instances to launch into."""
    if not group.exists or group.definition is None:
        return None
    addresses: dict[str, list[str]] = defaultdict(list)
    instances: list[str] = []
    for id_ in group.servers:
        wanted = group.wanted(id_)
        address, subnet = wanted.get("staticPrivateIp"), wanted.get("subnetId")
        if address and subnet:
            addresses[subnet].append(address)
        if into := wanted.get("launchIntoInstanceProperties"):
            instances.append(into["launchIntoEC2InstanceID"])
    return Enrolment(
        name=group.definition.group_name,
        servers=tuple(sorted(group.servers)),
        addresses={subnet: tuple(sorted(taken)) for subnet, taken in sorted(addresses.items())},
        instances=tuple(sorted(instances)),
    )


def enrol(roster: Roster, group_id: str, wanted: Enrolment | None) -> tuple[RosterFact, ...]:
    """The roster's facts.

    Raises:
        Refused: another group holds the name, a server, an address or an instance.
    """
    if roster.groups.get(group_id) == wanted:
        return ()
    if wanted is None:
        return (GroupWithdrawn(group_id=group_id),)
    for other_id, other in roster.groups.items():
        if other_id != group_id:
            _nothing_shared(wanted, other_id, other)
    _nothing_twice(wanted)
    return (GroupEnrolled(group_id=group_id, enrolment=wanted),)


def _nothing_shared(wanted: Enrolment, other_id: str, other: Enrolment) -> None:
    if wanted.name.casefold() == other.name.casefold():
        raise Refused(
            "PG_NAME_EXISTS",
            f"{other.name!r} is {other_id}: choose another name",
            409,
            field="groupName",
            groupId=other_id,
        )
    shared = sorted({*wanted.servers} & {*other.servers})
    if shared:
        raise Refused(
            "SERVER_CONFLICT",
            f"{', '.join(shared[:5])}: in {other_id} ({other.name}) already; a server is in one group",
            409,
            field="servers",
            sourceServerIds=shared,
            groupId=other_id,
        )
    for subnet, addresses in wanted.addresses.items():
        taken = sorted({*addresses} & {*other.addresses.get(subnet, ())})
        if taken:
            raise _duplicate(taken, subnet, f"{other_id} ({other.name}) has it")
    into = sorted({*wanted.instances} & {*other.instances})
    if into:
        raise _one_server_each(into, f"a server of {other_id} ({other.name}) is launched into it")


def _nothing_twice(wanted: Enrolment) -> None:
    into = sorted({instance for instance in wanted.instances if wanted.instances.count(instance) > 1})
    if into:
        raise _one_server_each(into, "two servers of this group want it")
    for subnet, addresses in wanted.addresses.items():
        twice = sorted({address for address in addresses if addresses.count(address) > 1})
        if twice:
            raise _duplicate(twice, subnet, "two servers of this group want it")


def _duplicate(addresses: list[str], subnet: str, why: str) -> Refused:
    return Refused(
        "DUPLICATE_IP",
        f"{', '.join(addresses[:5])} in {subnet}: {why}; an address serves one server",
        409,
        field="staticPrivateIp",
        addresses=addresses,
        subnetId=subnet,
    )


def _one_server_each(instances: list[str], why: str) -> Refused:
    return Refused(
        "DUPLICATE_INSTANCE",
        f"{', '.join(instances[:5])}: {why}; choose another: an instance is one server's to launch into",
        409,
        field="launchIntoInstanceProperties",
        instances=instances,
    )
