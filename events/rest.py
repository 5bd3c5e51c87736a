"""The REST API in front of a function: which operation a route means, and how API Gateway is answered.

Source: AWS, API Gateway Developer Guide, Lambda proxy integration: input format, output format.
Environment: FRONTEND_ORIGIN, the website whose pages may read the answers.
"""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from events.doors import Json, json_text, mapping
from events.errors import Refused

STATED = {"asOf": "X-As-Of", "from": "X-From", "nextToken": "X-Next-Token"}
"""What stands beside the lines of a sheet, and the headers that say it where the sheet is the whole body."""
_ALWAYS = {
    "Access-Control-Allow-Origin": os.environ.get("FRONTEND_ORIGIN", "*"),
    "Access-Control-Expose-Headers": ", ".join(("Retry-After", *STATED.values())),
    "Cache-Control": "no-store",
}


class Routes:
    """Which operation is meant by a method and a path: pairs of ``"GET /waves/{executionId}/{waveNumber}"`` and it."""

    def __init__(self, routes: Iterable[tuple[str, str]]) -> None:
        self._exactly = dict(routes)
        self._patterns = [(re.compile(_pattern(route)), name) for route, name in self._exactly.items()]

    def match(self, event: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """The operation, and what its path says: as API Gateway parsed it, or as it stands there.

        Raises:
            Refused: there is no such route.
        """
        method, given = event["httpMethod"], mapping(event.get("pathParameters"))
        parsed = f"{method} {event.get('resource')}"
        if parsed in self._exactly and {*re.findall(r"{(\w+)}", parsed)} == {*given}:
            return self._exactly[parsed], {key: str(value) for key, value in given.items()}
        for pattern, name in self._patterns:
            if found := pattern.fullmatch(f"{method} {event['path'].rstrip('/')}"):
                return name, {key: unquote(value) for key, value in found.groupdict().items()}
        raise Refused("NOT_FOUND", "there is no such route here", 404)


def response(status: int, body: Json) -> Json:
    """What API Gateway is answered: JSON, or the sheet in it as one that a spreadsheet opens."""
    if "csv" in body:
        stated = {header: body[key] for key, header in STATED.items() if body.get(key)}
        return _response(status, "text/csv; charset=utf-8", body["csv"], stated)
    wait = mapping(body.get("details")).get("retryAfter")
    return _response(status, "application/json", json_text(body), {"Retry-After": str(wait)} if wait else {})


def file(kind: str, text: str, headers: Mapping[str, str]) -> Json:
    """What API Gateway is answered with a page, or another text that is the same for everybody."""
    return _response(200, kind, text, headers)


def _response(status: int, kind: str, body: str, headers: Mapping[str, str]) -> Json:
    headers = {**_ALWAYS, "Content-Type": kind, **headers}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _pattern(route: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route))
