"""The command line for people and pipelines: `python -m local.command_line COMMAND ...`.

A command goes `program` -> `arguments` (what is asked) -> `where` (whom to ask: `api` or `direct`) -> one of `groups`,
`waves`, `executions`, `records` -> `tables` for people, or one JSON document. `codes` says what each exit code means.
"""

from local.command_line.program import main

__all__ = ["main"]
