"""AWS STS, API version 2011-06-15: AssumeRole with its external id, and who one is.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. All of it works on the simulator's clock.
"""

from functools import cached_property

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model

from local.simulator import running
from local.simulator.errors import AwsError
from local.simulator.identities import HOUR
from local.simulator.observed import Observed
from local.simulator.shapes import Shape
from local.simulator.validation import problems


class StsApi(Observed):
    """One request to STS."""

    params: Shape = {}

    def __init__(self) -> None:
        super().__init__(service_name="sts")
        self.automated_parameter_parsing = True

    def assume_role(self) -> ActionResult:
        """Session keys; one hour at most for whoever comes with session keys (role chaining)."""
        seconds = int(self.asked.get("DurationSeconds", HOUR))
        scope = running.scope(self.normalized_request.headers)
        if scope and scope.access_key.startswith("ASIA") and seconds > HOUR:
            raise AwsError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
            )
        session = self.world.identities.assume(self.current_account, self.asked, seconds, self.now)
        credentials = {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires,
        }
        return ActionResult(
            {
                "Credentials": credentials,
                "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
            }
        )

    def get_caller_identity(self) -> ActionResult:
        """The account, and the session if it is one."""
        scope = running.scope(self.normalized_request.headers)
        session = self.world.identities.sessions.get(scope.access_key) if scope else None
        account = self.current_account
        arn = session.arn if session else f"arn:aws:iam::{account}:root"
        return ActionResult({"UserId": session.user_id if session else account, "Account": account, "Arn": arn})

    @cached_property
    def asked(self) -> Shape:
        """The parameters, or ValidationError if the model forbids them."""
        operation = get_service_model("sts").operation_model(self._get_action())
        if wrong := list(problems(operation.input_shape, self.params)):
            raise AwsError("ValidationError", "; ".join(f"{name} {text}" for name, text in wrong))
        return self.params

    def unknown_operation(self) -> AwsError:
        """An operation that is not simulated."""
        return AwsError("InvalidAction", f"Could not find operation {self._get_action()} for version 2011-06-15")
