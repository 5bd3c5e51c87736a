"""Everyone in their place, on the embedded cloud, which enforces IAM: callers of the API, and each function's role.

Whatever is tried is tried with a role's own credentials (sts:AssumeRole of the deployed role), and by somebody who may
do everything, who must succeed at all of it: so nothing is refused here for another reason than IAM.

What the emulator cannot show, and what shows it instead:
- PartiQL: it asks for dynamodb:ExecuteStatement where AWS asks for PartiQLInsert, -Update and -Delete. It does refuse,
  but for an action of its own, so that nobody is given AWS's is read from template.yaml.
- DRS and EC2 are a simulator without IAM: who may call them is read from template.yaml, too.
- A put without a condition overwrites, and no policy can forbid it. Whoever appends could; the stream tells of it
  (tests/projections/test_verify.py).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.remote import send
from tests.bench_cloud import BenchCloud as Cloud
from tests.sam import TEMPLATE, Shape, allows, broken, functions, reaches, statements

Json = dict[str, Any]
FUNCTIONS = [*functions(TEMPLATE)]
DENIED = {"AccessDeniedException", "AccessDenied"}
PROBE: Json = {"streamId": {"S": "probe#duties"}, "version": {"N": "1"}}
"""A commit of no kind that anybody reads."""
WRITES = ["event put", "event put in a transaction"]
REWRITES = [
    "event update", "event delete", "event batch put", "event batch delete", "event transact update",
    "event transact delete", "event partiql insert", "event partiql update", "event partiql delete",
    "event partiql batch", "event partiql transaction",
]  # fmt: skip
DUTIES: dict[str, set[str]] = {
    "CommandsFunction": {*WRITES, "limit update"},
    "WorkerFunction": {*WRITES, "limit update"},
    "WavesFunction": {*WRITES, "limit update"},
    "ExecutionsFunction": {*WRITES, "machine start"},
    "ProjectorFunction": {"row put", "queue send"},
    "SweepFunction": {"row put", "queue send"},
    "WatchFunction": {"queue send"},
    "VerifyFunction": set(),
    "QueriesFunction": set(),
    "SwaggerFunction": set(),
}
"""All that each function's role can do of what is tried. Nobody can do any of the `REWRITES`."""
CALLERS_OF_DRS = {"CommandsFunction", "WorkerFunction", "WavesFunction"}


@dataclass(frozen=True)
class Somebody:
    """Whoever has these credentials, at the embedded cloud."""

    cloud: Cloud
    keys: Credentials

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes its clients when asked for them
        keys, where = self.keys, self.cloud.description
        session: Any = boto3.Session(keys.access_key, keys.secret_key, keys.token, where["region"])
        return session.client(service, endpoint_url=where["endpoint"])

    def attempts(self) -> dict[str, Callable[[], object]]:
        """Everything that is tried, by name. Of rows, limits and the queue only what nobody would notice."""
        table = self.cloud.description["tables"]["EventTable"]
        rows, limits = (self.cloud.description["tables"][name] for name in ("GroupTable", "LimitTable"))
        db, machine = self.client("dynamodb"), self.cloud.description["machines"]["ExecutionMachine"]
        changed = {"UpdateExpression": "SET actor = :who", "ExpressionAttributeValues": {":who": {"S": "eve"}}}
        item, where = {**PROBE, "actor": {"S": "eve"}}, "WHERE streamId = 'probe#duties' AND version = 1"
        insert = f"INSERT INTO \"{table}\" VALUE {{'streamId': 'probe#duties', 'version': 2}}"
        update = f"UPDATE \"{table}\" SET actor = 'eve' {where}"  # noqa: S608  PartiQL of our own
        delete = f'DELETE FROM "{table}" {where}'  # noqa: S608  PartiQL of our own
        never = {"ConditionExpression": "attribute_exists(nothing)"}

        def transact(**action: Json) -> Callable[[], object]:
            return lambda: db.transact_write_items(
                TransactItems=[{verb: {"TableName": table, **said}} for verb, said in action.items()]
            )

        return {
            "event put": lambda: db.put_item(TableName=table, Item=item),
            "event put in a transaction": transact(Put={"Item": item}),
            "event update": lambda: db.update_item(TableName=table, Key=PROBE, **changed),
            "event delete": lambda: db.delete_item(TableName=table, Key=PROBE),
            "event batch put": lambda: db.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}}]}),
            "event batch delete": lambda: db.batch_write_item(
                RequestItems={table: [{"DeleteRequest": {"Key": PROBE}}]}
            ),
            "event transact update": transact(Update={"Key": PROBE, **changed}),
            "event transact delete": transact(Delete={"Key": PROBE}),
            "event partiql insert": lambda: db.execute_statement(Statement=insert),
            "event partiql update": lambda: db.execute_statement(Statement=update),
            "event partiql delete": lambda: db.execute_statement(Statement=delete),
            "event partiql batch": lambda: db.batch_execute_statement(Statements=[{"Statement": delete}]),
            "event partiql transaction": lambda: db.execute_transaction(TransactStatements=[{"Statement": delete}]),
            "row put": lambda: db.put_item(TableName=rows, Item={"groupId": {"S": "probe"}}, **never),
            "row delete": lambda: db.delete_item(TableName=rows, Key={"groupId": {"S": "probe"}}),
            "limit update": lambda: db.update_item(TableName=limits, Key={"bucket": {"S": "probe"}}, **changed),
            "queue send": lambda: self.client("sqs").send_message(
                QueueUrl=self.cloud.description["queues"]["WorkQueue"], MessageBody='{"groupId": "pg-nobody"}'
            ),
            "machine start": lambda: self.client("stepfunctions").start_execution(
                stateMachineArn=machine, name=f"probe-{uuid4().hex}", input="{}"
            ),
            "role widened": lambda: self.client("iam").put_role_policy(
                RoleName="probe", PolicyName="probe", PolicyDocument=policy("dynamodb:*")
            ),
        }

    def allowed(self) -> set[str]:
        """What of it IAM lets through, each with the probe in place."""
        return {name for name, attempt in self.attempts().items() if self._let(attempt)}

    def _let(self, attempt: Callable[[], object]) -> bool:
        """Whether it was let through; what was not has left the probe as it was."""
        db, table = self.cloud.client("dynamodb"), self.cloud.description["tables"]["EventTable"]
        there = {**PROBE, "actor": {"S": "ada"}}
        db.put_item(TableName=table, Item=there)
        try:
            attempt()
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                return True
            assert db.get_item(TableName=table, Key=PROBE, ConsistentRead=True)["Item"] == there
            return False
        return True


def policy(*actions: str, resource: str = "*") -> str:
    allow = {"Effect": "Allow", "Action": [*actions], "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def minted(cloud: Cloud, document: str | None) -> Somebody:
    """A new IAM user with one policy, or none."""
    iam, name = cloud.client("iam"), f"user-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    if document:
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Somebody(cloud, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))


def acting_as(cloud: Cloud, function: str) -> Somebody:
    """The very role that the deployed function has."""
    name = cloud.description["functions"][function]
    arn = cloud.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    key = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="duties")["Credentials"]
    return Somebody(cloud, Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]))


@pytest.fixture(autouse=True)
def no_traces(cloud: Cloud) -> Iterator[None]:
    yield
    tables = cloud.description["tables"]
    for version in "12":
        cloud.client("dynamodb").delete_item(TableName=tables["EventTable"], Key={**PROBE, "version": {"N": version}})
    cloud.client("dynamodb").delete_item(TableName=tables["LimitTable"], Key={"bucket": {"S": "probe"}})


def body(cloud: Cloud, name: str) -> Json:
    return {"groupName": name, "sourceServerIds": cloud.take_servers(1), "launchConfig": {"copyTags": True}}


def test_the_whole_journey_takes_no_more_than_the_right_to_invoke_the_api(cloud: Cloud) -> None:
    ada = minted(cloud, policy("execute-api:Invoke"))

    def ask(method: str, path: str, said: Json | None = None) -> tuple[int, Json]:
        return cloud.request(method, path, said, credentials=ada.keys)

    code, group = ask("POST", "/protection-groups", body(cloud, "Ada's journey"))
    assert (code, group["status"]) == (201, "ready")
    id_ = group["groupId"]
    cloud.until(lambda: ask("GET", f"/protection-groups/{id_}/launch-config-status")[0] == 200 or None)
    code, readiness = ask("POST", "/readiness", {"waves": [{"protectionGroupIds": [id_]}]})
    assert (code, readiness["go"]) == (200, True), readiness
    wave = {"executionId": "adas-journey", "waveNumber": 0, "protectionGroupIds": [id_], "isDrill": True}
    code, started = ask("POST", "/waves", wave)
    assert (code, started["decision"]) == (200, "started"), started
    code, progress = ask("GET", "/waves/adas-journey/0")
    assert (code, progress["jobIds"]) == (200, started["jobIds"])
    assert ada.allowed() == set(), "and the API is her only way in"


def test_whoever_may_only_ask_cannot_command(cloud: Cloud) -> None:
    asker = minted(cloud, policy("execute-api:Invoke", resource="arn:aws:execute-api:*:*:*/*/GET/*"))
    assert cloud.request("GET", "/protection-groups", credentials=asker.keys)[0] == 200
    before = cloud.streams()
    said = {"groupName": "Not by an asker", "sourceServerIds": [f"s-{7:017x}"]}
    assert cloud.request("POST", "/protection-groups", said, credentials=asker.keys)[0] == 403
    assert cloud.streams() == before


def test_a_bad_signature_an_unknown_key_and_a_user_without_the_right_write_nothing(cloud: Cloud) -> None:
    """The same request by somebody who may is accepted, last."""
    ada, nobody = (minted(cloud, document) for document in (policy("execute-api:Invoke"), None))
    unknown, forged = Credentials("AKIA0000000000000000", "x" * 40), Credentials(ada.keys.access_key, "x" * 40)
    said, before = body(cloud, "By whom"), cloud.streams()
    for keys in (forged, unknown, nobody.keys):
        assert cloud.request("POST", "/protection-groups", said, credentials=keys)[0] == 403, keys.access_key
    assert send("POST", cloud.description["api"] + "/protection-groups", said)[0] == 403, "unsigned"
    assert cloud.streams() == before
    assert cloud.request("POST", "/protection-groups", said, credentials=ada.keys)[0] == 201


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_does_its_duty_and_nothing_else(cloud: Cloud, function: str) -> None:
    assert acting_as(cloud, function).allowed() == DUTIES[function]


def test_somebody_who_may_do_everything_succeeds_at_all_that_is_tried(cloud: Cloud) -> None:
    anybody = minted(cloud, policy("dynamodb:*", "sqs:*", "states:*", "iam:*"))
    assert anybody.allowed() == {*anybody.attempts()} > {*REWRITES, *WRITES}


def check_nobody_rewrites_by_the_names_that_aws_has_for_it(template: Shape) -> None:
    for name in functions(template):
        for action in ("PartiQLInsert", "PartiQLUpdate", "PartiQLDelete", "BatchWriteItem", "DeleteItem"):
            assert not [each for each in statements(template, name) if allows(each, f"dynamodb:{action}")], name
        updates = [each for each in statements(template, name) if allows(each, "dynamodb:UpdateItem")]
        assert not [each for each in updates if reaches(each, "EventTable") or reaches(each, "GroupTable")], name


def check_only_who_applies_and_recovers_calls_drs(template: Shape) -> None:
    for name in functions(template):
        asked = json.dumps([each["Action"] for each in statements(template, name)])
        assert (name in CALLERS_OF_DRS) == ("drs:" in asked), name
        assert (name == "WavesFunction") == ("drs:StartRecovery" in asked), name


@pytest.mark.parametrize(
    ("check", "action"),
    [
        (check_nobody_rewrites_by_the_names_that_aws_has_for_it, "dynamodb:PartiQLUpdate"),
        (check_nobody_rewrites_by_the_names_that_aws_has_for_it, "dynamodb:Batch*"),
        (check_only_who_applies_and_recovers_calls_drs, "drs:StartRecovery"),
        (check_only_who_applies_and_recovers_calls_drs, "drs:DescribeJobs"),
    ],
)
def test_what_the_emulator_does_not_decide_the_template_does(check: Callable[[Shape], None], action: str) -> None:
    """And the executions function that could do one thing more is noticed."""
    check(TEMPLATE)
    wider = broken("Resources.ExecutionsRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", action)
    with pytest.raises(AssertionError):
        check(wider)
