"""Executions: plans of waves that run by themselves."""

from argparse import Namespace

from local.command_line import tables
from local.command_line.codes import DONE, EXECUTION, Json, Outcome
from local.command_line.files import object_in
from local.command_line.talk import Step, Talk


def start(talk: Talk, arguments: Namespace) -> Outcome:
    """From a plan in a file."""
    return _outcome(talk.ask("start_execution", object_in(arguments.file)))


def show(talk: Talk, arguments: Namespace) -> Outcome:
    """Which wave it is at, and how each ended."""
    named = {"executionId": arguments.execution}
    if arguments.watch:
        return _outcome(talk.follow(("get_execution", named), _over, _step, arguments.timeout))
    return _outcome(talk.ask("get_execution", named))


def resume(talk: Talk, arguments: Namespace) -> Outcome:
    """Let it go on."""
    return _outcome(talk.ask("resume_execution", {"executionId": arguments.execution}))


def cancel(talk: Talk, arguments: Namespace) -> Outcome:
    """Cancelled is what was asked for, and so done."""
    answer, code, shown = _outcome(talk.ask("cancel_execution", {"executionId": arguments.execution}))
    return answer, DONE if answer["status"] == "cancelled" else code, shown


def _outcome(execution: Json) -> Outcome:
    return execution, EXECUTION[execution["status"]], tables.execution(execution)


def _over(execution: Json) -> bool:
    return execution["endedAt"] is not None


def _step(execution: Json) -> Step:
    """A pause says how it is ended."""
    waves, said = execution["waves"], str(execution["status"])
    if execution["pausedBeforeWave"] is not None:
        said = f"paused before wave {execution['pausedBeforeWave']} (execution resume {execution['executionId']})"
    return said, sum("endedAt" in wave for wave in waves), len(waves)
