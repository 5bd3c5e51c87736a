"""What the read model's functions log under `alarm` is heard: each of their logs has a filter that counts it."""

import pytest

from tests.sam import TEMPLATE, functions, of_type

ALARMED = {"project", "sweep", "verify"}
"""The entries that log alarms, themselves or through what they call."""


def filtered() -> set[str]:
    """The logs of which the alarms are counted."""
    found = set()
    alarm = TEMPLATE["Resources"]["NotAsAppendedAlarm"]["Properties"]
    for each in of_type(TEMPLATE, "AWS::Logs::MetricFilter").values():
        [counted] = each["Properties"]["MetricTransformations"]
        if (counted["MetricNamespace"], counted["MetricName"]) == (alarm["Namespace"], alarm["MetricName"]):
            assert each["Properties"]["FilterPattern"] == '{ $.alarm = "*" }'
            found.add(each["Properties"]["LogGroupName"]["Ref"])
    return found


@pytest.mark.parametrize("entry", sorted(ALARMED))
def test_an_alarm_that_is_logged_is_counted(entry: str) -> None:
    [log] = [
        each["LoggingConfig"]["LogGroup"]["Ref"]
        for each in functions(TEMPLATE).values()
        if each["Handler"] == f"projections.app.{entry}"
    ]
    assert log in filtered()
