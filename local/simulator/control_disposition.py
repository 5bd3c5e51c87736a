"""What the control API changes about the simulated AWS as such; local.simulator.control has the routes."""

from local.simulator.control_bodies import (
    Initialized,
    JobSpeed,
    Lag,
    Latency,
    Limit,
    NewRole,
    Offering,
    RightSizing,
    Where,
)
from local.simulator.identities import Role
from local.simulator.machines import Place
from local.simulator.shapes import Shape, timestamp
from local.simulator.world import World


def limits(world: World, _: dict[str, str], __: bytes) -> Shape:
    """Every bucket that was ever used, with its tokens and by how much it was overdrawn."""
    return world.limits.shape(world.clock.now())


def set_limits(world: World, query: dict[str, str], body: bytes) -> Shape:
    """Enforce the published limits or not; set an operation's rate, or the tokens it has now."""
    asked = Limit.model_validate_json(body)
    if asked.published is not None:
        world.limits.enforced = asked.published
    if asked.operation and asked.burst is not None and asked.rate is not None:
        world.limits.rate(asked.operation, asked.burst, asked.rate)
    if asked.operation and asked.tokens is not None:
        place = asked.place(world.home)
        world.limits.fill(place.account, place.region, asked.operation, asked.tokens, world.clock.now())
    return limits(world, query, body)


def set_latency(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Let calls take longer."""
    asked = Latency.model_validate_json(body)
    world.knobs.latency[asked.operation] = asked.seconds
    return {"latency": world.knobs.latency}


def set_lag(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Let reads lag behind writes."""
    world.knobs.lag = Lag.model_validate_json(body).model_dump()
    return {"lag": world.knobs.lag}


def set_job_speed(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Let jobs that are accepted from now on run faster."""
    asked = JobSpeed.model_validate_json(body)
    world.knobs.job_speed = asked.times
    return {"speed": asked.speed}


def set_right_sizing(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Let DRS look at instance types by itself, or not."""
    world.knobs.right_sizing = RightSizing.model_validate_json(body).every
    return {"every": world.knobs.right_sizing}


def initialize(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Let DRS be initialised in a Region, or not."""
    asked = Initialized.model_validate_json(body)
    change = world.uninitialized.discard if asked.initialized else world.uninitialized.add
    change(asked.place(world.home))
    return {"initialized": asked.initialized}


def roles(world: World, _: dict[str, str], __: bytes) -> Shape:
    """The roles that can be assumed, and the sessions there are."""
    identities = world.identities
    return {
        "roles": [{"arn": role.arn, "trusts": role.trusts} for role in identities.roles.values()],
        "sessions": [
            {
                "role": each.role.arn,
                "accessKey": each.access_key,
                "expires": timestamp(each.expires),
                "revoked": each.revoked,
            }
            for each in identities.sessions.values()
        ],
    }


def add_role(world: World, _: dict[str, str], body: bytes) -> Shape:
    """A role that another account may assume."""
    asked = NewRole.model_validate_json(body)
    trusts = asked.trusts or world.home.account
    role = Role(asked.account, asked.name, asked.external_id, trusts, asked.max_seconds)
    world.identities.roles[role.arn] = role
    return {"arn": role.arn}


def revoke(world: World, query: dict[str, str], _: bytes) -> Shape:
    """End the sessions of a role, or all."""
    return {"revoked": world.identities.revoke(query.get("role"))}


def offer(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Withdraw an instance type from a zone or from everywhere, or offer it again."""
    asked = Offering.model_validate_json(body)
    change = world.catalogue.withdrawn.discard if asked.offered else world.catalogue.withdrawn.add
    change((asked.instance_type, asked.zone))
    return {"withdrawn": [{"instanceType": name, "zone": zone} for name, zone in world.catalogue.withdrawn]}


def remove_default_vpc(world: World, query: dict[str, str], _: bytes) -> Shape:
    """Let an account have no default VPC in a Region."""
    place = where(world, query)
    world.estate(place).remove_default_vpc()
    return {"account": place.account, "region": place.region}


def where(world: World, query: dict[str, str]) -> Place:
    """The account and Region that a query names; home's for what it leaves out."""
    known = {name: query[name] for name in ("account", "region") if name in query}
    return Where.model_validate(known).place(world.home)
