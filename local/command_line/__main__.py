"""`python -m local.command_line`."""

import io
import sys

from local.command_line.codes import INTERRUPTED

try:
    from local.command_line.program import main

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where a terminal lacks a letter
    code = main()
except KeyboardInterrupt:
    code = INTERRUPTED
sys.exit(code)
