"""Reads botocore's models before anybody asks for them.

They are read when they are first needed, and not only once if sixty-four connections need them at the same moment:
the first calls then took seconds.
"""

import json
from functools import lru_cache
from urllib.parse import urlencode

from moto.core.request import Request

from local.simulator import running
from local.simulator.drs_api import DrsApi
from local.simulator.ec2_api import Ec2Api
from local.simulator.iam_api import IamApi
from local.simulator.sts_api import StsApi
from local.simulator.world import World

SERVICES = {"drs": DrsApi, "ec2": Ec2Api, "iam": IamApi, "sts": StsApi}
VERSIONS = {"ec2": "2016-11-15", "iam": "2010-05-08", "sts": "2011-06-15"}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@lru_cache(1)
def warm_up() -> None:
    """Let each service answer something, in a world that nobody sees."""
    world = World(servers=1)
    (server,) = world.estate(world.home).servers.values()
    template = {"LaunchTemplateId": server.template_id}
    _ask(world, "drs", "/GetLaunchConfiguration", json.dumps({"sourceServerID": server.id}))
    _ask(world, "drs", "/UpdateLaunchConfiguration", json.dumps({"sourceServerID": server.id, "copyTags": True}))
    _ask(world, "drs", "/DescribeSourceServers", "{}")
    data = {"LaunchTemplateData.InstanceType": "m5.large"}
    _query(world, "ec2", "CreateLaunchTemplateVersion", template | data)
    _query(world, "ec2", "ModifyLaunchTemplate", template | {"SetDefaultVersion": "2"})
    _query(world, "ec2", "DescribeLaunchTemplateVersions", {"LaunchTemplateVersion.1": "$Default"})
    _query(world, "ec2", "DescribeSubnets", {})
    _query(world, "iam", "ListInstanceProfiles", {})
    _query(world, "sts", "GetCallerIdentity", {})


def _query(world: World, service: str, action: str, parameters: dict[str, str]) -> None:
    _ask(world, service, "/", urlencode({"Action": action, "Version": VERSIONS[service], **parameters}), FORM)


def _ask(world: World, service: str, path: str, body: str, form: str = JSON) -> None:
    scope = f"{world.home.account}/20200226/{world.home.region}/{service}/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0",
        "Content-Type": form,
        "Content-Length": str(len(body)),
        "Host": "127.0.0.1",
    }
    request = Request.from_primitives("POST", f"http://127.0.0.1{path}", headers, body.encode())
    request.environ[running.KEY] = world
    status, _, answer = SERVICES[service].dispatch(request)
    if status >= 400:  # noqa: PLR2004  HTTP's border between answers and refusals
        raise RuntimeError(f"{service} does not answer: {answer}")
