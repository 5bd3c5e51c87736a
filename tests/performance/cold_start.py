"""How long each function takes to start, beside a process that only imports boto3 and makes the same clients.

python -m tests.performance.cold_start '{"rounds": 10}'

Both are fresh interpreters with the built package and nothing else, in turn. As on Lambda, where /var/task cannot be
written, every start compiles the package's sources; ``{"bytecode": true}`` says what it would be without that.
"""

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from local import package

_STORE, _ROWS, _QUEUE = "boto3.client('dynamodb')", "boto3.resource('dynamodb')", "boto3.client('sqs')"
_DRS, _EC2, _MACHINE = "boto3.client('drs')", "boto3.client('ec2')", "boto3.client('stepfunctions')"
STARTS = {
    "commands.app.handler": (_STORE, _DRS, _EC2),
    "commands.worker.app.handler": (_STORE, _DRS, _EC2),
    "commands.waves.app.handler": (_STORE, _DRS),
    "commands.executions.app.handler": (_STORE, _MACHINE),
    "projections.app.project": (_STORE, _ROWS, _QUEUE),
    "projections.app.sweep": (_STORE, _ROWS, _QUEUE),
    "projections.app.watch": (_ROWS, _QUEUE),
    "projections.app.verify": (_STORE, _ROWS),
    "queries.app.handler": (_ROWS,),
}
"""By handler: the clients that its first request makes."""
TARGET = 1.4
_TOLD = {
    **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "us-east-1"),
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "EVENT_TABLE", "GROUP_TABLE"), "any"),
}


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Medians in milliseconds, and their ratio, by handler."""
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "function"
        package.build(task, here=True)
        if asked.get("bytecode"):
            compileall.compile_dir(task, quiet=2)
        return {handler: _compared(task, handler, asked["rounds"]) for handler in STARTS}


def _compared(task: Path, handler: str, rounds: int) -> dict[str, float]:
    module, _, _ = handler.rpartition(".")
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(_start(task, f"import {module}", *STARTS[handler]))
        bare.append(_start(task, *STARTS[handler]))
    function, boto3 = statistics.median(ours), statistics.median(bare)
    return {
        "milliseconds": round(function * 1000),
        "bareMilliseconds": round(boto3 * 1000),
        "timesBare": round(function / boto3, 2),
    }


def _start(task: Path, *lines: str) -> float:
    """Seconds of a whole process."""
    code = "; ".join((f"import sys; sys.path.insert(0, {str(task)!r})", "import boto3", *lines))
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], check=True, env={"PATH": os.environ["PATH"], **_TOLD}
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    print(orjson.dumps(main(orjson.loads(sys.argv[1]))).decode())  # noqa: T201  its only output
