"""`python -m local serve`: the embedded cloud until it is told to stop; one line of JSON says where it is."""

import json
import signal

from local.cloud import Cloud


def run(port: int, servers: int) -> int:
    """Serve until SIGTERM or Ctrl-C, also while it is still starting. Exit code 0.

    Raises:
        StartError: it cannot start.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell started us with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with Cloud(port, servers) as cloud:
            print(json.dumps(cloud.description), flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0
