"""What all of our own EC2 operations share: the query read and checked, pages, filters."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property

from botocore.model import OperationNotFoundError
from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.ec2.responses import EC2Response

from local.simulator.errors import AwsError
from local.simulator.filters import keep
from local.simulator.network_shapes import Network
from local.simulator.observed import Observed
from local.simulator.render import Ec2Xml
from local.simulator.shapes import BadTokenError, Shape, page
from local.simulator.validation import problems

UNLOOKED: Shape = {"LaunchTemplateData": {}, "InstanceTypes": []}


class Ec2Request(Observed, EC2Response):  # type: ignore[misc]  # moto ships no types
    """One request to EC2; moto has read the query through botocore's model."""

    params: Shape = {}

    def parse_parameters(self, request: Request) -> None:
        """Read the query; an operation that EC2 does not have is refused later, where it is logged."""
        with suppress(OperationNotFoundError):
            super().parse_parameters(request)

    @property
    def ec2_backend(self) -> Network:
        """The EC2 of this simulator, not the one all of moto shares."""
        return self.estate.network

    @cached_property
    def asked(self) -> Shape:
        """The parameters. A launch template's data is not looked at, and instance types are newer than any model."""
        self.error_on_dryrun()
        asked = {name: value for name, value in self.params.items() if name != "DryRun"}
        operation = get_service_model("ec2").operation_model(self._get_action())
        unlooked: Shape = {name: each for name, each in UNLOOKED.items() if name in asked}
        if wrong := list(problems(operation.input_shape, asked | unlooked)):
            raise AwsError("InvalidParameterValue", "; ".join(f"{name} {text}" for name, text in wrong))
        return asked

    def unknown_operation(self) -> AwsError:
        """An operation that not even moto has."""
        return AwsError("InvalidAction", f"The action {self._get_action()} is not valid for this web service.")

    def filtered(
        self, name: str, items: Sequence[Shape], paths: Mapping[str, str], tags: str = "Tags", largest: int = 1000
    ) -> Ec2Xml:
        """A page of the items that pass the request's filters."""
        return self.paged(name, keep(items, self.asked.get("Filters", []), paths, tags), largest)

    def paged(self, name: str, items: Sequence[Shape], largest: int) -> Ec2Xml:
        """A page of the items."""
        asked = self.asked
        size = asked.get("MaxResults", largest)
        if not 1 <= size <= largest:
            raise AwsError("InvalidParameterValue", f"MaxResults is between 1 and {largest}.")
        try:
            shown, following = page(items, size, asked.get("NextToken"))
        except BadTokenError as token:
            raise AwsError("InvalidNextToken", "The token is not one of ours.") from token
        return Ec2Xml({name: shown} | ({"NextToken": following} if following else {}))
