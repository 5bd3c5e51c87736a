"""Waves: could one start, start one, and what becomes of it."""

from argparse import Namespace

from local.command_line.codes import FAILED, NOT_YET, VERDICT, WAVE, Json, Outcome, worst
from local.command_line.plain import say
from local.command_line.progress import Step
from local.command_line.refusals import UsageError
from local.command_line.talk import Talk


def start(talk: Talk, arguments: Namespace) -> Outcome:
    """Its name is its key: with ``--wait`` it is asked for again while it is not clear what became of it."""
    named = {"executionId": arguments.execution, "waveNumber": arguments.number}
    fields = {
        **named,
        "protectionGroupIds": arguments.groups,
        "isDrill": arguments.drill,
        "onNotReady": arguments.on_not_ready,
        "budgetSeconds": arguments.budget,
        "liveCheck": arguments.live_check or None,
    }
    answer = (talk.insist if arguments.wait else talk.ask)("start_wave_recovery", fields)
    if arguments.wait:
        return _followed(talk, named, arguments.timeout)
    say(f"wave show {arguments.execution} {arguments.number} --watch  tells what becomes of it")
    return answer, FAILED if answer["decision"] == "refused" else NOT_YET


def show(talk: Talk, arguments: Namespace) -> Outcome:
    """How far it has come."""
    named = {"executionId": arguments.execution, "waveNumber": arguments.number}
    if arguments.watch:
        return _followed(talk, named, arguments.timeout)
    return _outcome(talk.ask("get_wave", named))


def readiness(talk: Talk, arguments: Namespace) -> Outcome:
    """Could one wave of these groups, or of these servers, start now?"""
    if bool(arguments.groups) == bool(arguments.servers):
        raise UsageError("name groups, or else --servers")
    about = {"protectionGroupIds": arguments.groups} if arguments.groups else {"sourceServerIds": arguments.servers}
    answer = talk.ask("check_readiness", {"waves": [about]})
    return answer, worst({VERDICT[wave["verdict"]] for wave in answer["waves"]})


def _followed(talk: Talk, named: Json, timeout: float) -> Outcome:
    return _outcome(talk.follow(("get_wave", named), _over, _step, timeout))


def _outcome(wave: Json) -> Outcome:
    return wave, WAVE[wave["status"]]


def _over(wave: Json) -> bool:
    return wave["status"] not in {"starting", "running"}


def _step(wave: Json) -> Step:
    counts = wave["counts"]
    return f"wave {wave['status']}", counts["total"] - counts["launching"] - counts["notStarted"], counts["total"]
