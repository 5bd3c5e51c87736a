"""`python -m local.command_line`."""

import sys

from local.command_line.program import main

sys.exit(main())
