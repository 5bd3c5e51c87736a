"""Lambda entry of the API's own page: Swagger UI with the OpenAPI document in it, and `?format=json` for that alone.

Whoever may open the API's address may read it: it says what can be asked, not what is there, and its function has no
right to read anything. The two files are put beside this one when a function is packaged (`local.swagger`).
"""

from pathlib import Path

from events.doors import Json, mapping
from events.rest import file

_JSON = ("swagger.json", "application/json")
_HTML = ("swagger.html", "text/html; charset=utf-8")
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=300",
}


def handler(event: object, _context: object) -> Json:
    """`GET /swagger` of the frontend's API."""
    asked = mapping(mapping(event).get("queryStringParameters"))
    name, kind = _JSON if asked.get("format") == "json" else _HTML
    return file(kind, Path(__file__).with_name(name).read_text(encoding="utf-8"), _POLICY)
