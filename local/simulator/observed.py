"""What happens to every request: a fault, a delay, the lock, who may and how often, the log."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from botocore.exceptions import ConnectionClosedError

from local.simulator import running
from local.simulator.calls import Call
from local.simulator.dispatched import Answer, Dispatched
from local.simulator.errors import AwsError
from local.simulator.faults import NOTHING
from local.simulator.history import NOW, View


class Observed(Dispatched):
    """A service of the simulator."""

    fault = NOTHING
    now: datetime
    """The moment at which the call has its effect."""

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
        log.record(replace(call, status=answer[0], error=self.refused, delivered=not lost), self.now)
        if lost:
            raise ConnectionClosedError(endpoint_url=self.uri)
        return answer

    def _land(self, call: Call, at: datetime) -> None:
        """What nobody waits for any more has its effect, unless it is refused by now."""
        self.now, self.fault = at, NOTHING
        status = self._answer(call)[0]
        self.world.calls.record(replace(call, status=status, error=self.refused, delivered=False), at)

    def _call(self) -> Call:
        operation = self._get_action()
        server_ids, template_id = self.subjects()
        return Call(
            self.service_name,
            operation or "unknown",
            self.current_account,
            self.region,
            self.request_id,
            server_ids,
            template_id,
        )

    def _answer(self, call: Call) -> Answer:
        refusal = self.fault.refusal(call.service) or self._turned_away(call) or self.barred()
        if refusal or not self._get_action():
            return self.refuse(refusal or self.unknown_operation())
        try:
            return self.act()
        except NotImplementedError:
            return self.refuse(self.unknown_operation())

    def _turned_away(self, call: Call) -> AwsError | None:
        """Refused before anybody looks at what is asked: for who asks, or for how often."""
        headers = self.normalized_request.headers
        if scope := running.scope(headers):
            token = headers.get("X-Amz-Security-Token")
            refusal = self.world.identities.refusal(call.service, scope.access_key, token, self.now)
            if refusal:
                return refusal
        return self.world.limits.refusal(call, self.bucket(call.name), self.now)
