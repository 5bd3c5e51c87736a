"""How long each function takes to start, beside a process that only imports boto3 and makes the same clients.

python -m tests.performance.cold_start '{"rounds": 10}'

Both are fresh interpreters with the built package, its bytecode too, and nothing else, in turn. Beside them a process
that imports only what every function of ours is made of: boto3, pydantic, orjson and powertools' Logger.
"""

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
LIBRARIES = "import pydantic, orjson; pydantic.BaseModel; from aws_lambda_powertools import Logger"
_TOLD = {
    **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "us-east-1"),
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "EVENT_TABLE", "GROUP_TABLE"), "any"),
}


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Medians in milliseconds, and their ratio, by handler."""
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "function"
        package.build(task, here=True)
        return {handler: _compared(task, handler, asked["rounds"]) for handler in STARTS}


def _compared(task: Path, handler: str, rounds: int) -> dict[str, float]:
    module, _, _ = handler.rpartition(".")
    processes: dict[str, tuple[str, ...]] = {"function": (f"import {module}",), "libraries": (LIBRARIES,), "bare": ()}
    seconds: dict[str, list[float]] = {name: [] for name in processes}
    for _ in range(rounds):
        for name, lines in processes.items():
            seconds[name].append(_start(task, *lines, *STARTS[handler]))
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    return {
        "milliseconds": round(medians["function"] * 1000),
        "bareMilliseconds": round(medians["bare"] * 1000),
        "timesBare": round(medians["function"] / medians["bare"], 2),
        "librariesTimesBare": round(medians["libraries"] / medians["bare"], 2),
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
