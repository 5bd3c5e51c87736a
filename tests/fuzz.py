"""Requests that nobody meant: any JSON, and requests that fit but for one field, by every door of every function.

None can be done: its groups do not exist, its new group's name is taken, its execution runs another plan.
"""

import base64
import json
import re
from typing import Any

from hypothesis import strategies as st

from commands import app as commands
from commands.executions import app as executions
from commands.waves import app as waves
from events.entry import Operation
from queries import app as queries

Json = dict[str, Any]
APPS: list[Any] = [commands, waves, executions, queries]
OPERATIONS: list[tuple[Any, Operation]] = [(app, operation) for app in APPS for operation in app.OPERATIONS]
NAME, EXECUTION, NOBODY, SERVER = "Taken by the fuzz", "fuzzed", "pg-nobody", f"s-{'f' * 17}"
DAY = "2026-11-24T12:00:00Z"
PLAN: Json = {"isDrill": True, "planName": "the one that ran", "waves": [{"protectionGroupIds": [NOBODY]}]}
VALUES: Json = {
    "operation": "start_wave_recovery", "groupId": NOBODY, "groupName": NAME, "executionId": EXECUTION,
    "sourceServerIds": [SERVER], "servers": [{"sourceServerId": SERVER, "launchTemplate": {"copyTags": False}}],
    "serverId": SERVER, "waveNumber": 7, "protectionGroupId": NOBODY, "protectionGroupIds": [NOBODY, "pg-none"],
    "isDrill": False, "launchConfig": {"copyTags": True, "instanceType": "m5.large", "tags": {"Stage": "fuzz"}},
    "onNotReady": "block", "version": 3, "asOf": DAY, "limit": 3, "step": "gate", "taskToken": "a",
    "waves": [{"protectionGroupIds": [NOBODY]}], "plan": {**PLAN, "planName": "another"}, "budgetSeconds": 1,
    "tagOverrides": [{"key": "Stage", "value": "fuzz", "launchConfig": {"copyTags": False}}], "precedence": ["Stage"],
    "exclusions": [{"hostname": "*", "excludeAll": True}], "after": "roster#~", "dryRun": True, "description": "é",
    "accountId": "123456789012", "assumeRoleName": "Nobody", "externalId": "rug", "region": "us-east-1",
    "consistency": "strong", "minVersion": 1, "force": True, "liveCheck": True, "serverSelectionTags": {"Fuzz": "no"},
    "onFailure": "stop", "planId": "p", "planName": "another", "pollSeconds": 1, "requestId": "r", "invokedBy": "eve",
    "respondAsync": True, "streamId": f"group#{NOBODY}", "actor": "eve", "from": DAY, "to": DAY, "format": "csv",
    "type": "ServerConfigApplied", "nextToken": "e30=",
}  # fmt: skip
"""Of each field something that fits, and that is nowhere."""
PINNED = {
    "create_protection_group": {"groupName": NAME},
    "start_execution": {"executionId": EXECUTION},
    "step_execution": {"executionId": EXECUTION},
    "verify_streams": {"groupId": NOBODY},
}
"""What stays as it is, or becomes something that cannot be meant: all else might be done."""
ADMIN: Json = {"identity": {"userArn": "arn:aws:iam::123456789012:root"}}
TOKENS = ["bnVsbA==", "e30=", "é", base64.b64encode(b'{"groupId": 1, "accountRegion": [], "groupName": null}').decode()]


def nested(depth: int) -> Any:  # noqa: ANN401  JSON
    value: Any = {}
    for level in range(depth):
        value = [value] if level % 2 else {"launchConfig": value}
    return value


DATES = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z"]
ODD = ["NaN", "null", "-Infinity", "1e999", "\ud800", "\x00", "a" * 70_000, "٣", *TOKENS, *DATES]
text = st.text(max_size=40) | st.sampled_from(ODD)
numbers = st.integers() | st.sampled_from([2**63, 2**64, -(10**400), 10**30]) | st.floats() | st.booleans()
leaves = st.none() | numbers | text | st.integers(1, 500).map(nested)
keys = st.text(max_size=10) | st.sampled_from([*VALUES, "body", "queryParams", "userData", "k" * 50_000])
junk = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@st.composite
def fields_of(draw: st.DrawFn, name: str, model: type[Any]) -> Json:
    """A request that fits and is spoilt in one field at most, or anything under the names of its fields."""
    known = {field.alias or key: field for key, field in model.model_fields.items()}
    needed = [key for key, field in known.items() if field.is_required()]
    more = draw(st.sets(st.sampled_from([*known])))
    fields = {key: VALUES[key] for key in known if key in {*needed, *more} & {*VALUES}}
    if draw(st.booleans()):
        spoilt = draw(st.sampled_from([*known, "colour"]))
        fields[spoilt] = draw(text | junk | st.just(VALUES.get(spoilt)))
    else:
        fields |= draw(st.dictionaries(st.sampled_from([*known]) | keys, junk, max_size=5))
    if draw(st.booleans()):
        fields.pop(draw(st.sampled_from([*known])), None)
    for key, value in PINNED.get(name, {}).items():
        if not isinstance(fields.get(key), bool | int | list | dict):
            fields[key] = value
    return fields


@st.composite
def direct_events(draw: st.DrawFn) -> tuple[Any, Any]:
    """An operation and its fields, flat or under one of the two keys."""
    app, operation = draw(st.sampled_from(OPERATIONS))
    fields = draw(fields_of(operation.name, operation.model))
    wrapped = draw(st.sampled_from([fields, {"body": fields}, {"queryParams": fields}]))
    return app, {**wrapped, "operation": operation.name}


@st.composite
def http_events(draw: st.DrawFn) -> tuple[Any, Any]:
    """What API Gateway sends; often without what it always sends, or with something else there."""
    app, operation = draw(st.sampled_from([each for each in OPERATIONS if each[1].routes]))
    fields = draw(fields_of(operation.name, operation.model))
    method, _, path = operation.routes[0].partition(" ")
    said = draw(st.just(json.dumps(fields)) | text | st.none() | st.just(fields))
    if draw(st.booleans()) and isinstance(said, str):
        said = base64.b64encode(said.encode(errors="replace")).decode()
    event = {
        "httpMethod": method,
        "path": re.sub(r"{(\w+)}", lambda part: str(VALUES[part[1]]), path),
        "body": said,
        "requestContext": ADMIN,
        "isBase64Encoded": draw(st.booleans()),
        "queryStringParameters": draw(st.none() | st.just(VALUES | {"groupId": 1}) | st.dictionaries(keys, text)),
        "headers": draw(st.none() | st.dictionaries(st.sampled_from(["Prefer", "Idempotency-Key"]) | text, text)),
    }
    for part in draw(st.sets(st.sampled_from([*event, "pathParameters", "resource", "multiValueHeaders"]), max_size=2)):
        event[part] = draw(junk)
        if draw(st.booleans()) and part != "httpMethod":
            del event[part]
    return app, event


def states() -> st.SearchStrategy[Json]:
    """The platform's whole state, with or without the wave that is meant."""
    wave = st.fixed_dictionaries({}, optional={"protectionGroupIds": junk | st.just([NOBODY])})
    parts = {
        "waves": st.lists(wave | junk, max_size=3) | junk,
        "execution_id": st.just(EXECUTION) | junk,
        "is_drill": st.booleans() | junk,
        "current_wave_number": st.integers(-1, 3) | junk,
        "wave_results": st.lists(junk, max_size=3) | junk,
        "launch_config": junk,
    }
    return st.fixed_dictionaries({}, optional=parts)
