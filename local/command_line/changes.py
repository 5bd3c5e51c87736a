"""What changes a group, and what AWS holds for it."""

from argparse import Namespace
from collections.abc import Callable
from uuid import uuid4

from local.command_line.codes import DONE, GROUP, Json, Outcome
from local.command_line.files import object_in
from local.command_line.progress import Step
from local.command_line.refusals import Refusal, UsageError
from local.command_line.talk import Talk


def create(talk: Talk, arguments: Namespace) -> Outcome:
    """From a file."""
    return _changed(talk, "create_protection_group", object_in(arguments.file), arguments)


def update(talk: Talk, arguments: Namespace) -> Outcome:
    """From a file; one that names another group is not sent."""
    body = object_in(arguments.file)
    if body.get("groupId", arguments.group) != arguments.group:
        raise UsageError(f"{arguments.file} is of {body['groupId']}, not of {arguments.group}")
    return _changed(talk, "update_protection_group", {**body, "groupId": arguments.group}, arguments)


def delete(talk: Talk, arguments: Namespace) -> Outcome:
    """AWS keeps what was applied."""
    return _recorded(talk.ask, "delete_protection_group", {"groupId": arguments.group}, arguments.request_id), DONE


def add(talk: Talk, arguments: Namespace) -> Outcome:
    """With the group's own settings; settings of a server's own are said by an update."""
    fields = {"groupId": arguments.group, "sourceServerIds": arguments.servers}
    return _changed(talk, "add_servers_to_group", fields, arguments)


def remove(talk: Talk, arguments: Namespace) -> Outcome:
    """One, as the API takes them."""
    fields = {"groupId": arguments.group, "sourceServerIds": [arguments.server]}
    answer = _recorded(talk.ask, "remove_servers_from_group", fields, arguments.request_id)
    return answer, GROUP[answer["status"]]


def apply(talk: Talk, arguments: Namespace) -> Outcome:
    """Whatever is due; with ``--force`` what is ready, too."""
    fields = {"groupId": arguments.group, "force": arguments.force}
    return _changed(talk, "apply_launch_configs", fields, arguments)


def settled(found: Json) -> bool:
    """Nothing of it is on its way."""
    return bool(found["status"] != "pending")


def step(found: Json) -> Step:
    """How many servers are through."""
    counts = found["counts"]
    return str(found["status"]), counts["total"] - counts["pending"], counts["total"]


def _changed(talk: Talk, operation: str, fields: Json, arguments: Namespace) -> Outcome:
    """Recorded, and then waited for, if that is wished."""
    soon = True if arguments.wait or arguments.no_wait else None
    ask = talk.insist if arguments.wait else talk.ask
    answer = _recorded(ask, operation, {"respondAsync": soon, **fields}, arguments.request_id)
    if arguments.wait and not settled(answer):
        about = {"groupId": answer["groupId"], "minVersion": answer["version"]}
        found = talk.follow(("get_launch_config_status", about), settled, step, arguments.timeout)
        answer |= _as_answered(answer, found)
    return answer, GROUP[answer["status"]]


def _recorded(ask: Callable[[str, Json], Json], operation: str, fields: Json, key: str | None) -> Json:
    """Asked under a key of its own, so that whoever got no answer can ask again."""
    key = key or fields.get("requestId") or str(uuid4())
    try:
        return ask(operation, {**fields, "requestId": key})
    except Refusal as no:
        if no.code == "NO_ANSWER":
            no.body["message"] += f"; ask again with --request-id {key}"
        raise


def _as_answered(answer: Json, found: Json) -> Json:
    """A later status in the shape of the answer that was given first."""
    from events import shown  # noqa: PLC0415  the facts' models are slow to come, and few wait

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
