"""What would change, as people read it: in AWS, server by server (`plan`); in a group that tags select (`resolve`)."""

from collections.abc import Iterator

from rich.text import Text

from local.command_line.codes import Json
from local.command_line.plain import counted, printable
from local.command_line.styles import line, plain


def plan(answer: Json) -> tuple[Text, ...]:
    """Servers that stay as they are are counted, not shown."""
    shown = [each for server in answer["servers"] for each in _server(server)]
    return (*shown, *_sum(answer))


def resolve(answer: Json) -> tuple[Text, ...]:
    """Servers that an update would take in, let go, or see otherwise."""
    joining = (plain(f"  + {id_}", "green") for id_ in answer["joining"])
    leaving = (plain(f"  - {id_}", "red") for id_ in answer["leaving"])
    changed = (
        plain(f"  ~ {one['sourceServerId']} {field}: {printable(one[field]['from'])} -> {printable(one[field]['to'])}")
        for one in answer["changed"]
        for field in ("tagOverrides", "excluded")
        if one[field]["from"] != one[field]["to"]
    )
    numbers = (len(answer["joining"]), len(answer["leaving"]), len(answer["changed"]), answer["unchanged"])
    words = ("would join,", "would leave,", "would change,", "as they are")
    head = line(answer["groupId"], *(f"{n} {word}" for n, word in zip(numbers, words, strict=True)))
    return (head, *joining, *leaving, *changed)


def _server(server: Json) -> Iterator[Text]:
    if not server["changes"] and not server["errors"]:
        return
    yield line(Text(server["sourceServerId"], "bold"), counted(server["calls"], "call"))
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
    yield plain(f"{counted(answer['totalCalls'], 'call')} to AWS, {seconds}{': ' if calls else ''}{calls}")
