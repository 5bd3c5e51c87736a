"""AWS IAM, API version 2010-05-08: moto's own, with one backend for each account of each simulator.

A preflight reads instance profiles; whatever else of IAM somebody asks for is moto's too.
"""

from typing import Any

from moto.iam.responses import IamResponse

from local.simulator.errors import AwsError
from local.simulator.observed import Observed


class IamApi(Observed, IamResponse):  # type: ignore[misc]  # moto ships no types
    """One request to IAM."""

    @property
    def backend(self) -> Any:  # noqa: ANN401  moto ships no types
        """The IAM of this account in this simulator, not the one that all of moto shares."""
        return self.world.iam(self.current_account)

    def unknown_operation(self) -> AwsError:
        """An operation that not even moto has."""
        return AwsError("InvalidAction", f"Could not find operation {self._get_action()} for version 2010-05-08")
