"""Executions: plans of waves that run by themselves."""

from argparse import Namespace
from uuid import uuid4

from local.command_line.codes import DONE, EXECUTION, Json, Outcome
from local.command_line.files import object_in
from local.command_line.plain import say
from local.command_line.progress import Step
from local.command_line.talk import Talk


def start(talk: Talk, arguments: Namespace) -> Outcome:
    """From a plan in a file. Its name is its key: with ``--wait`` it is asked for again where that may help."""
    return _asked(talk, "start_execution", object_in(arguments.file), arguments)


def show(talk: Talk, arguments: Namespace) -> Outcome:
    """Which wave it is at, and how each ended."""
    if arguments.watch:
        return _followed(talk, arguments.execution, arguments.timeout)
    return _outcome(talk.ask("get_execution", {"executionId": arguments.execution}))


def resume(talk: Talk, arguments: Namespace) -> Outcome:
    """Let it go on: once, however often it has to be asked."""
    named = {"executionId": arguments.execution, "waveNumber": arguments.wave, "requestId": str(uuid4())}
    return _asked(talk, "resume_execution", named, arguments)


def cancel(talk: Talk, arguments: Namespace) -> Outcome:
    """Cancelled is what was asked for, and so done."""
    answer, code = _outcome(talk.ask("cancel_execution", {"executionId": arguments.execution}))
    return answer, DONE if answer["status"] == "cancelled" else code


def _asked(talk: Talk, operation: str, fields: Json, arguments: Namespace) -> Outcome:
    """Recorded, and then followed, if that is wished."""
    answer = (talk.insist if arguments.wait else talk.ask)(operation, fields)
    if arguments.wait:
        return _followed(talk, answer["executionId"], arguments.timeout)
    if not _over(answer):
        say(f"execution show {answer['executionId']} --watch  tells what becomes of it")
    return _outcome(answer)


def _followed(talk: Talk, execution: str, timeout: float) -> Outcome:
    return _outcome(talk.follow(("get_execution", {"executionId": execution}), _over, _step, timeout))


def _outcome(execution: Json) -> Outcome:
    return execution, EXECUTION[execution["status"]]


def _over(execution: Json) -> bool:
    """What waits for somebody does not go on while somebody waits for it."""
    return execution["endedAt"] is not None or execution["pausedBeforeWave"] is not None


def _step(execution: Json) -> Step:
    """The wave that began last, and how many have ended."""
    waves = execution["waves"]
    begun = [wave for wave in waves if wave["status"] != "waiting"]
    ended = sum("endedAt" in wave for wave in waves)
    return ", ".join([f"execution {execution['status']}", *map(_wave, begun[-1:]), "waves ended"]), ended, len(waves)


def _wave(wave: Json) -> str:
    launched = f" {wave['launched']} of {wave['total']} servers" if "launched" in wave else ""
    return f"wave {wave['waveNumber']} {wave['waveName']} {wave['status']}{launched}"
