"""template.yaml on the embedded cloud: packaged, deployed, and what came of it."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local import swagger
from local.package import ROOMS
from local.processes import StartError

Client = Any  # boto3 makes its clients when asked for them
STACK = "preflight"
PARAMETERS = {
    "Transport": "any",
    "SignIn": "password",
    "FrontendOrigin": "*",
    "DefaultRole": "operator",
    "PrincipalRoles": '{"arn:aws:iam::*:root": "admin"}',
}
"""Here queues speak plain HTTP, passwords are sent, root may do everything, and whoever has no role is an operator."""
_BUCKET, _KEY, _TEMPLATE = "preflight-artifacts", "function.zip", "template.yaml"
_CODE_URI = "CodeUri: build/function"


@dataclass(frozen=True)
class Stack:
    """What was deployed: physical names by logical ones, each kind apart."""

    functions: dict[str, str]
    tables: dict[str, str]
    queues: dict[str, str]
    machines: dict[str, str]
    apis: dict[str, str]
    stage: str
    audit_key: str
    user_pool: str
    user_pool_client: str


def package(root: Path) -> bytes:
    """The rooms that a function is made of, source only: functions see the packages of the interpreter they run on."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for room in ROOMS:
            for path in sorted((root / room).rglob("*.py")):
                archive.write(path, path.relative_to(root))
        for name, text in swagger.files().items():
            archive.writestr(name, text)
    return buffer.getvalue()


def deploy(s3: Client, cloudformation: Client, template: Path, code: bytes) -> Stack:
    """Create the stack, as `aws cloudformation package` and `deploy` do.

    Raises:
        StartError: it came to nothing; the text says which resources failed, and why.
    """
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=_KEY, Body=code)
    try:
        s3.put_object(Bucket=_BUCKET, Key=_TEMPLATE, Body=_packaged(template.read_text()).encode())
        _create(cloudformation, f"https://s3.amazonaws.com/{_BUCKET}/{_TEMPLATE}")
    except (ClientError, WaiterError) as error:
        reasons = _reasons(cloudformation) if isinstance(error, WaiterError) else error
        raise StartError(f"{template.name} was not deployed: {reasons}") from error
    return _stack(cloudformation.describe_stack_resources(StackName=STACK)["StackResources"])


def api_body(cloudformation: Client, api: str) -> dict[str, Any]:
    """The OpenAPI document that SAM made of an API."""
    made = cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    return dict(made["Resources"][api]["Properties"]["Body"])


def _create(cloudformation: Client, url: str) -> None:
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    created = cloudformation.get_waiter("stack_create_complete")
    created.wait(StackName=STACK, WaiterConfig={"Delay": 0.05, "MaxAttempts": 1200})


def _packaged(text: str) -> str:
    if text.count(_CODE_URI) != 1:
        raise StartError(f"the template must say {_CODE_URI!r} once, for all functions")
    return text.replace(_CODE_URI, f"CodeUri: s3://{_BUCKET}/{_KEY}")


def _reasons(cloudformation: Client) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
    return "; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)


def _stack(resources: list[dict[str, str]]) -> Stack:
    def named(type_: str) -> dict[str, str]:
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources if each["ResourceType"] == type_
        }

    return Stack(
        functions=named("AWS::Lambda::Function"),
        tables=named("AWS::DynamoDB::Table"),
        queues=named("AWS::SQS::Queue"),
        machines=named("AWS::StepFunctions::StateMachine"),
        apis=named("AWS::ApiGateway::RestApi"),
        stage=next(iter(named("AWS::ApiGateway::Stage").values())),
        audit_key=named("AWS::ApiGateway::ApiKey")["AuditKey"],
        user_pool=named("AWS::Cognito::UserPool")["UserPool"],
        user_pool_client=named("AWS::Cognito::UserPoolClient")["UserPoolClient"],
    )
