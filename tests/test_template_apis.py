"""The APIs of template.yaml: the routes of the code and no other, two kinds of callers, and who these are.

Every check is a function of the template; `BREAKS` shows for each what it would notice.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from events.roles import RIGHTS
from tests.sam import TEMPLATE, Shape, broken, of_type, translated
from tests.ways import OPERATIONS

APIS = {"Api": "sigv4", "FrontendApi": "cognito_user_pools"}


def check_the_api_asks_who(template: Shape) -> None:
    api = template["Resources"]["Api"]["Properties"]
    assert api["Auth"] == {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}
    assert api["AccessLogSetting"]["DestinationArn"]
    json.loads(api["AccessLogSetting"]["Format"])
    frontend = template["Resources"]["FrontendApi"]["Properties"]
    assert frontend["Auth"]["Authorizers"] == {"People": {"UserPoolArn": {"Fn::GetAtt": "UserPool.Arn"}}}
    assert frontend["AccessLogSetting"]["DestinationArn"]
    json.loads(frontend["AccessLogSetting"]["Format"])


def check_every_route_is_throttled_and_what_reads_everything_is_planned(template: Shape) -> None:
    settings = template["Globals"]["Api"]["MethodSettings"]
    assert len(settings) == 1
    every = settings[0]
    assert (every["ResourcePath"], every["HttpMethod"]) == ("/*", "*")
    assert 0 < every["ThrottlingRateLimit"] <= every["ThrottlingBurstLimit"]
    made = translated(template)["Resources"]
    plan, link = made["AuditPlan"]["Properties"], made["AuditPlanKey"]["Properties"]
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}]
    assert 0 < plan["Throttle"]["RateLimit"] < every["ThrottlingRateLimit"]
    assert (link["UsagePlanId"], link["KeyId"]) == ({"Ref": "AuditPlan"}, {"Ref": "AuditKey"})
    keyed = {
        (api, *route)
        for api in APIS
        for route, (_, security) in called(made[api]).items()
        if any("api_key" in each for each in security)
    }
    assert keyed == {("Api", "GET", "/audit-log"), ("Api", "GET", "/verify")}, "no recovery waits for a key"


def check_what_an_api_refuses_by_itself_has_the_shape_of_our_errors(template: Shape) -> None:
    made = translated(template)["Resources"]
    for api in APIS:
        refusals = made[api]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
        assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "THROTTLED", "INVALID_API_KEY"} < {*refusals}
        for refused in refusals.values():
            said = refused["responseTemplates"]["application/json"]
            body = json.loads(said.replace("$context.error.messageString", '""'))
            assert {*body} == {"error", "message", "retryable"}


def offered() -> dict[tuple[str, str], str]:
    """Method and path of every route that the code has, and the function that answers it."""
    return {
        (method, path): function
        for function, operation in OPERATIONS.values()
        for method, _, path in (route.partition(" ") for route in operation.routes)
    }


def called(api: Shape) -> dict[tuple[str, str], tuple[str, list[Shape]]]:
    """Method and path of every route of a translated API: the function behind it, and what it asks of callers."""
    return {
        (method.upper(), path): (uri["Fn::Sub"].partition("functions/${")[2].partition(".Arn")[0], asked["security"])
        for path, methods in api["Properties"]["Body"]["paths"].items()
        for method, asked in methods.items()
        if (uri := asked["x-amazon-apigateway-integration"].get("uri"))
    }


def check_both_apis_have_the_routes_of_the_code(template: Shape) -> None:
    made = translated(template)["Resources"]
    for name, kind in APIS.items():
        schemes = made[name]["Properties"]["Body"]["components"]["securitySchemes"]
        found = called(made[name])
        page = found.pop(("GET", "/swagger"), None)
        assert page == (("SwaggerFunction", [{"NONE": []}]) if name == "FrontendApi" else None), "for everybody"
        assert {route: function for route, (function, _) in found.items()} == offered(), name
        for route, (_, security) in found.items():
            [scheme] = [scheme for each in security for scheme in each if scheme != "api_key"]
            assert kind in schemes[scheme]["x-amazon-apigateway-authtype"].lower(), (name, route)


def check_both_apis_may_invoke_what_they_call(template: Shape) -> None:
    permissions = of_type(translated(template), "AWS::Lambda::Permission").values()
    granted = set()
    for permission in permissions:
        if permission["Properties"]["Principal"] == "apigateway.amazonaws.com":
            pattern, names = permission["Properties"]["SourceArn"]["Fn::Sub"]
            _, _, route = pattern.partition("/${__Stage__}/")
            granted.add((names["__ApiId__"]["Ref"], route, permission["Properties"]["FunctionName"]["Ref"]))
    generic = re.compile(r"\{[^}]+\}")
    assert granted == {("FrontendApi", "GET/swagger", "SwaggerFunction")} | {
        (api, method + generic.sub("*", path), function)
        for api in APIS
        for (method, path), function in offered().items()
    }


def check_a_browser_may_call_the_frontends_api_from_one_website(template: Shape) -> None:
    body = translated(template)["Resources"]["FrontendApi"]["Properties"]["Body"]
    origin = {"Fn::Sub": "'${FrontendOrigin}'"}
    for path, methods in body["paths"].items():
        asked = methods["options"]
        assert "security" not in asked, "a browser asks first, and has no token to show then"
        [answer] = asked["x-amazon-apigateway-integration"]["responses"].values()
        headers = {name.rpartition(".")[2]: value for name, value in answer["responseParameters"].items()}
        assert headers["Access-Control-Allow-Origin"] == origin
        assert {*headers["Access-Control-Allow-Methods"].strip("'").split(",")} == {m.upper() for m in methods}, path
        assert {"Authorization", "Idempotency-Key"} < {*headers["Access-Control-Allow-Headers"].strip("'").split(",")}
    for refused in body["x-amazon-apigateway-gateway-responses"].values():
        assert refused["responseParameters"] == {"gatewayresponse.header.Access-Control-Allow-Origin": origin}


def check_people_sign_in_with_a_password_that_is_never_sent(template: Shape) -> None:
    pool = template["Resources"]["UserPool"]
    assert pool["DeletionPolicy"] == pool["UpdateReplacePolicy"] == "Retain"
    properties = pool["Properties"]
    assert properties["DeletionProtection"] == "ACTIVE"
    assert properties["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert properties["UsernameAttributes"] == ["email"]
    assert properties["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    assert (properties["MfaConfiguration"], properties["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    rules = properties["Policies"]["PasswordPolicy"]
    assert rules["MinimumLength"] >= 14
    assert all(rules[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    client = template["Resources"]["UserPoolClient"]["Properties"]
    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    [sent] = [flow for flow in client["ExplicitAuthFlows"] if isinstance(flow, dict)]
    assert sent["Fn::If"][0] == "PasswordIsSent"
    assert {*client["ExplicitAuthFlows"][:2]} == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert template["Parameters"]["SignIn"]["Default"] == "srp"
    groups = of_type(template, "AWS::Cognito::UserPoolGroup").values()
    assert {group["Properties"]["GroupName"] for group in groups} == {*RIGHTS}


CHECKS = [found for name, found in list(globals().items()) if name.startswith("check_")]
# A check, where in the template, and what it must not bear to find there.
BREAKS: list[tuple[Callable[[Shape], None], str, Any]] = [
    (check_the_api_asks_who, "Resources.Api.Properties.Auth.DefaultAuthorizer", "NONE"),
    (check_every_route_is_throttled_and_what_reads_everything_is_planned, "Globals.Api.MethodSettings", []),
    (
        check_every_route_is_throttled_and_what_reads_everything_is_planned,
        "Resources.QueriesFunction.Properties.Events.Verify.Properties.Auth",
        {},
    ),
    (
        check_every_route_is_throttled_and_what_reads_everything_is_planned,
        "Resources.QueriesFunction.Properties.Events.GetStatus.Properties",
        {
            "RestApiId": {"Ref": "Api"},
            "Method": "GET",
            "Path": "/protection-groups/{groupId}/launch-config-status",
            "Auth": {"ApiKeyRequired": True},
        },
    ),
    (
        check_what_an_api_refuses_by_itself_has_the_shape_of_our_errors,
        "Globals.Api.GatewayResponses.THROTTLED.ResponseTemplates",
        {"application/json": '{"message": "no"}'},
    ),
    (
        check_both_apis_have_the_routes_of_the_code,
        "Resources.CommandsFunction.Properties.Events.Apply.Properties.Method",
        "ANY",
    ),
    (
        check_both_apis_have_the_routes_of_the_code,
        "Resources.QueriesFunction.Properties.Events.VerifyInBrowser.Properties.Path",
        "/verified",
    ),
    (
        check_both_apis_have_the_routes_of_the_code,
        "Resources.FrontendApi.Properties.Auth",
        {"DefaultAuthorizer": "AWS_IAM"},
    ),
    (
        check_both_apis_may_invoke_what_they_call,
        "Resources.WavesFunction.Properties.Events.StartWaveInBrowser.Properties.Path",
        "/wave",
    ),
    (
        check_a_browser_may_call_the_frontends_api_from_one_website,
        "Resources.FrontendApi.Properties.Auth.AddDefaultAuthorizerToCorsPreflight",
        True,
    ),
    (
        check_a_browser_may_call_the_frontends_api_from_one_website,
        "Resources.FrontendApi.Properties.Cors.AllowOrigin",
        "'*'",
    ),
    (check_people_sign_in_with_a_password_that_is_never_sent, "Resources.UserPool.DeletionPolicy", "Delete"),
    (check_people_sign_in_with_a_password_that_is_never_sent, "Parameters.SignIn.Default", "password"),
    (
        check_people_sign_in_with_a_password_that_is_never_sent,
        "Resources.AuditorGroup.Properties.GroupName",
        "auditors",
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_template_keeps_its_promises(check: Callable[[Shape], None]) -> None:
    check(TEMPLATE)


@pytest.mark.parametrize(("check", "at", "value"), BREAKS)
def test_a_template_that_breaks_one_is_noticed(check: Callable[[Shape], None], at: str, value: object) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        check(broken(at, value))
