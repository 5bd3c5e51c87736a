"""What a request says, through API Gateway or directly: its fields, and what is wrong with them. Pure.

API Gateway REST proxy events: AWS, API Gateway Developer Guide, Lambda proxy integrations. A direct event names its
`operation` and carries its fields flat, or under `body` and `queryParams`.
"""

import base64
from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from events import faults
from events.errors import LostRace, PreflightError, Refused, UnknownFact
from events.model import Model, canonical

Json = dict[str, Any]
M = TypeVar("M", bound=Model)
_TEXT = 200
LARGEST_REQUEST, LARGEST_ANSWER = 4 * 2**20, 6_000_000
"""Bytes. Lambda takes and gives 6 MB, and breaks off what is larger (AWS Lambda quotas); ours come with a reason."""
NUMBERS, DIGITS = {"minVersion", "version", "limit", "waveNumber"}, 15


def http_fields(event: Mapping[str, Any], parameters: Mapping[str, str]) -> Json:
    """The fields of a request: its JSON body, and what its path says, which wins."""
    body = event.get("body") or "{}"
    return {**_object(_decoded(body) if event.get("isBase64Encoded") else body), **parameters}


def query_fields(event: Mapping[str, Any], parameters: Mapping[str, str]) -> Json:
    """The fields of a question: its query string, and its path, which wins; whole numbers where such are meant."""
    for key, values in mapping(event.get("multiValueQueryStringParameters")).items():
        if isinstance(values, list) and len(values) > 1:
            raise Refused("INVALID_PARAMETER", f"{key}: say it once", field=str(key)[:_TEXT])
    asked = {**mapping(event.get("queryStringParameters")), **parameters}
    numbers = {key: str(asked[key]) for key in NUMBERS & {*asked}}
    return {**asked, **{key: int(text) for key, text in numbers.items() if text.isdecimal() and len(text) <= DIGITS}}


def direct_fields(event: object) -> Json:
    """The fields of a direct event, wherever they are."""
    if not isinstance(event, Mapping):
        raise Refused("INVALID_JSON", "a direct event is a JSON object that names its operation", field="event")
    flat = {key: value for key, value in event.items() if key not in {"body", "queryParams"}}
    said = (event.get(under) for under in ("queryParams", "body"))
    asked, body = ({} if one in (None, "") else _object(one) for one in said)
    return {**flat, **asked, **body}


def parse(model: type[M], fields: Mapping[str, Any]) -> M:
    """The request in ``fields``.

    Raises:
        Refused: it does not fit the model; says which field, and all that is wrong.
    """
    try:
        text = _text(fields)
    except TypeError as error:
        raise Refused("INVALID_PARAMETER", f"the request is not JSON: {error}") from error
    passed_over = faults.swallowed(model, fields)
    try:
        request = model.model_validate_json(text, by_alias=True, by_name=False)
    except ValidationError as error:
        found = faults.details(error)
        places = [one["loc"] for one in found]
        more = [one for one in passed_over if one["loc"] not in places]
        raise faults.refused([*found, *more]) from error
    if passed_over:
        raise faults.refused(passed_over)
    return request


TOO_LARGE = Refused("ANSWER_TOO_LARGE", "the answer is larger than Lambda can give: ask for less at once", 413)


def fits(answer: Json) -> bool:
    """Whether Lambda can give this answer; it writes a space behind every comma and colon, which are counted twice."""
    text = orjson.dumps(answer)
    return len(text) + text.count(b",") + text.count(b":") <= LARGEST_ANSWER


def json_text(body: Json) -> str:
    """A body as it goes out."""
    return orjson.dumps(body).decode()


def refusal(error: Exception) -> Refused:
    """Whatever was raised, as a refusal. Of what is not ours nobody outside is told more than that it broke."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, LostRace):
        return Refused("BUSY", str(error), 503, retryable=True)
    if isinstance(error, UnknownFact):
        return Refused("NEWER_COMMIT", "a newer deployment wrote this: try again once it is out", 503, retryable=True)
    if isinstance(error, PreflightError):
        return Refused("CORRUPT_STREAM", str(error), 500)
    return Refused("INTERNAL", "something broke on our side: try again, then look at the log", 500, retryable=True)


def mapping(value: object) -> Json:
    """The JSON object that a value is; of anything else, none."""
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, Any]) -> bytes:
    text = canonical(fields)
    if len(text) > LARGEST_REQUEST:
        raise Refused("REQUEST_TOO_LARGE", f"a request has {LARGEST_REQUEST} bytes at most: split it", 413)
    if b"null" in text and not _finite(fields):
        raise TypeError("a number is too large")
    return text


def _finite(value: object) -> bool:
    """Python reads 1e999 as infinity, which is written as null: so a version to compare with would be passed over."""
    if isinstance(value, float):
        return isfinite(value)
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_finite, within))


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (TypeError, ValueError) as error:
        raise Refused("INVALID_JSON", "the body is not base64, though it says so", field="body") from error


def _object(value: object) -> Json:
    if isinstance(value, str | bytes):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Refused("INVALID_JSON", f"the body is not JSON: {error}", field="body") from error
    if not isinstance(value, dict):
        raise Refused("INVALID_JSON", "the body must be a JSON object", field="body")
    return value
