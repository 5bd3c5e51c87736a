"""Answers as people read them."""

from collections.abc import Iterator

import orjson
from rich.console import RenderableType
from rich.text import Text

from local.command_line.codes import Json
from local.command_line.commits import changes, facts, servers
from local.command_line.plain import counted
from local.command_line.styles import Shown, line, plain, table, word

MANY = 20
"""Rows shown of servers that are as they should be."""


def json(answer: Json) -> Shown:
    """As JSON that can be read, changed and sent back."""
    return (orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode(),)


def groups(answer: Json) -> Shown:
    """One row a group."""
    rows = table("GROUP", "NAME", "STATUS", "SERVERS", "READY", "PENDING", "FAILED", "PROVED AT", "REGION")
    for group in answer["groups"]:
        counts = group["counts"]
        cells = (
            counts["total"],
            counts["ready"],
            counts["pending"],
            counts["failed"],
            group["provedAt"],
            group["region"],
        )
        rows.add_row(plain(group["groupId"]), plain(group["groupName"]), word(group["status"]), *map(plain, cells))
    return (rows,)


def status(answer: Json) -> Shown:
    """The word, why, and the servers that are not ready."""
    counts = answer["counts"]
    head = line(answer["groupId"], word(answer["status"]), f"{counts['ready']} of {counts['total']} servers ready")
    proof = _proof(answer, f"version {answer['version']}")
    then = (line("as of", answer["asOf"]),) if "asOf" in answer else ()
    unready = {id_: server for id_, server in answer["serverConfigs"].items() if server["status"] != "ready"}
    shown = unready or (answer["serverConfigs"] if counts["total"] <= MANY else {})
    rows = table("SERVER", "STATUS", "WHY", "PROVED AT", "LAST APPLIED")
    for id_, server in shown.items():
        cells = (server.get("provedAt"), server["lastApplied"])
        rows.add_row(plain(id_), word(server["status"]), _why(server), *map(plain, cells))
    return (head, *then, proof, *_reasons(answer), *([rows] if shown else []))


def applied(answer: Json) -> Shown:
    """What came of a change."""
    numbers = f"{answer['appliedServers']} ready, {answer['pendingServers']} pending, {answer['failedServers']} failed"
    head = line(answer["groupId"], word(answer["status"]), numbers, "- version", answer["version"])
    errors = (
        plain(f"  ! {error.get('sourceServerId', 'group')} {error['code']}: {error.get('message', '')}", "red")
        for error in answer["errors"]
    )
    return (head, *_reasons(answer), *errors)


def deleted(answer: Json) -> Shown:
    """That it is gone."""
    return (line(answer["groupId"], plain("deleted", "bold"), "- version", answer["version"]),)


def wave(answer: Json) -> Shown:
    """The decision; and how far it is, where that was asked."""
    kind = "drill" if answer["isDrill"] else "recovery"
    name = f"wave {answer['executionId']} {answer['waveNumber']} ({kind})"
    head = line(name, word(answer.get("status", answer["decision"])), f"on the {answer['path']} path")
    calls = counted(answer["configurationCalls"], "configuration call")
    began = f"started in {answer['startMilliseconds']} ms, jobs"
    took = line(f"{counted(answer['servers'], 'server')}, {calls}, {began}", *answer["jobIds"])
    dropped = (
        plain(f"  ! dropped {one['sourceServerId']}: {one['reason']}", "red") for one in answer["droppedServers"]
    )
    return (head, took, *dropped, *_progress(answer))


def _progress(answer: Json) -> Iterator[RenderableType]:
    if refusal := answer.get("refusal"):
        yield plain(f"  ! {refusal['code']}: {refusal['message']}", "red")
    if "counts" in answer:
        yield line(*(f"{n} {name}" for name, n in answer["counts"].items() if n))
    rows = table("SERVER", "LAUNCH", "INSTANCE", "TYPE", "ADDRESS")
    for id_, server in answer.get("serverStatuses", {}).items():
        cells = ("launchStatus", "instanceId", "instanceType", "privateIp")
        rows.add_row(plain(id_), *(plain(server.get(cell)) for cell in cells))
    if rows.row_count:
        yield rows


def readiness(answer: Json) -> Shown:
    """Per wave the verdict, and what blocks it."""
    return tuple(each for one in answer["waves"] for each in _readiness(one))


def _readiness(one: Json) -> Iterator[Text]:
    size = f"{counted(one['servers'], 'server')} in {counted(one['jobs'], 'job')}"
    yield line(word(one["verdict"]), f"{size}, repair {one['repairSeconds']} s")
    yield _proof(one)
    for block in one["blocks"]:
        since = f" since {block['since']}" if block["since"] else ""
        yield plain(f"  ! {block['code']}{since}: {block['message']}", "yellow" if block["repairable"] else "red")


def execution(answer: Json) -> Shown:
    """Where it is, and each wave."""
    reason = (answer["reason"],) if answer["reason"] else ()
    head = line(f"execution {answer['executionId']}", word(answer["status"]), *reason)
    pause = answer["pausedBeforeWave"]
    paused = () if pause is None else (line(f"waits before wave {pause}: execution resume", answer["executionId"]),)
    rows = table("WAVE", "NAME", "STATUS", "LAUNCHED", "OF", "ENDED AT")
    for one in answer["waves"]:
        cells = (one.get("launched"), one.get("total"), one.get("endedAt"))
        rows.add_row(plain(one["waveNumber"]), plain(one["waveName"]), word(one["status"]), *map(plain, cells))
    refused = (
        plain(f"  ! wave {one['waveNumber']} {refusal['code']}: {refusal['message']}", "red")
        for one in answer["waves"]
        if (refusal := one.get("refusal"))
    )
    return (head, *paused, *_gate(answer), rows, *refused)


def _gate(answer: Json) -> Iterator[Text]:
    """What the readiness gate was shut by, and what to do."""
    gate = answer.get("readiness")
    if not gate or not gate["shut"]:
        return
    stuck = [wave for wave, verdict in zip(answer["waves"], gate["verdicts"], strict=True) if verdict == "no-go"]
    for wave in stuck:
        groups = " ".join(wave["protectionGroupIds"])
        yield plain(f"  ! wave {wave['waveNumber']} could not start; what blocks it: readiness {groups}", "red")
    found = ", ".join(gate["reasons"])
    yield plain(f"  the gate found {found}: mend it, then start the plan under another executionId", "yellow")


def entries(answer: Json) -> Shown:
    """A line an entry of history or audit log, and below it what a definition changed; or the sheet as it came."""
    if "csv" in answer:
        return (answer["csv"],)
    return tuple(each for one in answer["entries"] for each in _entry(one)) or ("nothing",)


def _entry(one: Json) -> Iterator[Text]:
    name, count = plain(one["command"], "bold"), servers(one)
    about = f": {facts(one)}" + (f" ({counted(count, 'server')})" if count else "")
    yield line(one["recordedAt"], one["streamId"], one["version"], name, f"by {one['actor']} ({one['via']}){about}")
    yield from (plain(f"  ~ {change}", "yellow") for change in changes(one))


def verified(answer: Json) -> Shown:
    """How many fit, and each that does not."""
    head = line(
        plain("sound", "green") if answer["ok"] else plain("not as appended", "red"),
        f"{counted(answer['streams'], 'stream')}, {counted(answer['commits'], 'commit')}",
    )
    faults = (
        plain(f"  ! {one['streamId']} after version {one['soundVersions']}: {one['why']}", "red")
        for one in answer["faults"]
    )
    return (head, *faults)


def _proof(found: Json, *more: str) -> Text:
    proved = f"proved {found['provedAt']}, fresh until {found['freshUntil']}" if found["provedAt"] else "not proved"
    return plain(", ".join((proved, *more)))


def _why(server: Json) -> Text:
    first: Json = next(iter(server["errors"]), {})
    said = [server.get("reason"), first.get("code"), first.get("message")]
    return plain(" ".join(str(one) for one in said if one))


def _reasons(answer: Json) -> Iterator[Text]:
    for one in answer["reasons"]:
        yield plain(f"  {counted(one['servers'], 'server')} {one['reason']}", "yellow")
