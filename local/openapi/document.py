"""The OpenAPI 3.1 document: paths from the functions' own tables, what goes in and what comes out from the models.

Both APIs have these routes: one signs callers in with Cognito, the other with IAM.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from commands import app as commands_app
from commands.executions import app as executions_app
from commands.requests import DeleteProtectionGroup, GroupRequest
from commands.waves import app as waves_app
from events.doors import DIGITS
from events.entry import Operation
from events.roles import holders
from events.shown_commits import FACTS
from local.openapi.answers import ErrorAnswer
from local.openapi.examples import REQUESTS
from local.openapi.published import PUBLISHED
from local.openapi.responses import json_of, responses
from queries import app as queries_app

REF = "#/components/schemas/{model}"
VERSION = "3.1.0"
APPS = (commands_app, waves_app, executions_app, queries_app)
NULL = {"type": "null"}
TAGS = {"protection-groups": "Protection groups", "waves": "Waves", "readiness": "Waves", "executions": "Executions"}
KEYED = {"get_audit_log", "verify_streams"}
"""What a program needs a key of the usage plan for (template.yaml)."""
OWN_KEYS = {"start_wave_recovery", "start_execution", "check_readiness"}
"""Their fields say which wave, or which execution: that is their key, and the header is none; a question has no key."""
CHOICES = {"type": {"enum": sorted(FACTS)}}
PATH = Path(__file__).parent.parent.parent / "docs" / "openapi.json"
Json = dict[str, Any]


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def operations() -> list[Operation]:
    """Every operation of every function that has a route, in the order of their routes."""
    found = [operation for app in APPS for operation in app.OPERATIONS if operation.routes]
    return sorted(found, key=lambda operation: operation.routes[0].partition(" ")[::-1])


def document() -> Json:
    """The whole document; the same code makes the same bytes."""
    table = operations()
    models: list[type[BaseModel]] = [
        *{operation.model: None for operation in table},
        *PUBLISHED,
        ErrorAnswer,
    ]
    names, schemas = models_json_schema([(model, "validation") for model in models], by_alias=True, ref_template=REF)
    refs = {model: names[(model, "validation")] for model in models}
    paths: Json = {}
    for operation in table:
        for route in operation.routes:
            method, _, path = route.partition(" ")
            paths.setdefault(path, {})[method.lower()] = _operation(operation, path, method, refs)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Preflight",
            "version": "1",
            "description": "Launch configurations of AWS DRS, applied and proved before the disaster.",
        },
        "security": [{"cognito": []}, {"iam": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "cognito": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "an id token"},
                "iam": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4",
                },
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "of the usage plan"},
            },
        },
    }


def _operation(operation: Operation, path: str, method: str, refs: dict[type[BaseModel], Json]) -> Json:
    in_path = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    schema = operation.model.model_json_schema(by_alias=True, ref_template=REF)
    shown: Json = {
        "operationId": operation.name,
        "summary": _summary(operation),
        "tags": [_tag(operation, path)],
        "description": f"Roles: {', '.join(holders(operation.right))}.",
        "parameters": [*_path(in_path, schema), *_query(in_path, schema, method), *_headers(operation, method)],
        "responses": responses(operation, refs),
    }
    if operation.name in KEYED:
        shown["security"] = [{"cognito": []}, {"iam": [], "key": []}]
    if method in {"POST", "PUT"}:
        needed = not {*schema.get("required", [])} <= {*in_path}
        shown["requestBody"] = {
            "required": needed,
            "content": json_of(_body(refs[operation.model], in_path, schema), REQUESTS[operation.name]),
        }
    return shown


def _summary(operation: Operation) -> str:
    """What its model says of itself, without the route; else its name, in words."""
    said = re.sub(r"^`[^`]+`[:.,]?\s*", "", (operation.model.__doc__ or "").partition("\n")[0])
    said = said or operation.name.replace("_", " ")
    return said[0].upper() + said[1:].rstrip(".")


def _tag(operation: Operation, path: str) -> str:
    return "Record" if operation.right == "audit" else TAGS[path.split("/")[1]]


def _path(names: Iterable[str], schema: Json) -> list[Json]:
    known = schema.get("properties", {})
    text = {"type": "string", "pattern": "^s-[0-9a-f]{17}$"}
    return [{"name": name, "in": "path", "required": True, "schema": known.get(name, text)} for name in names]


def _query(in_path: list[str], schema: Json, method: str) -> list[Json]:
    """All that a question has; of a removal, which has no body, the version that it counts on."""
    asked = {"GET": {*schema.get("properties", {})}, "DELETE": {"version"}}.get(method, set())
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _said(kind) | CHOICES.get(name, {})}
        for name, kind in schema.get("properties", {}).items()
        if name in asked - {*in_path, "requestId", "invokedBy"}
    ]


def _said(kind: Json) -> Json:
    """A parameter is said or is not: text has no null. Of numbers so many digits are read."""
    kinds = [each for each in kind.get("anyOf", []) if each != NULL]
    rest = {name: value for name, value in kind.items() if name != "anyOf"}
    said = _with_default({**rest, **kinds[0]}) if len(kinds) == 1 else kind
    return {"maximum": 10**DIGITS - 1, **said} if said.get("type") == "integer" else said


def _with_default(kind: Json) -> Json:
    """Without a default of null where there can be none."""
    if NULL in kind.get("anyOf", []):
        return kind
    return {name: value for name, value in kind.items() if (name, value) != ("default", None)}


def _headers(operation: Operation, method: str) -> list[Json]:
    """Those that make a difference."""
    key = "the same key again has no second effect; with another payload it is refused"
    wait = "respond-async: answer as soon as the request is recorded"
    found = {} if method == "GET" or operation.name in OWN_KEYS else {"Idempotency-Key": key}
    if issubclass(operation.model, GroupRequest) and operation.model is not DeleteProtectionGroup:
        found["Prefer"] = wait
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in found.items()
    ]


def _body(ref: Json, in_path: list[str], schema: Json) -> Json:
    """The model; without what the path says, which need not be in the body, too."""
    if not in_path:
        return ref
    kept = {name: _with_default(kind) for name, kind in schema["properties"].items() if name not in in_path}
    required = [name for name in schema.get("required", []) if name not in in_path]
    return {"type": "object", "additionalProperties": False, "properties": kept, "required": required}
