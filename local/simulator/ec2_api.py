"""Amazon EC2, API version 2016-11-15: launch templates, networks and instance types of our own, the rest moto's."""

from local.simulator.instance_type_api import InstanceTypeApi
from local.simulator.launch_template_api import LaunchTemplateApi
from local.simulator.limits import UNFILTERED
from local.simulator.network_api import NetworkApi

NARROWING = {"Filters", "GroupIds", "GroupNames", "MaxResults", "NetworkInterfaceIds", "NextToken"}


class Ec2Api(LaunchTemplateApi, NetworkApi, InstanceTypeApi):
    """One request to EC2."""

    def subjects(self) -> tuple[tuple[str, ...], str | None]:
        """The template it names, and the server whose template that is."""
        template_id = self.params.get("LaunchTemplateId") if "LaunchTemplate" in (self._get_action() or "") else None
        owner = self.estate.owner(template_id) if template_id else None
        return (owner,) if owner else (), template_id

    def bucket(self, name: str) -> str:
        """The bucket that it takes a token from: some reads have a smaller one when nothing narrows them."""
        operation = name.partition(":")[2]
        return f"{name} unfiltered" if operation in UNFILTERED and not NARROWING & set(self.params) else name
