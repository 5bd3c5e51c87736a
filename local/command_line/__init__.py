"""The command line for people and pipelines: `python -m local.command_line COMMAND ...`.

A command goes `program` -> `arguments` (what is asked) -> `where` (whom to ask: `api` or `direct`) -> one of `groups`,
`servers`, `waves`, `executions`, `records` -> `tables` for people, or one JSON document. `codes` says what each exit
code means. What signs and what draws is imported where it is needed: a command starts at once.
"""
