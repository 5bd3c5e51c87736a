"""A DynamoDB endpoint for tests: the one in PREFLIGHT_DYNAMODB_ENDPOINT, or ministack on a free port, once a run."""

import os
from functools import cache
from itertools import count
from typing import Any

import boto3
from botocore.config import Config

from events.dynamodb import AUDIT_INDEX, BORN_INDEX
from local.processes import HOST, Process, ports

CONFIG = Config(max_pool_connections=40, retries={"total_max_attempts": 2})
AUDITED = ["command", "commandId", "actor", "via", "correlationId", "causationId", "eventTypes", "events"]
PATIENCE = 30
_numbers = count(1)
_running: list[Process] = []


@cache
def endpoint() -> str:
    """Its address."""
    return os.environ.get("PREFLIGHT_DYNAMODB_ENDPOINT") or _ministack()


@cache
def client() -> Any:  # noqa: ANN401  a boto3 client
    """The client that tests share."""
    return new_client()


def new_client() -> Any:  # noqa: ANN401  a boto3 client
    return _boto3().client("dynamodb", endpoint_url=endpoint(), config=CONFIG)


def event_table() -> str:
    """A new, empty event table, as the template has it; its name."""
    return _table(
        "events",
        {"streamId": "S", "version": "N"},
        {
            BORN_INDEX: ({"born": "S", "streamId": "S"}, "KEYS_ONLY"),
            AUDIT_INDEX: ({"bucket": "S", "recordedAt": "S"}, AUDITED),
        },
    )


def group_table() -> Any:  # noqa: ANN401  a boto3 resource
    """A new, empty table of rows, as the template has it."""
    name = _table(
        "groups",
        {"groupId": "S"},
        {
            "due": ({"dueShard": "S", "nextDueAt": "S"}, "KEYS_ONLY"),
            "claimed": ({"claimShard": "S", "claimedBy": "S"}, "KEYS_ONLY"),
            "names": ({"accountRegion": "S", "groupName": "S"}, "ALL"),
        },
    )
    return _boto3().resource("dynamodb", endpoint_url=endpoint(), config=CONFIG).Table(name)


def _table(name: str, keys: dict[str, str], indexes: dict[str, tuple[dict[str, str], str | list[str]]]) -> str:
    name = f"{name}-{os.getpid()}-{next(_numbers)}"
    every = {**keys, **{key: kind for index, _ in indexes.values() for key, kind in index.items()}}
    client().create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in every.items()],
        KeySchema=_schema(keys),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": _schema(keys), "Projection": _projection(projection)}
            for index, (keys, projection) in indexes.items()
        ],
    )
    client().get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return name


def _schema(keys: dict[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


def _projection(projected: str | list[str]) -> dict[str, Any]:
    if isinstance(projected, str):
        return {"ProjectionType": projected}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": projected}


def _boto3() -> Any:  # noqa: ANN401  a boto3 session
    if "PREFLIGHT_DYNAMODB_ENDPOINT" in os.environ:
        return boto3.Session()
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106


def _ministack() -> str:
    """On a leash: it ends with this process, however that ends."""
    [port] = ports(0, count=1)
    told = {"GATEWAY_PORT": str(port), "BIND_HOST": HOST, "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    program = Process("ministack", environment={**told, "LOG_LEVEL": "WARNING"})
    _running.append(program)
    program.until_listening(port, PATIENCE)
    return f"http://{HOST}:{port}"
