"""The roster of one account and Region: what no two groups may share.

Names (without regard to case), source servers, static addresses per subnet, and instances that are launched into.
Stream `roster#<account>#<region>`.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from events.model import DEFERRED, Model, ServerId


class Enrolment(Model):
    """What one group holds."""

    name: str
    servers: tuple[ServerId, ...] = ()
    addresses: dict[str, tuple[str, ...]] = {}
    instances: tuple[str, ...] = ()


class GroupEnrolled(Model):
    """A group holds exactly this from now on."""

    type: Literal["GroupEnrolled"] = "GroupEnrolled"
    group_id: str
    enrolment: Enrolment


class GroupWithdrawn(Model):
    """A group holds nothing any more."""

    type: Literal["GroupWithdrawn"] = "GroupWithdrawn"
    group_id: str


RosterFact = GroupEnrolled | GroupWithdrawn
ROSTER_FACTS: TypeAdapter[RosterFact] = TypeAdapter(Annotated[RosterFact, Field(discriminator="type")], config=DEFERRED)


class Roster(Model):
    """Who holds what."""

    groups: dict[str, Enrolment] = {}


def evolve(roster: Roster, fact: RosterFact) -> Roster:
    """``roster`` after ``fact``."""
    match fact:
        case GroupEnrolled(group_id=group_id, enrolment=enrolment):
            return Roster(groups={**roster.groups, group_id: enrolment})
        case GroupWithdrawn(group_id=group_id):
            return Roster(groups={id_: held for id_, held in roster.groups.items() if id_ != group_id})
