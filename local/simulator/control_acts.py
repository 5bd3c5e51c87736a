"""What the control API does to servers, clock, faults and log; local.simulator.control has the routes."""

from local.simulator.control_bodies import Clock, Edit, NewFault, NewServers, ServerChange
from local.simulator.shapes import Shape, timestamp
from local.simulator.source_servers import SourceServer
from local.simulator.world import World


def calls(world: World, query: dict[str, str], _: bytes) -> Shape:
    """The call log."""
    return world.calls.shape(int(query.get("since", 0)))


def forget_calls(world: World, _: dict[str, str], __: bytes) -> Shape:
    """Begin the call log anew."""
    world.calls.clear()
    return world.calls.shape()


def servers(world: World, query: dict[str, str], _: bytes) -> Shape:
    """Every source server, or those of an account, `home` or its number."""
    account = world.home.account if query.get("account") == "home" else query.get("account")
    wanted = [each for each in world.estates() if account in {None, each.place.account}]
    return {"servers": [show(each) for estate in wanted for each in estate.servers.values()]}


def add_servers(world: World, _: dict[str, str], body: bytes) -> Shape:
    """More source servers."""
    asked = NewServers.model_validate_json(body)
    place = asked.place(world.home)
    added = world.add_servers(asked.count, place, asked.names, asked.tags, asked.staging_account)
    return {"servers": [show(each) for each in added]}


def change_server(world: World, query: dict[str, str], body: bytes) -> Shape:
    """Something about a machine changes."""
    _, server = world.find(query["id"])
    asked = ServerChange.model_validate_json(body)
    for device, gib in asked.disks.items():
        world.grow_disk(server.id, device, gib)
    asked.apply(server.description)
    return {"server": show(server)}


def remove_server(world: World, query: dict[str, str], _: bytes) -> Shape:
    """A machine is gone."""
    estate, server = world.find(query["id"])
    return {"server": show(estate.servers.pop(server.id))}


def jobs(world: World, _: dict[str, str], __: bytes) -> Shape:
    """Every recovery job."""
    return {"jobs": [job.shape_with_launches() for estate in world.estates() for job in estate.jobs.by_id.values()]}


def clock(world: World, _: dict[str, str], __: bytes) -> Shape:
    """What time it is."""
    return {"now": timestamp(world.clock.now()), "frozen": world.clock.frozen}


def set_clock(world: World, query: dict[str, str], body: bytes) -> Shape:
    """Move the clock, and what is due with it."""
    asked = Clock.model_validate_json(body)
    if asked.frozen is not None:
        (world.clock.freeze if asked.frozen else world.clock.thaw)()
    world.clock.advance(asked.advance)
    world.catch_up()
    return clock(world, query, body)


def add_fault(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Queue a fault."""
    world.faults.add(NewFault.model_validate_json(body).fault())
    return {"queued": len(world.faults)}


def clear_faults(world: World, _: dict[str, str], __: bytes) -> Shape:
    """Take all faults away."""
    world.faults.clear()
    return {"queued": 0}


def edit(world: World, _: dict[str, str], body: bytes) -> Shape:
    """Someone in the console."""
    asked = Edit.model_validate_json(body)
    return {"server": show(world.edit(asked.server_id, asked.launch_configuration, asked.launch_template_data))}


def reset(world: World, _: dict[str, str], __: bytes) -> Shape:
    """As at the start."""
    world.reset()
    return {"servers": world.servers}


def show(server: SourceServer) -> Shape:
    """A server with its launch settings beside it."""
    return server.description | {"launchConfiguration": server.settings}
