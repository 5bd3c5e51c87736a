"""Lambda entry for executions: start, resume and cancel, through the API or directly."""

from commands.executions.control import carry_out
from commands.executions.parts import executions
from commands.executions.requests import CancelExecution, OfExecution, ResumeExecution, StartExecution
from commands.operations import context_of
from events.doors import Json
from events.entry import Asking, Operation, entry

ONE = "/executions/{executionId}"


def _answer(request: OfExecution, asking: Asking) -> Json:
    return carry_out(executions(asking.account_id), request, context_of(request, asking.caller))


def _started(answer: Json) -> int:
    return 200 if answer["endedAt"] else 202


OPERATIONS = (
    Operation("start_execution", StartExecution, "operate", _answer, ("POST /executions",), _started),
    Operation("resume_execution", ResumeExecution, "operate", _answer, (f"POST {ONE}/resume",)),
    Operation("cancel_execution", CancelExecution, "operate", _answer, (f"POST {ONE}/cancel",)),
)
handler = entry(OPERATIONS)
