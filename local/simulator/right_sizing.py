"""What DRS does about instance types by itself, about hourly.

With right-sizing on, the type in the launch template is replaced by the one that DRS recommends, whoever put it there
(DRS.md section 2): so an instance type is only kept with the method NONE.
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.simulator.estate import Estate

HOUR = 3600.0


def right_size(estate: "Estate", now: datetime) -> None:
    """Write a default version for each server whose template has another type than the recommended one."""
    for server in estate.servers.values():
        if server.settings["targetInstanceTypeRightSizingMethod"] == "NONE":
            continue
        template = estate.templates.get(server.template_id)
        recommended = server.description["sourceProperties"]["recommendedInstanceType"]
        if template.default.data.get("InstanceType") != recommended and not template.full:
            estate.write_default(template, {"InstanceType": recommended}, estate.drs(now))
