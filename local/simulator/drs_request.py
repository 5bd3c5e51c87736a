"""What all operations of DRS share: the request read and checked against botocore's model, pages.

An operation refuses with what AWS documents for it, and two things more: ValidationException for a malformed request,
whatever the operation, and ResourceNotFoundException for StartRecovery of an unknown server.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from urllib.parse import parse_qs

from botocore.model import StructureShape
from moto.core.utils import get_service_model

from local.simulator.errors import UNINITIALIZED, AwsError, validation_failed
from local.simulator.machines import Place
from local.simulator.observed import Observed
from local.simulator.render import RestJson
from local.simulator.shapes import BadTokenError, Json, Shape, page
from local.simulator.validation import problems

LARGEST_PAGE = 200


class DrsRequest(Observed):
    """One request to DRS."""

    def __init__(self) -> None:
        super().__init__(service_name="drs")

    @cached_property
    def asked(self) -> Shape:
        """What is asked for, or ValidationException if its shape forbids it; nulls count as not sent."""
        shape = get_service_model("drs").operation_model(self._get_action()).input_shape
        body = self._body()
        if not isinstance(body, dict):
            raise validation_failed([("", "the body is not a JSON object")], reason="cannotParse")
        sent = body | self._in_the_url(shape)
        if wrong := list(problems(shape, sent)):
            raise validation_failed(wrong)
        return {name: sent[name] for name in shape.members if sent.get(name) is not None}

    def _in_the_url(self, shape: StructureShape) -> Shape:
        """Members that rest-json carries in the path or the query."""
        if not self.uri_match:
            return {}
        query = parse_qs(self.parsed_url.query, keep_blank_values=True)
        lists = {name: query[name] for name in shape.members if name in query}
        return dict(self.uri_match) | lists

    def _body(self) -> Json:
        try:
            return json.loads(self.body or "{}")
        except ValueError:
            return None

    def subjects(self) -> tuple[tuple[str, ...], str | None]:
        """The servers it names, before anybody checked how."""
        body = self._body()
        if not isinstance(body, dict):
            return (), None
        named: Json = body.get("sourceServers") or [body]
        if not isinstance(named, list):
            return (), None
        ids = [each.get("sourceServerID") for each in named if isinstance(each, dict)]
        ids += [arn.partition("source-server/")[2] for arn in self.uri_match.values()]
        return tuple(str(each) for each in ids if each), None

    def barred(self) -> AwsError | None:
        """UninitializedAccountException where nobody has called InitializeService."""
        initialized = Place(self.current_account, self.region) not in self.world.uninitialized
        return None if initialized or self._get_action() == "InitializeService" else UNINITIALIZED

    def unknown_operation(self) -> AwsError:
        """An operation of DRS that is not simulated, or none of DRS at all."""
        return validation_failed([("", f"{self._get_action()} is not simulated")], reason="unknownOperation")

    def paged(self, items: Sequence[Shape], largest: int = LARGEST_PAGE) -> RestJson:
        """A page of the items."""
        asked = self.asked
        size = min(asked.get("maxResults", largest), largest)
        try:
            shown, following = page(items, size, asked.get("nextToken"))
        except BadTokenError as token:
            raise validation_failed([("nextToken", "is not a token of ours")]) from token
        return RestJson({"items": shown} | ({"nextToken": following} if following else {}))
