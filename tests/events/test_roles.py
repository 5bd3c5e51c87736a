"""Who may do what: denied unless a group, a principal or the default says otherwise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.callers import Access, direct_caller, http_caller
from events.errors import Refused
from events.redaction import LEFT_OUT, redacted
from events.roles import GROUPS, RIGHTS, default_roles, may, principals, roles_of_groups, roles_of_principal

ADA = {"cognito:username": "ada@example.com", "token_use": "id"}
ANSWER = {
    "status": "failed",
    "serverConfigs": {
        "s-1": {"errors": [{"code": "AccessDenied", "message": "arn:aws:iam::1:user/x may not"}, {"code": "B"}]}
    },
    "serverStatuses": {"s-1": {"privateIp": "10.0.0.7", "instanceId": "i-1"}},
    "launchConfig": {"staticPrivateIp": "10.0.0.8", "subnetId": "subnet-1"},
    "refusal": {"code": "ConflictException", "message": "raw"},
    "details": {"aws": {"code": "X", "message": "raw"}},
    "blocks": [{"code": "STALE", "message": "ours"}],
}


def event(claims: dict[str, Any] | None = None, arn: str | None = None) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {"claims": claims or {}}, "identity": {"userArn": arn}}}


def roles(claims: dict[str, Any] | None = None, arn: str | None = None, **access: Any) -> set[str]:  # noqa: ANN401  Access's
    return {*http_caller(event(claims, arn), "key", Access(**access)).roles}


@pytest.mark.parametrize(
    "groups",
    [["operator", "auditor"], "operator,auditor", "[operator auditor]", "operator, auditor", ("auditor", "operator")],
)
def test_a_users_groups_are_read_in_every_shape_they_come_in(groups: object) -> None:
    assert roles({**ADA, "cognito:groups": groups}) == {"operator", "auditor"}


@pytest.mark.parametrize(("group", "role"), [*GROUPS.items(), ("Operator", None), ("everyone", None), ("", None)])
def test_a_group_is_a_role_by_its_own_name_or_the_platforms_and_by_no_other(group: str, role: str | None) -> None:
    assert roles({**ADA, "cognito:groups": [group]}) == ({role} if role else set())


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.booleans(),
        st.text(),
        st.lists(st.integers()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_groups_of_any_shape_whatever_give_no_role_that_they_do_not_name(groups: object) -> None:
    named = {role for name, role in GROUPS.items() if name in str(groups)}
    assert roles_of_groups(groups) <= named


def test_who_is_in_no_known_group_has_the_default_role_and_who_is_in_one_has_not() -> None:
    default = {"default": default_roles("operator")}
    assert roles({**ADA}, **default) == {"operator"}
    assert roles({**ADA, "cognito:groups": ["viewer"]}, **default) == {"viewer"}
    assert roles({**ADA}) == set()
    assert default_roles("none") == default_roles("") == frozenset()
    with pytest.raises(ValueError, match="DefaultRole"):
        default_roles("root")


def test_a_principal_has_the_roles_of_the_patterns_that_its_arn_matches() -> None:
    known = principals('{"arn:aws:sts::*:assumed-role/Ops*/*": "operator", "arn:aws:iam::1:user/eve": "auditor"}')
    assert roles(arn="arn:aws:sts::1:assumed-role/OpsTeam/ada", principals=known) == {"operator"}
    assert roles(arn="arn:aws:iam::1:user/eve", principals=known) == {"auditor"}
    assert roles(arn="arn:aws:iam::1:user/Eve", principals=known) == set()
    assert roles_of_principal("arn:aws:iam::1:root", {}) == set()


@pytest.mark.parametrize("setting", ["[]", "x", '{"*": "root"}', '{"*": ["admin"]}'])
def test_a_setting_that_names_no_role_is_refused_when_it_is_read(setting: str) -> None:
    with pytest.raises(ValueError, match="PrincipalRoles"):
        principals(setting)


@pytest.mark.parametrize(
    "claims", [{}, {"email": "ada@example.com"}, {**ADA, "token_use": "access"}, {"token_use": "id"}]
)
def test_nobody_and_who_comes_with_another_token_is_not_let_in(claims: dict[str, Any]) -> None:
    with pytest.raises(Refused) as no:
        roles(claims, default=default_roles("admin"))
    assert (no.value.code, no.value.status) == ("UNAUTHENTICATED", 401)


@pytest.mark.parametrize(
    ("verified", "actor"), [("true", "ada@example.com"), (True, "ada@example.com"), ("false", "1f2e")]
)
def test_a_person_is_named_by_the_address_that_cognito_has_verified(verified: object, actor: str) -> None:
    claims = {"cognito:username": "1f2e", "email": "ada@example.com", "email_verified": verified}
    event = {"requestContext": {"authorizer": {"claims": claims}}}
    assert http_caller(event, "key", Access()).actor == actor


def test_what_a_direct_caller_says_of_itself_gives_it_nothing() -> None:
    mild, bold = (direct_caller({"invokedBy": name}, "key") for name in ("viewer", "admin"))
    assert mild.roles == bold.roles == {*RIGHTS}


def test_each_role_holds_its_rights_and_no_others() -> None:
    held = {role: {right for right in ("view", "operate", "audit") if may([role], right)} for role in RIGHTS}  # type: ignore[arg-type]
    assert held == {
        "viewer": {"view"},
        "auditor": {"view", "audit"},
        "operator": {"view", "operate"},
        "admin": {"view", "operate", "audit"},
    }
    assert not may([], "view")


def test_an_admin_sees_everything() -> None:
    assert redacted(ANSWER, ["viewer", "admin"]) == ANSWER


@pytest.mark.parametrize("role", ["operator", "auditor", "viewer", None])
def test_whoever_is_no_admin_sees_no_words_of_awss_and_a_viewer_no_addresses(role: Any) -> None:  # noqa: ANN401  a role
    seen = redacted(ANSWER, [role] if role else [])
    assert seen["serverConfigs"]["s-1"]["errors"] == [{"code": "AccessDenied", "message": LEFT_OUT}, {"code": "B"}]
    assert seen["refusal"] == {"code": "ConflictException", "message": LEFT_OUT}
    assert seen["details"]["aws"]["message"] == LEFT_OUT
    assert seen["blocks"] == ANSWER["blocks"], "these words are ours"
    hidden = role not in {"operator", "auditor"}
    assert seen["serverStatuses"]["s-1"] == {"privateIp": None if hidden else "10.0.0.7", "instanceId": "i-1"}
    assert seen["launchConfig"]["staticPrivateIp"] == (None if hidden else "10.0.0.8")
