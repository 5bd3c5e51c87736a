"""A page of the list of groups begins where the last one of the same account and Region ended, and nowhere else."""

import base64
import json
from typing import Any

import pytest

from events.doors import parse
from events.errors import Refused
from events.memory import MemoryStore
from queries.answers import Answers
from queries.questions import ListProtectionGroups
from tests.events.given import NOON
from tests.projections.rows import MemoryRows

GIVEN: dict[str, Any] = {"groupId": "pg-1", "accountRegion": "123456789012#us-east-1", "groupName": "ERP"}


@pytest.mark.parametrize(
    "other",
    [
        {"accountRegion": "123456789012#eu-west-1"},
        {"groupId": 1},
        {"groupName": ""},
        {"groupName": {"a": 1}},
        {"x": "y"},
    ],
)
def test_a_token_of_another_region_or_of_somebodys_own_making_is_refused(other: dict[str, Any]) -> None:
    rows: Any = MemoryRows()
    answers = Answers(MemoryStore, rows, lambda: NOON, "123456789012", "us-east-1", lambda: None)  # type: ignore[arg-type, return-value]
    token = base64.urlsafe_b64encode(json.dumps({**GIVEN, **other}).encode()).decode()
    with pytest.raises(Refused) as no:
        answers.groups(parse(ListProtectionGroups, {"nextToken": token}))
    assert (no.value.code, no.value.details["field"]) == ("INVALID_PARAMETER", "nextToken")
