"""Protection groups: list, define, apply, plan, and how they stand."""

from argparse import Namespace
from uuid import uuid4

from events import shown
from local.command_line import diff, tables
from local.command_line.codes import DONE, FAILED, GROUP, Json, Outcome
from local.command_line.files import object_in
from local.command_line.refusals import Refusal, UsageError
from local.command_line.talk import Step, Talk


def listed(talk: Talk, arguments: Namespace) -> Outcome:
    """All of them, page by page."""
    found: list[Json] = []
    token: str | None = None
    while True:
        page = talk.ask("list_protection_groups", {"region": arguments.of_region, "nextToken": token})
        found += page["groups"]
        token = page["nextToken"]
        if not token:
            return {"groups": found, "nextToken": None}, DONE, (tables.groups(found),)


def defined(talk: Talk, arguments: Namespace) -> Outcome:
    """As it was said: the JSON may be changed and sent back."""
    group = talk.ask("get_protection_group", {"groupId": arguments.group})
    return group, DONE, (tables.json(group),)


def create(talk: Talk, arguments: Namespace) -> Outcome:
    """From a file."""
    return _changed(talk, "create_protection_group", object_in(arguments.file), arguments)


def update(talk: Talk, arguments: Namespace) -> Outcome:
    """From a file; one that names another group is not sent."""
    body = object_in(arguments.file)
    if body.get("groupId", arguments.group) != arguments.group:
        raise UsageError(f"{arguments.file} is of {body['groupId']}, not of {arguments.group}")
    return _changed(talk, "update_protection_group", {**body, "groupId": arguments.group}, arguments)


def apply(talk: Talk, arguments: Namespace) -> Outcome:
    """Whatever is due; with ``--force`` what is ready, too."""
    fields = {"groupId": arguments.group, "force": arguments.force}
    return _changed(talk, "apply_launch_configs", fields, arguments)


def plan(talk: Talk, arguments: Namespace) -> Outcome:
    """What AWS holds now, and what it would hold. A refusal of any server counts as failed."""
    fields = {"groupId": arguments.group, "force": arguments.force, "dryRun": True}
    answer = talk.ask("apply_launch_configs", fields)
    return answer, FAILED if answer["refusedServers"] else DONE, diff.plan(answer)


def status(talk: Talk, arguments: Namespace) -> Outcome:
    """How it stands; now, or then."""
    fields = {"groupId": arguments.group, "asOf": arguments.as_of, "version": arguments.version}
    if arguments.watch:
        answer = talk.follow(("get_launch_config_status", fields), _settled, _step, arguments.timeout)
    else:
        answer = talk.ask("get_launch_config_status", fields)
    return answer, GROUP[answer["status"]], tables.status(answer)


def _changed(talk: Talk, operation: str, fields: Json, arguments: Namespace) -> Outcome:
    """Asked under a key of its own, so that whoever got no answer can ask again; then waited for, if that is wished."""
    key = arguments.request_id or fields.get("requestId") or str(uuid4())
    soon = True if arguments.wait or arguments.no_wait else None
    ask = talk.insist if arguments.wait else talk.ask
    try:
        answer = ask(operation, {"respondAsync": soon, **fields, "requestId": key})
    except Refusal as no:
        if no.code == "NO_ANSWER":
            no.body["message"] += f"; ask again with --request-id {key}"
        raise
    if arguments.wait and not _settled(answer):
        about = {"groupId": answer["groupId"], "minVersion": answer["version"]}
        found = talk.follow(("get_launch_config_status", about), _settled, _step, arguments.timeout)
        answer |= _as_answered(answer, found)
    return answer, GROUP[answer["status"]], tables.applied(answer)


def _as_answered(answer: Json, found: Json) -> Json:
    """A later status in the shape of the answer that was given first."""
    counts = found["counts"]
    later: Json = {
        **{key: found[key] for key in ("status", "reasons", "provedAt", "freshUntil", "version")},
        "appliedServers": counts["ready"],
        "failedServers": counts["failed"],
        "pendingServers": counts["pending"],
        "errors": [*found["errors"], *shown.failures(found)],
    }
    if "launchConfigStatus" in answer:
        later["launchConfigStatus"] = {key: found[key] for key in answer["launchConfigStatus"]}
    return later


def _settled(found: Json) -> bool:
    return bool(found["status"] != "pending")


def _step(found: Json) -> Step:
    counts = found["counts"]
    return str(found["status"]), counts["total"] - counts["pending"], counts["total"]
