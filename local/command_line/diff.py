"""A plan as people read it: per server what would change, and why it would be refused."""

from collections.abc import Iterator

from rich.text import Text

from local.command_line.codes import Json
from local.command_line.plain import line, plain, printable


def plan(answer: Json) -> tuple[Text, ...]:
    """Servers that stay as they are are counted, not shown."""
    shown = [each for server in answer["servers"] for each in _server(server)]
    return (*shown, *_sum(answer))


def _server(server: Json) -> Iterator[Text]:
    if not server["changes"] and not server["errors"]:
        return
    yield line(Text(server["sourceServerId"], "bold"), f"{server['calls']} calls")
    for error in server["errors"]:
        yield plain(f"  ! {error['code']}: {error['message']}", "red")
    for change in server["changes"]:
        yield Text("  ~ ", "yellow").append_text(
            Text.assemble(
                f"{printable(change['field'])}: ",
                (printable(change["from"]), "red"),
                " -> ",
                (printable(change["to"]), "green"),
            )
        )


def _sum(answer: Json) -> Iterator[Text]:
    changed, refused = answer["changedServers"], answer["refusedServers"]
    same = len(answer["servers"]) - changed - refused
    yield line(
        plain(f"{changed} would change,", "yellow" if changed else ""),
        plain(f"{refused} would be refused,", "red" if refused else ""),
        f"{same} as they should be",
    )
    calls = ", ".join(f"{n} {call}" for call, n in sorted(answer["calls"].items()))
    seconds = f"about {answer['expectedSeconds']:.1f} s"
    yield plain(f"{answer['totalCalls']} calls to AWS, {seconds}{': ' if calls else ''}{calls}")
