"""The control API under `/_simulator/`: what a test or a demo does to the world, and asks about it.

GET    /_simulator/calls[?since=N]    DELETE forgets them
GET    /_simulator/servers            POST {count, account?, region?, names?, tags?} adds some
POST   /_simulator/servers/{id}       {dataReplicationState?, tags?, recommendedInstanceType?}
DELETE /_simulator/servers/{id}
GET    /_simulator/jobs               with the template version each server was launched from
GET    /_simulator/clock              POST {advance?, frozen?}
POST   /_simulator/faults             local.simulator.faults; DELETE takes all away
POST   /_simulator/edit               {serverId, launchConfiguration?, launchTemplateData?}
POST   /_simulator/reset
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from local.simulator.control_bodies import Clock, Edit, NewFault, NewServers, ServerChange
from local.simulator.errors import AwsError
from local.simulator.estate import SourceServer
from local.simulator.machines import Place
from local.simulator.shapes import Shape, timestamp
from local.simulator.world import World

PREFIX = "/_simulator/"
Reply = tuple[int, Shape]


def answer(world: World, method: str, target: str, body: bytes) -> Reply:
    """The status and the JSON of the reply."""
    url = urlsplit(target)
    name, _, rest = url.path.removeprefix(PREFIX).partition("/")
    act = ROUTES.get((method, f"{name}/{{id}}" if rest else name))
    if not act:
        return 404, {"error": f"{method} {url.path} is not part of the control API"}
    query = {key: values[-1] for key, values in parse_qs(url.query).items()}
    try:
        with world.lock:
            world.catch_up()
            return 200, act(world, query | {"id": rest}, body or b"{}")
    except ValidationError as wrong:
        return 400, {"error": json.loads(wrong.json(include_url=False, include_context=False))}
    except AwsError as wrong:
        return wrong.status, {"error": wrong.message}
    except ValueError as wrong:
        return 400, {"error": str(wrong)}


def _calls(world: World, query: dict[str, str], _: bytes) -> Shape:
    return world.calls.shape(int(query.get("since", 0)))


def _forget_calls(world: World, _: dict[str, str], __: bytes) -> Shape:
    world.calls.clear()
    return world.calls.shape()


def _servers(world: World, _: dict[str, str], __: bytes) -> Shape:
    return {"servers": [show(each) for estate in world.estates() for each in estate.servers.values()]}


def _add_servers(world: World, _: dict[str, str], body: bytes) -> Shape:
    asked = NewServers.model_validate_json(body)
    place = Place(asked.account or world.home.account, asked.region or world.home.region)
    return {"servers": [show(each) for each in world.add_servers(asked.count, place, asked.names, asked.tags)]}


def _change_server(world: World, query: dict[str, str], body: bytes) -> Shape:
    _, server = world.find(query["id"])
    ServerChange.model_validate_json(body).apply(server.description)
    return {"server": show(server)}


def _remove_server(world: World, query: dict[str, str], _: bytes) -> Shape:
    estate, server = world.find(query["id"])
    return {"server": show(estate.servers.pop(server.id))}


def _jobs(world: World, _: dict[str, str], __: bytes) -> Shape:
    return {"jobs": [job.shape_with_launches() for estate in world.estates() for job in estate.jobs.by_id.values()]}


def _clock(world: World, _: dict[str, str], __: bytes) -> Shape:
    return {"now": timestamp(world.clock.now()), "frozen": world.clock.frozen}


def _set_clock(world: World, query: dict[str, str], body: bytes) -> Shape:
    asked = Clock.model_validate_json(body)
    if asked.frozen is not None:
        (world.clock.freeze if asked.frozen else world.clock.thaw)()
    world.clock.advance(asked.advance)
    world.catch_up()
    return _clock(world, query, body)


def _add_fault(world: World, _: dict[str, str], body: bytes) -> Shape:
    world.faults.add(NewFault.model_validate_json(body).fault())
    return {"queued": len(world.faults)}


def _clear_faults(world: World, _: dict[str, str], __: bytes) -> Shape:
    world.faults.clear()
    return {"queued": 0}


def _edit(world: World, _: dict[str, str], body: bytes) -> Shape:
    asked = Edit.model_validate_json(body)
    return {"server": show(world.edit(asked.server_id, asked.launch_configuration, asked.launch_template_data))}


def _reset(world: World, _: dict[str, str], __: bytes) -> Shape:
    world.reset()
    return {"servers": world.servers}


def show(server: SourceServer) -> Shape:
    """A server with its launch settings beside it."""
    return server.description | {"launchConfiguration": server.settings}


ROUTES: dict[tuple[str, str], Callable[[World, dict[str, str], bytes], Shape]] = {
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "servers"): _servers,
    ("POST", "servers"): _add_servers,
    ("POST", "servers/{id}"): _change_server,
    ("DELETE", "servers/{id}"): _remove_server,
    ("GET", "jobs"): _jobs,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "edit"): _edit,
    ("POST", "reset"): _reset,
}
