"""`python -m local.simulator --port 4510 --servers 100`."""

import argparse

from local.simulator.machines import Place
from local.simulator.server import run
from local.simulator.world import HOME

parser = argparse.ArgumentParser(prog="python -m local.simulator", description="DRS and EC2 launch templates.")
parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
parser.add_argument("--servers", type=int, default=0, help="source servers to begin with")
parser.add_argument("--account", default=HOME.account, help="who has no account in the access key")
parser.add_argument("--region", default=HOME.region, help="where the first servers are")
parser.add_argument("--limits", choices=("published", "off"), default="published", help="AWS's request limits")
arguments = parser.parse_args()
home = Place(arguments.account, arguments.region)
run(arguments.port, arguments.servers, home, throttles=arguments.limits == "published")
