"""What an apply would do, without doing it: the differences field by field, the calls they take, and how long.

The same reads, the same judgement and the same comparison as the apply; only the writes are left out.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor

from commands.aws.calls import Data
from commands.aws.failures import FailedError, OutOfTimeError
from commands.aws.preflight import refusals
from commands.aws.round import Round, template_of
from commands.aws.settings import differences, of_template, template_changes
from commands.outcomes import Ask, Call, Change, Plan, ServerPlan

FIRST_READS = (("drs", "GetLaunchConfiguration"), ("ec2", "DescribeLaunchTemplateVersions"))
TEMPLATE_WRITES = (("ec2", "CreateLaunchTemplateVersion"), ("ec2", "ModifyLaunchTemplate"))


def plan(round_: Round, pool: Executor, asks: Sequence[Ask]) -> Plan:
    """Reads every server, side by side in ``pool``."""
    servers = tuple(pool.map(lambda ask: _planned(round_, ask), asks))
    calls = Counter(call for server in servers for call in server.calls)
    longest = max((len(server.calls) for server in servers), default=0)
    limits = round_.calls.limiter.seconds(calls)
    return Plan(
        servers,
        {f"{service}:{operation}": number for (service, operation), number in sorted(calls.items())},
        round(limits + longest * round_.calls.typical(), 1),
    )


def _planned(round_: Round, ask: Ask) -> ServerPlan:
    try:
        return _read(round_, ask, lately_written=round_.settle(ask))
    except OutOfTimeError:
        return ServerPlan(ask.server_id, errors=(("OUT_OF_TIME", "there was no time to read it: ask again"),))
    except FailedError as failed:
        return ServerPlan(ask.server_id, errors=((failed.code, failed.message),))


def _read(round_: Round, ask: Ask, *, lately_written: bool) -> ServerPlan:
    found = round_.call("drs", "GetLaunchConfiguration", {"sourceServerID": ask.server_id})
    template_id = template_of(found)
    seen = None if lately_written else round_.snapshot(template_id)
    version = seen or round_.templates.default(template_id)
    template: Data = version["LaunchTemplateData"]
    in_drs, in_template = differences(ask.configuration, ask.server_id, found, template)
    refused = tuple((one.code, str(one)) for one in refusals(ask, round_.survey, template))
    changes = tuple(Change(key, was, wanted) for key, was, wanted in (*in_drs, *in_template))
    if refused:
        return ServerPlan(ask.server_id, changes, refused, FIRST_READS[:1])
    anyway = ask.force and bool(
        template_changes(of_template(ask.configuration, found), ask.server_id, template, everything=True)
    )
    return ServerPlan(ask.server_id, changes, (), _calls(drs=bool(in_drs), template=bool(in_template) or anyway))


def _calls(*, drs: bool, template: bool) -> tuple[Call, ...]:
    """What it takes: reads, the writes that are needed, and the read-back."""
    update = (("drs", "UpdateLaunchConfiguration"),) if drs else ()
    write = (*TEMPLATE_WRITES, FIRST_READS[1]) if template else ()
    return (*FIRST_READS, *update, *write)
