"""Whatever AWS refused is kept: also of an epoch that is over, and also of a second refusal that is meant for all."""

from commands.asked import Asked
from commands.outcomes import Fault, Outcome
from commands.record import outcome_facts
from events import facts as f
from events.evolve import evolve
from events.groups import Definition, Group, ServerDefinition
from tests.events.given import NOON, sid

ASKED = Asked(NOON, "ada@example.com", 3, "pg-1", "us-east-1", "123456789012")


def group(*ids: str) -> Group:
    servers = tuple(ServerDefinition(source_server_id=id_) for id_ in ids)
    room = {"group_name": "ERP", "account_id": "123456789012", "region": "us-east-1"}
    definition = Definition(**room, launch_config={"copyTags": True}, servers=servers)
    created = evolve(Group(), f.ProtectionGroupCreated(group_id="pg-1", definition=definition, version=1))
    return evolve(created, f.LaunchConfigsDue(source_server_ids=ids, reason="requested", requested_by="ada"))


def epoch(of: Group) -> int:
    return of.servers[sid(1)].epoch


def facts(of: Group, *outcomes: Outcome) -> tuple[f.GroupFact, ...]:
    return outcome_facts(of, outcomes, ASKED)


def test_what_aws_said_of_an_epoch_that_is_over_is_kept_with_its_time() -> None:
    before = group(sid(1))
    late = Fault(sid(1), epoch(before) - 1, "permanent", "AccessDeniedException", "é" * 600, NOON)
    [kept] = facts(before, late)
    assert isinstance(kept, f.ServerConfigSuperseded)
    assert (kept.outcome, kept.message, kept.at) == ("AccessDeniedException", "é" * 256, NOON)
    assert evolve(before, kept) == before


def test_each_refusal_that_is_meant_for_all_is_kept_and_no_server_is_failed_twice() -> None:
    before = group(sid(1), sid(2), sid(3))
    role = Fault(sid(1), epoch(before), "group", "ROLE_NOT_ASSUMED", "no such role", NOON)
    drs = Fault(sid(2), epoch(before), "group", "UninitializedAccountException", "initialize first", NOON)
    kept = [fact for fact in facts(before, role, drs) if isinstance(fact, f.GroupConfigFailed)]
    assert [(one.code, one.message, one.source_server_ids) for one in kept] == [
        ("UninitializedAccountException", "initialize first", (sid(2),)),
        ("ROLE_NOT_ASSUMED", "no such role", (sid(1), sid(3))),
    ]
    after = before
    for one in kept:
        after = evolve(after, one)
    assert all(server.failed for server in after.servers.values())
    assert [error.code for error in after.errors] == ["ROLE_NOT_ASSUMED"]
