"""The control API under `/_simulator/`: what a test or a demo does to the world, and asks about it.

GET    /_simulator/calls[?since=N]    with counts, also of throttled ones; DELETE forgets them
GET    /_simulator/servers[?account=] POST {count, account?, region?, names?, tags?, stagingAccount?}
POST   /_simulator/servers/{id}       {dataReplicationState?, tags?, recommendedInstanceType?, disks?}
DELETE /_simulator/servers/{id}
GET    /_simulator/jobs               with the template version each server was launched from; POST {speed}
GET    /_simulator/clock              POST {advance?, frozen?}
POST   /_simulator/faults             local.simulator.faults; DELETE takes all away
POST   /_simulator/edit               {serverId, launchConfiguration?, launchTemplateData?}
GET    /_simulator/limits             POST {published?, operation?, burst?, rate?, tokens?, account?, region?}
POST   /_simulator/latency            {seconds, operation?}
POST   /_simulator/lag                {drs?, templates?}
POST   /_simulator/right-sizing       {every}
POST   /_simulator/initialized        {initialized, account?, region?}
GET    /_simulator/roles              POST {account, name?, externalId?, trusts?, maxSeconds?} adds one
DELETE /_simulator/sessions[?role=]   ends the sessions of a role, or all
POST   /_simulator/offerings          {instanceType, zone?, offered?}
DELETE /_simulator/default-vpc[?account=&region=]
POST   /_simulator/reset
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from local.simulator import control_acts as acts
from local.simulator import control_disposition as disposition
from local.simulator.errors import AwsError
from local.simulator.shapes import Shape
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


ROUTES: dict[tuple[str, str], Callable[[World, dict[str, str], bytes], Shape]] = {
    ("GET", "calls"): acts.calls,
    ("DELETE", "calls"): acts.forget_calls,
    ("GET", "servers"): acts.servers,
    ("POST", "servers"): acts.add_servers,
    ("POST", "servers/{id}"): acts.change_server,
    ("DELETE", "servers/{id}"): acts.remove_server,
    ("GET", "jobs"): acts.jobs,
    ("GET", "clock"): acts.clock,
    ("POST", "clock"): acts.set_clock,
    ("POST", "faults"): acts.add_fault,
    ("DELETE", "faults"): acts.clear_faults,
    ("POST", "edit"): acts.edit,
    ("GET", "limits"): disposition.limits,
    ("POST", "limits"): disposition.set_limits,
    ("POST", "latency"): disposition.set_latency,
    ("POST", "lag"): disposition.set_lag,
    ("POST", "right-sizing"): disposition.set_right_sizing,
    ("POST", "initialized"): disposition.initialize,
    ("POST", "jobs"): disposition.set_job_speed,
    ("GET", "roles"): disposition.roles,
    ("POST", "roles"): disposition.add_role,
    ("DELETE", "sessions"): disposition.revoke,
    ("POST", "offerings"): disposition.offer,
    ("DELETE", "default-vpc"): disposition.remove_default_vpc,
    ("POST", "reset"): acts.reset,
}
