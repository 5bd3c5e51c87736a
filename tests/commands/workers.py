"""What several workers share, for tests: a table of buckets on DynamoDB, as the template has it."""

from itertools import count
from os import getpid
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONFIG = Config(max_pool_connections=64, retries={"total_max_attempts": 2})
_numbers = count(1)


def dynamodb(endpoint: str) -> "DynamoDBClient":
    """A client of the endpoint that the fixture `ministack` names."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    return session.client("dynamodb", endpoint_url=endpoint, config=_CONFIG)


def limit_table(client: "DynamoDBClient") -> str:
    """A new, empty table of buckets; its name."""
    name = f"limits-{getpid()}-{next(_numbers)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "bucket", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "bucket", "KeyType": "HASH"}],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return name
