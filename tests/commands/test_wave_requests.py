"""Of what is asked of waves and plans nothing is passed over, and what is wrong is named by its field."""

from typing import Any

import pytest

from commands.executions.requests import RecoveryPlan, StartExecution
from commands.waves.requests import MOST_GROUPS, CheckReadiness, StartWave
from events.doors import parse
from events.errors import Refused
from events.model import Model
from tests.commands.bench import refused

WAVE = {"executionId": "exec-1", "waveNumber": 0, "isDrill": True}
NAMED = {"protectionGroupIds": ["pg-a"]}


def no(model: type[Model], fields: dict[str, Any]) -> Refused:
    return refused(lambda: parse(model, fields))


@pytest.mark.parametrize(
    ("model", "fields", "code", "field"),
    [
        (StartWave, {**WAVE}, "MISSING_FIELD", "protectionGroupIds"),
        (StartWave, {**WAVE, "protectionGroupIds": []}, "MISSING_FIELD", "protectionGroupIds"),
        (StartWave, {**WAVE, **NAMED, "liveCheck": True, "budgetSeconds": 0}, "INVALID_PARAMETER", "budgetSeconds"),
        (CheckReadiness, {"waves": [NAMED, {}]}, "MISSING_FIELD", "waves.1.protectionGroupIds"),
        (
            CheckReadiness,
            {"waves": [{**NAMED, "sourceServerIds": [f"s-{1:017x}"]}]},
            "INVALID_PARAMETER",
            "waves.0.sourceServerIds",
        ),
        (RecoveryPlan, {"isDrill": True, "waves": [NAMED, {}]}, "MISSING_FIELD", "waves.1.protectionGroupIds"),
        (
            RecoveryPlan,
            {"isDrill": True, "waves": [NAMED, {**NAMED, "waveNumber": 7}]},
            "INVALID_PARAMETER",
            "waves.1.waveNumber",
        ),
        (
            RecoveryPlan,
            {"isDrill": True, "waves": [{**NAMED, "dependsOnWaves": [0]}]},
            "INVALID_PARAMETER",
            "waves.0.dependsOnWaves",
        ),
    ],
)
def test_what_is_wrong_with_several_fields_is_told_of_the_one_to_mend(
    model: type[Model], fields: dict[str, Any], code: str, field: str
) -> None:
    told = no(model, fields)
    assert (told.code, told.status, told.details["field"]) == (code, 400, field)
    assert told.message.startswith(f"{field}: ")


@pytest.mark.parametrize("passed_over", [{"requestId": "k"}, {"invokedBy": "ada"}])
@pytest.mark.parametrize(
    ("model", "around"),
    [(CheckReadiness, {}), (RecoveryPlan, {"isDrill": True}), (StartExecution, {"isDrill": True, "executionId": "x"})],
)
def test_a_key_or_a_name_within_a_wave_would_be_passed_over_and_is_refused(
    model: type[Model], around: dict[str, Any], passed_over: dict[str, str]
) -> None:
    told = no(model, {**around, "waves": [{**NAMED, **passed_over}]})
    assert (told.code, told.details["field"]) == ("UNKNOWN_FIELDS_PRESENT", f"waves.0.{next(iter(passed_over))}")
    parse(model, {**around, **passed_over, "waves": [NAMED]})


def test_a_wave_that_is_started_by_itself_has_a_key_and_a_name() -> None:
    asked = parse(StartWave, {**WAVE, **NAMED, "requestId": "k", "invokedBy": "ada"})
    assert (asked.request_id, asked.invoked_by) == ("k", "ada")


def test_readiness_is_asked_of_so_many_groups_at_most_however_often_each_is_named() -> None:
    ids = [f"pg-{n}" for n in range(MOST_GROUPS + 1)]
    waves = [{"protectionGroupIds": ids[n : n + 90]} for n in range(0, MOST_GROUPS, 90)]
    parse(CheckReadiness, {"waves": [{"protectionGroupIds": ids[:90]}] * 50})
    told = no(CheckReadiness, {"waves": [*waves, {"protectionGroupId": ids[-1]}]})
    assert (told.code, told.details["field"]) == ("QUOTA_EXCEEDED", "waves")
