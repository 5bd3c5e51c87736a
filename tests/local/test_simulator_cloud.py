"""A function in the embedded cloud finds STS, IAM, DRS and EC2 at the simulator, with no endpoint in its code."""

import io
import json
import uuid
import zipfile

from local.cloud import Cloud

CODE = """
import boto3

def handler(event, context):
    keys = boto3.client("sts").assume_role(
        RoleArn=event["role"], RoleSessionName="function", ExternalId="garish-rug"
    )["Credentials"]
    theirs = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return {
        "account": theirs.client("sts").get_caller_identity()["Account"],
        "servers": len(theirs.client("drs").describe_source_servers()["items"]),
        "profiles": len(theirs.client("iam").list_instance_profiles()["InstanceProfiles"]),
        "vpcs": len(theirs.client("ec2").describe_vpcs()["Vpcs"]),
        "mine": boto3.client("sts").get_caller_identity()["Account"],
    }
"""


def test_a_function_enters_another_account_through_the_simulators_sts(cloud: Cloud) -> None:
    name, account = f"entering-{uuid.uuid4().hex[:8]}", "999988887777"
    role = cloud.simulator.add_role(account, externalId="garish-rug")
    cloud.simulator.add_servers(2, account=account)
    before = cloud.simulator.total()
    answer = cloud.client("lambda").invoke(FunctionName=function(cloud, name), Payload=json.dumps({"role": role}))
    found = json.loads(answer["Payload"].read())
    assert found == {"account": account, "servers": 2, "profiles": 0, "vpcs": 1, "mine": cloud.description["account"]}
    counts = cloud.simulator.counts(before)
    assert (counts["sts:AssumeRole"], counts["sts:GetCallerIdentity"], counts["iam:ListInstanceProfiles"]) == (1, 2, 1)


def function(cloud: Cloud, name: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = cloud.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("entering.py", CODE)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=made["Role"]["Arn"],
        Handler="entering.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )
    return name
