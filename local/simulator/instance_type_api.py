"""EC2's DescribeInstanceTypes and DescribeInstanceTypeOfferings: only what the Region offers, looked up by name."""

from local.simulator import filter_paths
from local.simulator.ec2_request import Ec2Request
from local.simulator.errors import AwsError
from local.simulator.filters import alternatives
from local.simulator.render import Ec2Xml

TYPES_A_PAGE = 100


class InstanceTypeApi(Ec2Request):
    """The requests about instance types."""

    def describe_instance_types(self) -> Ec2Xml:
        """Types by name (each must be offered in the Region) or by filters (others are simply absent)."""
        asked = self.asked
        named = asked.get("InstanceTypes")
        found = self.world.catalogue.types(self.region, named or self._among())
        if unknown := set(named or []) - {each["InstanceType"] for each in found}:
            names = ", ".join(sorted(unknown))
            raise AwsError("InvalidInstanceType", f"The following supplied instance types do not exist: [{names}]")
        return self.filtered("InstanceTypes", found, filter_paths.INSTANCE_TYPES, largest=TYPES_A_PAGE)

    def describe_instance_type_offerings(self) -> Ec2Xml:
        """Where types are offered."""
        by = self.asked.get("LocationType", "region")
        offerings = self.world.catalogue.offerings(self.region, by, self._among())
        return self.filtered("InstanceTypeOfferings", offerings, filter_paths.INSTANCE_TYPE_OFFERINGS)

    def _among(self) -> set[str] | None:
        """The names that can pass, if a filter names them."""
        return alternatives(self.asked.get("Filters", []), "instance-type")
