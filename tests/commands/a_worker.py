"""The real worker, as Lambda runs it, in a process that a test may kill: `... a_worker GROUP SECONDS`.

Its environment says where DynamoDB and AWS are; SECONDS are what it has to apply.
"""

import json
import sys
from dataclasses import dataclass

from commands.worker import app


@dataclass(frozen=True)
class Context:
    """What the handler asks of Lambda's context."""

    seconds: float
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:worker"

    def get_remaining_time_in_millis(self) -> int:
        return round(1000 * (app.SPARE.total_seconds() + self.seconds))


if __name__ == "__main__":
    message = {"messageId": "woken", "body": json.dumps({"groupId": sys.argv[1]}), "eventSource": "aws:sqs"}
    app.handler({"Records": [message]}, Context(float(sys.argv[2])))  # type: ignore[arg-type]  # of a context that much is asked
