"""What a question about a ready group of 100 and an apply of it cost: their calls, and our time beyond the bare call.

python -m tests.performance.requests_once '{"times": 200}'

The handlers are called in this process, with API Gateway's own events, on the embedded cloud. After each one the call
that it made is sent bare, by a client that neither packs nor unpacks anything. What is beyond that is our own code.
"""

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import orjson

from tests.bench_cloud import BenchCloud
from tests.performance.parts import SETTINGS
from tests.performance.wave_start import recorded, timed

SERVERS, WARM = 100, 10
TARGET = 3.0
"""Milliseconds beyond the bare call."""
Handler = Callable[[Any, Any], Any]


@dataclass
class Context:
    """What Lambda says about the function."""

    invoked_function_arn: str
    aws_request_id: str = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """As if it had just begun."""
        return 29_000


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """By request: the operations it sent, its median, the bare call's, and the median of what is between."""
    with BenchCloud(servers=SERVERS) as cloud, cloud.environment():
        body = {"groupName": "Bench", "sourceServerIds": cloud.simulator.server_ids(), "launchConfig": SETTINGS}
        _, created = cloud.request("POST", "/protection-groups", body)
        path, tables, dynamodb = f"/protection-groups/{created['groupId']}", cloud.description["tables"], _dynamodb()
        status = f"{path}/launch-config-status"
        cloud.until(lambda: cloud.request("GET", status)[1].get("status") == "ready" or None)
        row = {"TableName": tables["GroupTable"], "Key": {"groupId": {"S": created["groupId"]}}}
        arn = f"arn:aws:lambda:us-east-1:{cloud.description['account']}:function:bench"
        from commands.app import handler as command  # noqa: PLC0415  they read the environment
        from queries.app import handler as question  # noqa: PLC0415

        return {
            "status": _seen(question, _event("GET", status), arn, asked["times"], lambda _: dynamodb.get_item(**row)),
            "apply": _seen(
                command,
                _event("POST", f"{path}/apply-launch-configs"),
                arn,
                asked["times"],
                lambda arguments: dynamodb.query(**arguments),
            ),
        }


def _dynamodb() -> Any:  # noqa: ANN401  a boto3 client
    return boto3.client("dynamodb")


def _seen(handler: Handler, event: dict[str, Any], arn: str, times: int, bare: Callable[[Any], Any]) -> dict[str, Any]:
    with recorded() as calls:
        answer = handler(event, Context(arn))
    assert answer["statusCode"] == 200, answer
    first = calls[0][2]
    pairs = [(timed(lambda: handler(event, Context(arn))), timed(lambda: bare(first))) for _ in range(times + WARM)]

    def median(values: list[float]) -> float:
        return round(statistics.median(values[WARM:]) * 1000, 2)

    return {
        "calls": [operation for _, operation, _ in calls],
        "milliseconds": median([ours for ours, _ in pairs]),
        "bareMilliseconds": median([alone for _, alone in pairs]),
        "beyondMilliseconds": median([ours - alone for ours, alone in pairs]),
    }


def _event(method: str, path: str) -> dict[str, Any]:
    identity = {"sourceIp": "192.0.2.7", "userArn": "arn:aws:iam::123456789012:root"}
    return {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "queryStringParameters": None,
        "requestContext": {"requestId": "bench", "stage": "live", "identity": identity},
        "body": "{}" if method == "POST" else None,
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output
