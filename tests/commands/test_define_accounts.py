"""Groups of other accounts: entered by a role and an external id, which no error tells."""

from typing import Any

import pytest

from commands import requests as ask
from commands.operations import carry_out
from events.callers import Caller
from events.doors import parse
from events.facts import LaunchConfigsDue
from events.streams import GROUP
from tests.commands.bench import refused
from tests.events import given as g

OTHER, SECRET = "210987654321", "deputy:7f3a/payments"
ROLE = {"assumeRoleName": "preflight-apply", "externalId": SECRET}


def create(**fields: object) -> ask.CreateProtectionGroup:
    said: dict[str, object] = {"groupName": "Abroad", "sourceServerIds": [g.sid(1)]}
    return parse(ask.CreateProtectionGroup, said | {"launchConfig": {"copyTags": True}} | fields)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"accountId": OTHER}, ["assumeRoleName", "externalId"]),
        ({"accountId": OTHER, "assumeRoleName": "preflight-apply"}, ["externalId"]),
        ({"accountId": OTHER, "externalId": SECRET}, ["assumeRoleName"]),
        ({"assumeRoleName": "preflight-apply"}, ["externalId"]),
        ({"accountId": g.ACCOUNT, "assumeRoleName": "preflight-apply"}, ["externalId"]),
        ({"externalId": SECRET}, ["assumeRoleName"]),
    ],
)
def test_a_role_goes_with_its_external_id_and_another_account_with_both(
    fields: dict[str, Any], missing: list[str]
) -> None:
    no = refused(lambda: g.ask(g.service(), "pg-abroad", create(**fields)))
    assert (no.code, no.details["fields"], no.details["field"]) == ("MISSING_FIELD", missing, missing[0])
    assert all(name in no.message for name in missing)
    assert SECRET not in str(no.body())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountId", "12345678901"), ("assumeRoleName", "a/b"), ("assumeRoleName", "r" * 65), ("assumeRoleName", ""),
        ("externalId", "x" * 1225), ("externalId", "!"), ("externalId", "pass word"), ("externalId", "geheim\n"),
    ],
)  # fmt: skip
def test_what_iam_would_not_take_is_refused_by_field_and_not_repeated(field: str, value: str) -> None:
    no = refused(lambda: create(**({"accountId": OTHER, **ROLE} | {field: value})))
    assert (no.code, no.details["field"]) == ("INVALID_PARAMETER", field)
    assert field != "externalId" or value not in str(no.body())


def test_a_group_of_another_account_is_reached_by_its_role() -> None:
    stream = g.ask(g.service(), "pg-abroad", create(accountId=OTHER, **ROLE))
    assert stream.state.definition.target.model_dump(mode="json") == {
        "accountId": OTHER, "region": g.REGION, "assumeRoleName": "preflight-apply", "externalId": SECRET,
    }  # fmt: skip


def test_an_external_id_is_in_nothing_that_is_printed_for_a_log() -> None:
    request = create(accountId=OTHER, **ROLE)
    definition = g.ask(g.service(), "pg-abroad", request).state.definition
    assert SECRET not in repr((request, definition, definition.target if definition else None))


def test_two_accounts_may_have_a_group_of_the_same_name() -> None:
    desk = g.service()
    g.ask(desk, "pg-home", create(sourceServerIds=[g.sid(2)]))
    g.ask(desk, "pg-abroad", create(accountId=OTHER, **ROLE))
    assert sorted(desk.store.born("roster")) == [f"roster#{g.ACCOUNT}#{g.REGION}", f"roster#{OTHER}#{g.REGION}"]


def test_a_groups_id_follows_from_its_account_too_and_a_retried_create_is_the_same_group() -> None:
    desk, caller = g.service(), Caller("ada", "frontend", "key-once")
    quiet = {"respondAsync": True}
    found = [
        carry_out(desk, create(**fields, **quiet), caller, desk.after(60))["groupId"]
        for fields in ({"sourceServerIds": [g.sid(2)]}, {"accountId": OTHER, **ROLE}, {"accountId": OTHER, **ROLE})
    ]
    assert found[0] != found[1] == found[2]
    assert len({*desk.store.born("group")}) == 2


@pytest.mark.parametrize("field", [{"region": "eu-west-1"}, {"accountId": g.ACCOUNT}])
def test_region_and_account_are_fixed(field: dict[str, str]) -> None:
    desk = g.service()
    g.ask(desk, "pg-abroad", create(accountId=OTHER, **ROLE))
    no = refused(lambda: g.ask(desk, "pg-abroad", parse(ask.UpdateProtectionGroup, {"groupId": "pg-abroad", **field})))
    assert (no.code, no.details["field"]) == ("INVALID_PARAMETER", next(iter(field)))
    same = {"groupId": "pg-abroad", "region": g.REGION, "accountId": OTHER}
    assert g.ask(desk, "pg-abroad", parse(ask.UpdateProtectionGroup, same)).version == 1


def test_another_role_makes_every_server_due_for_it_sees_with_other_eyes() -> None:
    desk = g.service()
    g.ask(desk, "pg-abroad", create(accountId=OTHER, **ROLE))
    fields = {"groupId": "pg-abroad", "assumeRoleName": "preflight-2", "externalId": "deputy-8"}
    g.ask(desk, "pg-abroad", parse(ask.UpdateProtectionGroup, fields))
    [*_, last] = desk.store.history("group#pg-abroad")
    due = LaunchConfigsDue(source_server_ids=(g.sid(1),), reason="redefined", requested_by="ada", at=g.NOON)
    assert GROUP.parse(last.events)[-1] == due


def test_a_role_is_not_left_without_its_external_id() -> None:
    desk = g.service()
    g.ask(desk, "pg-abroad", create(accountId=OTHER, **ROLE))
    fields = {"groupId": "pg-abroad", "externalId": None}
    no = refused(lambda: g.ask(desk, "pg-abroad", parse(ask.UpdateProtectionGroup, fields)))
    assert (no.code, no.details["fields"]) == ("MISSING_FIELD", ["externalId"])
    assert SECRET not in str(no.body())


def test_in_the_own_account_role_and_external_id_may_go_together() -> None:
    desk = g.service()
    g.ask(desk, "pg-home", create(**ROLE))
    fields = {"groupId": "pg-home", "assumeRoleName": None, "externalId": None}
    stream = g.ask(desk, "pg-home", parse(ask.UpdateProtectionGroup, fields))
    assert stream.state.definition.target.model_dump(exclude_defaults=True) == {
        "accountId": g.ACCOUNT, "region": g.REGION,
    }  # fmt: skip
    assert stream.state.servers[g.sid(1)].epoch == 2
