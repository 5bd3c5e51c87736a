"""Lambda entry for every question: API Gateway (frontend and automation) and direct calls."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from events.doors import Json
from events.dynamodb import DynamoStore
from events.entry import Asking, Operation, entry
from events.roles import Right
from projections.table import Rows
from queries import audit, history, trail, verify, waves
from queries import questions as ask
from queries.answers import Answers
from queries.log import Log

GROUPS, GROUP = "GET /protection-groups", "GET /protection-groups/{groupId}"
SERVER = f"{GROUP}/servers/{{serverId}}/launch-config"
WAVE, EXECUTION = "GET /waves/{executionId}/{waveNumber}", "GET /executions/{executionId}"
TABLE: tuple[tuple[str, type[ask.Question], Right, Callable[[Answers, Any], Json], str], ...] = (
    ("list_protection_groups", ask.ListProtectionGroups, "view", Answers.groups, GROUPS),
    ("get_protection_group", ask.GetProtectionGroup, "view", Answers.group, GROUP),
    ("get_launch_config_status", ask.GetLaunchConfigStatus, "view", Answers.status, f"{GROUP}/launch-config-status"),
    ("get_server_launch_config", ask.GetServerLaunchConfig, "view", Answers.server, SERVER),
    ("get_wave", waves.GetWave, "view", waves.wave, WAVE),
    ("get_execution", waves.GetExecution, "view", waves.execution, EXECUTION),
    ("get_history", trail.GetHistory, "audit", history.history, f"{GROUP}/history"),
    ("get_audit_log", trail.GetAuditLog, "audit", audit.audit_log, "GET /audit-log"),
    ("verify_streams", verify.VerifyStreams, "audit", verify.verify_streams, "GET /verify"),
)
"""Operation, question, the right it takes, who answers, and its route."""


def now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@cache
def _answers(account_id: str) -> Answers:
    return Answers(
        store=lambda: DynamoStore(boto3.client("dynamodb"), os.environ["EVENT_TABLE"]),
        rows=Rows(boto3.resource("dynamodb").Table(os.environ["GROUP_TABLE"])),
        now=now,
        account_id=account_id,
        region=os.environ["AWS_REGION"],
        log=lambda: Log(boto3.client("dynamodb"), os.environ["EVENT_TABLE"]),
    )


def _operation(
    name: str, model: type[ask.Question], right: Right, answer: Callable[[Answers, Any], Json], route: str
) -> Operation:
    def answered(question: ask.Question, asking: Asking) -> Json:
        return answer(replace(_answers(asking.account_id), roles=asking.caller.roles), question)

    return Operation(name, model, right, answered, (route,))


OPERATIONS = tuple(_operation(*row) for row in TABLE)
handler = entry(OPERATIONS)
