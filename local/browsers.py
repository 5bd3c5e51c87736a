"""What ministack leaves out of an API's OpenAPI body, taken from that body: its word to browsers, and its refusals.

On AWS nothing of this is needed: there the body's mock integrations and gateway responses are read with the rest.
"""

import json
from typing import Any

Json = dict[str, Any]
_OPTIONS, _OK = "OPTIONS", "200"


def heard(apigateway: Any, api: str, stage: str, body: Json, parameters: dict[str, str]) -> None:  # noqa: ANN401  boto3
    """Let the deployed ``api`` answer browsers as its ``body`` says: preflights, and what it refuses by itself."""
    found = apigateway.get_resources(restApiId=api, limit=500)["items"]
    resources = {each["path"]: each["id"] for each in found}
    said = _filled(body, parameters)
    for path, asked in [(path, methods["options"]) for path, methods in said["paths"].items() if "options" in methods]:
        [answer] = asked["x-amazon-apigateway-integration"]["responses"].values()
        at = {"restApiId": api, "resourceId": resources[path], "httpMethod": _OPTIONS, "statusCode": _OK}
        headers = answer["responseParameters"]
        apigateway.put_method_response(**at, responseParameters=dict.fromkeys(headers, True))
        apigateway.put_integration_response(**at, responseParameters=headers)
    for kind, refused in said["x-amazon-apigateway-gateway-responses"].items():
        apigateway.put_gateway_response(restApiId=api, responseType=kind, **refused)
    apigateway.create_deployment(restApiId=api, stageName=stage)


def _filled(value: Json, parameters: dict[str, str]) -> Json:
    """The body with its ``Fn::Sub``s of parameters done; those of resources stay."""

    def done(each: Json) -> Any:  # noqa: ANN401  JSON
        text = each.get("Fn::Sub")
        if not isinstance(text, str):
            return each
        for name, said in parameters.items():
            text = text.replace("${" + name + "}", said)
        return text

    return dict(json.loads(json.dumps(value), object_hook=done))
