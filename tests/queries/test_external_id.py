"""An external id is for those who may change it: nobody else is shown it, of no time, and none is lost by that."""

from typing import Any

import pytest

from events.doors import parse
from events.redaction import redacted
from events.roles import EVERY_ROLE, Role
from queries.questions import GetProtectionGroup
from tests.kit import Desk
from tests.queries.test_time_travel import answers

SECRET = "hush-hush"  # noqa: S105  what must not be shown
ROLE = {"assumeRoleName": "Target", "externalId": SECRET}


def shown(desk: Desk, group_id: str, roles: frozenset[Role], **when: object) -> dict[str, Any]:
    """As the door answers such a caller."""
    question = parse(GetProtectionGroup, {"groupId": group_id, **(when or {"consistency": "strong"})})
    return dict(redacted(answers(desk).group(question), roles))


def a_group(desk: Desk) -> str:
    return desk.create(accountId="210987654321", sourceServerIds=[], launchConfig={}, respondAsync=True, **ROLE)


@pytest.mark.parametrize("roles", [{"viewer"}, {"auditor"}, {"viewer", "auditor"}])
@pytest.mark.parametrize("when", [{}, {"version": 1}, {"asOf": "2026-11-23T12:00:00Z"}], ids=str)
def test_neither_viewers_nor_auditors_are_shown_it_whatever_moment_they_ask_about(
    desk: Desk, roles: set[Role], when: dict[str, object]
) -> None:
    answer = shown(desk, a_group(desk), frozenset(roles), **when)
    assert SECRET not in str(answer)
    assert "externalId" not in answer
    assert answer["assumeRoleName"] == "Target"


@pytest.mark.parametrize("roles", [{"operator"}, {"admin"}, EVERY_ROLE])
def test_who_may_change_it_is_shown_it_and_may_send_back_what_was_read(desk: Desk, roles: frozenset[Role]) -> None:
    assert shown(desk, a_group(desk), frozenset(roles))["externalId"] == SECRET


def test_what_was_read_without_it_keeps_it_when_it_is_sent_back(desk: Desk) -> None:
    group_id = a_group(desk)
    read = shown(desk, group_id, frozenset({"viewer"}))
    passed = {"resolved", "launchConfigStatus", "definedIn", "recordedAt", "projectedAt", "version", "groupId"}
    desk.ask(
        "update_protection_group",
        groupId=group_id,
        respondAsync=True,
        **{key: value for key, value in read.items() if key not in passed} | {"description": "changed"},
    )
    after = shown(desk, group_id, EVERY_ROLE)
    assert (after["description"], after["externalId"]) == ("changed", SECRET)
