"""A request to one of the simulator's services: whose it is, the method that does it, the answer rendered."""

from functools import cached_property, lru_cache

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from local.simulator import running
from local.simulator.errors import AwsError
from local.simulator.estate import Estate
from local.simulator.machines import Place
from local.simulator.render import JsonError, QueryError
from local.simulator.world import World

Answer = tuple[int, dict[str, str], str]


@lru_cache(1024)
def _method(service: str, operation: str) -> str | None:
    """The method that would be an operation of the service; None if the service has no such operation."""
    known = operation in get_service_model(service).operation_names
    return str(camelcase_to_underscores(operation)) if known else None


class Dispatched(BaseResponse):  # type: ignore[misc]  # moto ships no types
    """Subclasses add the operations; moto parses, and renders what we do not."""

    normalized_request: Request
    refused: str | None = None
    """The code of the error that was answered."""
    _action: str | None = None

    @cached_property
    def world(self) -> World:
        """The simulator that the request came to."""
        world = self.normalized_request.environ.get(running.KEY) or running.in_process()
        if not isinstance(world, World):
            raise TypeError(f"a request for a simulator carries {world!r}")
        return world

    @property
    def estate(self) -> Estate:
        """What the caller's account has in the Region."""
        return self.world.estate(Place(self.current_account, self.region))

    def get_current_account(self) -> str:
        """The account, from the access key alone."""
        scope = running.scope(self.normalized_request.headers)
        return self.world.account_of(scope.access_key if scope else "")

    def get_region_from_url(self, request: Request, full_url: str) -> str:
        """The Region the request was signed for."""
        scope = running.scope(request.headers)
        return scope.region if scope else str(super().get_region_from_url(request, full_url))

    def _get_action(self) -> str:
        """The operation; moto would look it up each time that it is asked."""
        if self._action is None:
            self._action = str(super()._get_action() or "")
        return self._action

    def unknown_operation(self) -> AwsError:
        """What the service says to an operation that is not simulated."""
        raise NotImplementedError

    def act(self) -> Answer:
        """Do what is asked, or NotImplementedError; moto would first list all methods, which takes long."""
        name = _method(self.service_name, self._get_action())
        method = getattr(self, name, None) if name else None
        if not method:
            raise NotImplementedError
        try:
            response = method()
        except ServiceException as error:
            response = ActionResult(error)
        if isinstance(response, ActionResult):
            status, headers, body = self.serialized(response)
        elif isinstance(response, str):
            status, headers, body = 200, self.response_headers, response
        else:
            status, headers, body = self._transform_response(self.response_headers, response)
        return status, *self._enrich_response(headers, body)

    def refuse(self, error: AwsError) -> Answer:
        """Answer with an error."""
        status, headers, body = self.serialized(ActionResult(error))
        return status, *self._enrich_response(headers, body)

    def serialized(self, action_result: ActionResult) -> Answer:
        """Render through botocore's model; an error with its status, and Retry-After if it has one."""
        error = action_result.result
        if isinstance(error, AwsError) and self.service_name != "ec2":
            action_result = JsonError(error) if self.service_name == "drs" else QueryError(error)
        status, headers, body = super().serialized(action_result)
        if isinstance(error, ServiceException):
            self.refused = error.code
        if isinstance(error, AwsError):
            status = error.status
            if "retryAfterSeconds" in error.members:
                headers["Retry-After"] = str(error.members["retryAfterSeconds"])
        return status, headers, body

    def _enrich_response(self, headers: dict[str, str], body: str) -> tuple[dict[str, str], str]:
        """The request's id, where each protocol puts it."""
        headers["x-amzn-requestid"] = self.request_id
        return headers, body.replace(">request-id<", f">{self.request_id}<", 1)
