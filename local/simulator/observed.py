"""What the simulator adds to a moto response: whose call it is, the lock, the log, and faults."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from uuid import uuid4

from botocore.exceptions import ConnectionClosedError
from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from local.simulator import running
from local.simulator.calls import Call
from local.simulator.errors import AwsError
from local.simulator.estate import Estate
from local.simulator.faults import NOTHING
from local.simulator.history import NOW, View
from local.simulator.machines import Place
from local.simulator.render import JsonError, QueryError
from local.simulator.world import World

Answer = tuple[int, dict[str, str], str]


@lru_cache(1024)
def _method(service: str, operation: str) -> str | None:
    """The method that would be an operation of the service; None if the service has no such operation."""
    known = operation in get_service_model(service).operation_names
    return str(camelcase_to_underscores(operation)) if known else None


class Observed(BaseResponse):  # type: ignore[misc]  # moto ships no types
    """A service of the simulator: subclasses add the operations, moto parses and renders them."""

    normalized_request: Request
    fault = NOTHING
    now: datetime
    """The moment at which the call has its effect."""
    _refused: str | None = None

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

    def unknown_operation(self) -> AwsError:
        """What the service says to an operation that is not simulated."""
        raise NotImplementedError

    def subjects(self) -> tuple[tuple[str, ...], str | None]:
        """The source servers and the template the call is about, as far as it names them."""
        return (), None

    def bucket(self, name: str) -> str:
        """The bucket from which the call takes a token, for an operation's name: `ec2:DescribeSubnets`."""
        return name

    def barred(self) -> AwsError | None:
        """Why the service does nothing for this account in this Region, if that is so."""
        return None

    def view(self, what: str, server_id: str | None) -> View:
        """What a read sees of a server's `drs` settings or `templates`: under a lag not the newest writes."""
        if self.fault.hides(server_id):
            return View(one_back=True)
        seconds = self.world.knobs.lag.get(what)
        return View(until=self.now - timedelta(seconds=seconds)) if seconds else NOW

    def call_action(self) -> Answer:
        """Take the call, unless a fault is quicker."""
        self.request_id = str(uuid4())
        with self.world.lock:
            call = self._call()
            self.fault = self.world.faults.take(call)
            alarm = self.world.clock.alarm(self.fault.delay)
            latency = self.world.knobs.latency_of(call)
        if latency:
            time.sleep(latency)
        if not self.world.clock.wait_for(alarm):
            raise ConnectionClosedError(endpoint_url=self.uri)
        with self.world.lock:
            return self._take(call)

    def _take(self, call: Call) -> Answer:
        """Let the call have its effect and be logged; a connection that breaks does so before or after."""
        log = self.world.calls
        self.now = self.world.catch_up()
        if self.fault.error == "drop":
            log.record(replace(call, error="drop", delivered=False), self.now)
        if self.fault.error == "zombie":
            self.world.later(self.now + timedelta(seconds=self.fault.seconds), lambda at: self._land(call, at))
        if self.fault.error in {"drop", "zombie"}:
            raise ConnectionClosedError(endpoint_url=self.uri)
        answer = self._answer(call)
        lost = self.fault.error == "lost-answer"
        log.record(replace(call, status=answer[0], error=self._refused, delivered=not lost), self.now)
        if lost:
            raise ConnectionClosedError(endpoint_url=self.uri)
        return answer

    def _land(self, call: Call, at: datetime) -> None:
        """What nobody waits for any more has its effect, unless it is refused by now."""
        self.now, self.fault = at, NOTHING
        status = self._answer(call)[0]
        self.world.calls.record(replace(call, status=status, error=self._refused, delivered=False), at)

    def _call(self) -> Call:
        server_ids, template_id = self.subjects()
        return Call(
            self.service_name,
            self._get_action() or "unknown",
            self.current_account,
            self.region,
            self.request_id,
            server_ids,
            template_id,
        )

    def _answer(self, call: Call) -> Answer:
        refusal = self.fault.refusal(call.service) or self._turned_away(call) or self.barred()
        if refusal or not self._get_action():
            return self._refuse(refusal or self.unknown_operation())
        try:
            return self._act()
        except NotImplementedError:
            return self._refuse(self.unknown_operation())

    def _act(self) -> Answer:
        """Do it; moto would first list all methods of the class, which takes longer than most operations."""
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

    def _turned_away(self, call: Call) -> AwsError | None:
        """Refused before anybody looks at what is asked: for who asks, or for how often."""
        headers = self.normalized_request.headers
        if scope := running.scope(headers):
            token = headers.get("X-Amz-Security-Token")
            refusal = self.world.identities.refusal(call.service, scope.access_key, token, self.now)
            if refusal:
                return refusal
        return self.world.limits.refusal(call, self.bucket(call.name), self.now)

    def _refuse(self, error: AwsError) -> Answer:
        status, headers, body = self.serialized(ActionResult(error))
        return status, *self._enrich_response(headers, body)

    def serialized(self, action_result: ActionResult) -> Answer:
        """Render through botocore's model; an error with its status, and Retry-After if it has one."""
        error = action_result.result
        if isinstance(error, AwsError) and self.service_name != "ec2":
            action_result = JsonError(error) if self.service_name == "drs" else QueryError(error)
        status, headers, body = super().serialized(action_result)
        if isinstance(error, ServiceException):
            self._refused = error.code
        if isinstance(error, AwsError):
            status = error.status
            if "retryAfterSeconds" in error.members:
                headers["Retry-After"] = str(error.members["retryAfterSeconds"])
        return status, headers, body

    def _enrich_response(self, headers: dict[str, str], body: str) -> tuple[dict[str, str], str]:
        """The request's id, where each protocol puts it."""
        headers["x-amzn-requestid"] = self.request_id
        return headers, body.replace(">request-id<", f">{self.request_id}<", 1)
