"""Routes of the REST API in front of an entry: who matched. The only file that meets powertools' resolver.

Environment: FRONTEND_ORIGIN, the website whose pages may read the answers.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from events.doors import Json, json_text
from events.errors import Refused
from events.telling import told

Answer = Callable[[str, dict[str, str]], tuple[int, Json]]
"""From an operation and its path's parameters to a status and a body; `current_event` has the rest."""
_HEADERS: dict[str, str | list[str]] = {"Access-Control-Allow-Origin": os.environ.get("FRONTEND_ORIGIN", "*")}


def rest(routes: Iterable[tuple[str, str, str]], answer: Answer) -> APIGatewayRestResolver:
    """A resolver for ``routes``: method, path (``/waves/{executionId}``), operation."""
    app = APIGatewayRestResolver()
    for method, path, operation in routes:
        app.route(path.replace("{", "<").replace("}", ">"), method=method)(_answering(operation, answer))
    app.exception_handler(Exception)(_refused)
    app.not_found(_no_route)
    return app


def _answering(operation: str, answer: Answer) -> Callable[..., Response[Any]]:
    def matched(**parameters: str) -> Response[Any]:
        return _response(*answer(operation, parameters))

    return matched


def _refused(error: Exception) -> Response[Any]:
    refused = told(error)
    return _response(refused.status, refused.body())


def _no_route(_error: Exception) -> Response[Any]:
    return _response(404, Refused("NOT_FOUND", "there is no such route here", 404).body())


def _response(status: int, body: Json) -> Response[Any]:
    return Response(status, "application/json", json_text(body), headers=_HEADERS)
