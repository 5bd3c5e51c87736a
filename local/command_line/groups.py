"""Protection groups: which there are, how each is defined and stands, and what would change. Nothing is written."""

from argparse import Namespace

from local.command_line.changes import settled, step
from local.command_line.codes import DONE, FAILED, GROUP, Json, Outcome
from local.command_line.talk import Talk


def listed(talk: Talk, arguments: Namespace) -> Outcome:
    """All of them, page by page."""
    found: list[Json] = []
    token: str | None = None
    while True:
        page = talk.ask("list_protection_groups", {"region": arguments.of_region, "nextToken": token})
        found += page["groups"]
        token = page["nextToken"]
        if not token:
            return {"groups": found, "nextToken": None}, DONE


def defined(talk: Talk, arguments: Namespace) -> Outcome:
    """As it was said: the JSON may be changed and sent back."""
    return talk.ask("get_protection_group", _then(arguments)), DONE


def server(talk: Talk, arguments: Namespace) -> Outcome:
    """The one configuration that comes of all layers."""
    return talk.ask("get_server_launch_config", {**_then(arguments), "serverId": arguments.server}), DONE


def plan(talk: Talk, arguments: Namespace) -> Outcome:
    """What AWS holds now, and what it would hold. A refusal of any server counts as failed."""
    fields = {"groupId": arguments.group, "force": arguments.force, "dryRun": True}
    answer = talk.ask("apply_launch_configs", fields)
    return answer, FAILED if answer["refusedServers"] else DONE


def resolve(talk: Talk, arguments: Namespace) -> Outcome:
    """Which servers its tags select now, against those that it has."""
    return talk.ask("resolve_protection_group", {"groupId": arguments.group}), DONE


def status(talk: Talk, arguments: Namespace) -> Outcome:
    """How it stands; now, or then."""
    if arguments.watch:
        look = ("get_launch_config_status", {"groupId": arguments.group})
        answer = talk.follow(look, settled, step, arguments.timeout)
    else:
        answer = talk.ask("get_launch_config_status", _then(arguments))
    return answer, GROUP[answer["status"]]


def _then(arguments: Namespace) -> Json:
    return {"groupId": arguments.group, "asOf": arguments.as_of, "version": arguments.version}
