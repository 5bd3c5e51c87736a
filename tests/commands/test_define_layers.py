"""Group default, tag overrides in their order, a server's own: and what exclusions keep from it."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import requests as ask
from commands.definition.selection import Draft, resolved
from commands.outcomes import SourceServer
from events.configuration import LaunchConfiguration, effective
from events.doors import parse
from events.errors import LostRace, Refused
from events.facts import ServersAdded
from events.groups import Definition, Exclusion, ServerDefinition, TagOverride
from events.memory import MemoryStore
from tests.commands.bench import calls, facts, in_aws, of, refused
from tests.events import given as g
from tests.kit import Desk

WEB = {"key": "Role", "value": "web", "launchConfig": {"keyName": "web-key", "monitoring": True}}
GOLD = {"key": "Tier", "value": "gold", "launchConfig": {"keyName": "gold-key", "disableApiStop": True}}
WATCHED = {"key": "Role", "value": "web", "launchConfig": {"monitoring": True}}
DEFAULT = {"keyName": "plain-key", "copyTags": True}
NETWORK = {
    "subnetId": "subnet-0a1b2c3d", "securityGroupIds": ["sg-0a1b2c3d"], "associatePublicIp": True,
    "copyPrivateIp": True,
}  # fmt: skip


def server(number: int, host: str = "", **tags: str) -> SourceServer:
    return SourceServer(g.sid(number), tags, host)


OTTER = server(1, "otter", Role="web", Tier="gold")
HERON = server(2, "heron", Role="web")
NEWT = server(3, "newt", role="web", Tier="Gold")


def group(*known: SourceServer, **fields: Any) -> dict[str, LaunchConfiguration]:  # noqa: ANN401  fields of a request
    """What each server gets."""
    desk = g.service(door=g.Known([*known]))
    request = {"groupName": "Ponds", "launchConfig": DEFAULT, "sourceServerIds": [one.server_id for one in known]}
    state = g.ask(desk, "pg-ponds", parse(ask.CreateProtectionGroup, request | fields)).state
    return {id_: state.wanted(id_) for id_ in state.servers}


def test_an_override_reaches_exactly_the_servers_that_carry_its_tag() -> None:
    got = group(OTTER, HERON, NEWT, tagOverrides=[WEB])
    assert got[OTTER.server_id] == got[HERON.server_id] == {**DEFAULT, **WEB["launchConfig"]}
    assert got[NEWT.server_id] == DEFAULT, "case counts, of key and value"


@pytest.mark.parametrize(
    ("precedence", "key"),
    [(["Role", "Tier"], "gold-key"), (["Tier", "Role"], "web-key"), (["Tier", "x", "Role"], "web-key")],
)
def test_the_override_whose_key_is_listed_last_wins(precedence: list[str], key: str) -> None:
    got = group(OTTER, tagOverrides=[WEB, GOLD], precedence=precedence)
    assert got[OTTER.server_id] == {**DEFAULT, "monitoring": True, "disableApiStop": True, "keyName": key}


@pytest.mark.parametrize("precedence", [[], ["Role"], ["Tier"], ["Role", "Colour"]])
def test_a_tie_is_refused_with_its_server_its_setting_and_both_overrides(precedence: list[str]) -> None:
    no = refused(lambda: group(OTTER, HERON, tagOverrides=[WEB, GOLD], precedence=precedence))
    assert (no.code, no.details["sourceServerIds"], no.details["setting"]) == (
        "TAG_OVERRIDE_TIE", [OTTER.server_id], "keyName",
    )  # fmt: skip
    assert {*no.details["tagOverrides"]} == {"Role=web", "Tier=gold"}


def test_overrides_that_agree_or_speak_of_different_things_need_no_order() -> None:
    same = {**GOLD, "launchConfig": {"keyName": "web-key", "disableApiStop": True}}
    got = group(OTTER, tagOverrides=[WEB, same])
    assert got[OTTER.server_id] == {**DEFAULT, "keyName": "web-key", "monitoring": True, "disableApiStop": True}


def test_a_null_of_an_override_unsets_and_a_servers_own_is_the_last_word() -> None:
    unset = {**WEB, "launchConfig": {"keyName": None}}
    own = [{"sourceServerId": HERON.server_id, "launchTemplate": {"keyName": "own-key", "copyTags": None}}]
    got = group(OTTER, HERON, tagOverrides=[unset], servers=own)
    assert got == {OTTER.server_id: {"copyTags": True}, HERON.server_id: {"keyName": "own-key"}}


def test_a_server_without_group_defaults_gets_no_override_either() -> None:
    own = [{"sourceServerId": OTTER.server_id, "useGroupDefaults": False, "launchTemplate": {"monitoring": False}}]
    got = group(OTTER, tagOverrides=[WEB, GOLD], servers=own)
    assert got[OTTER.server_id] == {"monitoring": False}


@pytest.mark.parametrize("hostname", ["otter", "OTTER", "Otter.pond.example", "*"])
def test_an_excluded_server_gets_its_own_settings_and_nothing_else(hostname: str) -> None:
    own = [{"sourceServerId": OTTER.server_id, "launchTemplate": {"monitoring": False}}]
    exclusions = [{"hostname": hostname, "excludeAll": True}]
    got = group(OTTER, tagOverrides=[WEB, GOLD], exclusions=exclusions, servers=own)
    assert got[OTTER.server_id] == {"monitoring": False}


@pytest.mark.parametrize("who", [{"hostname": "OTTER"}, {"sourceServerId": OTTER.server_id}], ids=["host", "id"])
def test_a_server_excluded_from_networking_gets_all_the_rest_and_copies_no_address(who: dict[str, str]) -> None:
    exclusions = [{**who, "excludeNetworkConfiguration": True}]
    got = group(OTTER, HERON, launchConfig={**DEFAULT, **NETWORK}, tagOverrides=[WEB], exclusions=exclusions)
    assert got[OTTER.server_id] == {**DEFAULT, **WEB["launchConfig"], "copyPrivateIp": False}
    assert got[HERON.server_id]["subnetId"] == "subnet-0a1b2c3d"


def test_a_server_excluded_from_networking_may_have_a_network_of_its_own() -> None:
    own = [{"sourceServerId": OTTER.server_id, "launchTemplate": {"subnetId": "subnet-0f0f0f0f"}}]
    exclusions = [{"hostname": "*", "excludeNetworkConfiguration": True}]
    got = group(OTTER, launchConfig=NETWORK, exclusions=exclusions, servers=own)
    assert got[OTTER.server_id] == {"copyPrivateIp": False, "subnetId": "subnet-0f0f0f0f"}


def test_about_what_does_not_reach_a_server_there_is_no_tie() -> None:
    here = {**WEB, "launchConfig": {"subnetId": "subnet-0a0a0a0a"}}
    there = {**GOLD, "launchConfig": {"subnetId": "subnet-0b0b0b0b"}}
    assert refused(lambda: group(OTTER, tagOverrides=[here, there])).code == "TAG_OVERRIDE_TIE"
    for kept in ({"excludeNetworkConfiguration": True}, {"excludeAll": True}):
        exclusions = [{"hostname": "otter", **kept}]
        assert "subnetId" not in group(OTTER, tagOverrides=[here, there], exclusions=exclusions)[OTTER.server_id]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"tagOverrides": [WEB, WEB]}, "DUPLICATE_TAG_OVERRIDE", "tagOverrides"),
        ({"tagOverrides": [{"key": "a=b", "value": "c"}, {"key": "a", "value": "b=c"}]}, "DUPLICATE_TAG_OVERRIDE",
         "tagOverrides"),
        ({"tagOverrides": [{"key": "n", "value": str(n)} for n in range(51)]}, "INVALID_PARAMETER", "tagOverrides"),
        ({"tagOverrides": [{**WEB, "launchConfig": {"userData": "x"}}]}, "BLOCKED_FIELDS_PRESENT",
         "tagOverrides.0.launchConfig.userData"),
        ({"tagOverrides": [{"value": "web"}]}, "MISSING_FIELD", "tagOverrides.0.key"),
        ({"tagOverrides": [{"key": "Role", "value": "web", "launchConfig": {}}]}, "INVALID_PARAMETER", "tagOverrides"),
        ({"precedence": ["Role", "Role"]}, "INVALID_PARAMETER", "precedence"),
        ({"exclusions": [{"excludeAll": True}]}, "INVALID_PARAMETER", "exclusions"),
        ({"exclusions": [{"hostname": "otter", "sourceServerId": g.sid(1)}]}, "INVALID_PARAMETER", "exclusions"),
        ({"exclusions": [{"hostname": "ot ter"}]}, "INVALID_PARAMETER", "exclusions.0.hostname"),
        ({"servers": [{"sourceServerId": g.sid(1), "tagOverrides": []}]}, "UNKNOWN_FIELDS_PRESENT",
         "servers.0.tagOverrides"),
        ({"servers": [{"sourceServerId": g.sid(1), "excluded": "all"}]}, "UNKNOWN_FIELDS_PRESENT",
         "servers.0.excluded"),
    ],
)  # fmt: skip
def test_a_layer_that_is_malformed_is_refused_by_field(fields: dict[str, Any], code: str, field: str) -> None:
    no = refused(lambda: parse(ask.CreateProtectionGroup, {"groupName": "Ponds", **fields}))
    assert (no.code, no.details["field"]) == (code, field)


# --- when AWS is read, and when not ---


def tags_of(desk: Desk, server_id: str) -> dict[str, str]:
    """The server's tags in DRS, to be changed by whoever is in the console."""
    tags: dict[str, str] = desk.simulator.server(server_id).description["tags"]
    return tags


def test_a_group_without_tags_and_host_names_reads_no_server() -> None:
    desk = g.service()  # its door is nobody's
    exclusions = [{"sourceServerId": g.sid(1), "excludeAll": True}, {"hostname": "*", "excludeAll": True}]
    fields = {"groupName": "Ponds", "sourceServerIds": [g.sid(1)], "exclusions": exclusions}
    g.ask(desk, "pg-ponds", parse(ask.CreateProtectionGroup, fields))
    g.ask(desk, "pg-ponds", parse(ask.AddServers, {"groupId": "pg-ponds", "sourceServerIds": [g.sid(2)]}))
    stream = g.ask(desk, "pg-ponds", parse(ask.UpdateProtectionGroup, {"groupId": "pg-ponds", "description": "x"}))
    assert {s.definition.excluded for s in stream.state.servers.values()} == {"all"}


class Contended(MemoryStore):
    """A store whose first appends are lost to somebody else."""

    lost = 0

    def append(self, *commits: Any) -> None:  # noqa: ANN401  commits
        if self.lost:
            self.lost -= 1
            raise LostRace(commits[0].stream_id, None)
        super().append(*commits)


def test_tags_are_read_once_a_request_even_if_the_race_is_lost_and_not_at_all_for_an_old_key() -> None:
    known, store = g.Known([OTTER, HERON]), Contended()
    desk = g.service(store, door=known)
    fields = {"groupName": "Ponds", "sourceServerIds": [OTTER.server_id], "tagOverrides": [WEB]}
    store.lost = 3
    g.ask(desk, "pg-ponds", parse(ask.CreateProtectionGroup, fields), "key-a")
    assert known.looks == 1
    g.ask(desk, "pg-ponds", parse(ask.CreateProtectionGroup, fields), "key-a")
    assert known.looks == 1, "the key was answered before"
    update = parse(ask.UpdateProtectionGroup, {"groupId": "pg-ponds", "description": "a new day"})
    store.lost = 2
    g.ask(desk, "pg-ponds", update, "key-b")
    g.ask(desk, "pg-ponds", update, "key-b")
    assert known.looks == 2


def test_of_added_servers_only_the_new_are_read_and_what_they_carry_is_stored(desk: Desk) -> None:
    first, second, _ = desk.simulator.server_ids()
    tags_of(desk, first)["Role"] = "web"
    tags_of(desk, second)["Role"] = "web"
    group_id = desk.create(sourceServerIds=[first], tagOverrides=[WATCHED])
    del tags_of(desk, first)["Role"]
    desk.ask("add_servers_to_group", groupId=group_id, sourceServerIds=[first, second])
    [added] = of(ServersAdded, facts(desk, group_id))
    assert [(s.source_server_id, s.tag_overrides) for s in added.servers] == [(second, ("Role=web",))]
    state = desk.stream(group_id).state
    assert state.servers[first].definition.tag_overrides == ("Role=web",), "not read again"
    assert desk.status(group_id)["status"] == "ready"


def test_a_wave_reads_no_tag_and_launches_what_was_resolved(desk: Desk) -> None:
    [server_id, *_] = desk.simulator.server_ids()
    tags_of(desk, server_id)["Role"] = "web"
    group_id = desk.create(sourceServerIds=[server_id], tagOverrides=[WATCHED])
    tags_of(desk, server_id)["Role"] = "db"
    since = len(desk.simulator.calls())
    assert desk.start_wave(group_id)["path"] == "fast"
    assert calls(desk.simulator, since) == ["StartRecovery"]


def test_an_update_reads_again_and_only_whom_it_changes_is_done_again(desk: Desk) -> None:
    first, second, third = desk.simulator.server_ids()
    tags_of(desk, first)["Role"] = "web"
    group_id = desk.create(tagOverrides=[WATCHED])
    tags_of(desk, second)["Role"] = "web"
    answer = desk.ask("update_protection_group", groupId=group_id, respondAsync=True)
    assert (answer["status"], answer["reasons"]) == ("pending", [{"reason": "REDEFINED", "servers": 1}])
    state = desk.stream(group_id).state
    assert {id_: s.definition.tag_overrides for id_, s in state.servers.items()} == {
        first: ("Role=web",), second: ("Role=web",), third: (),
    }  # fmt: skip
    assert state.servers[second].epoch == 2
    version = desk.stream(group_id).version
    desk.ask("update_protection_group", groupId=group_id, respondAsync=True)
    assert desk.stream(group_id).version == version, "what is so already is no news"


def test_what_overrides_come_to_is_found_in_aws(desk: Desk) -> None:
    first, second, _ = desk.simulator.server_ids()
    tags_of(desk, first)["Role"] = "web"
    typed = {**WATCHED, "launchConfig": {"instanceType": "m5.4xlarge"}}
    desk.create(sourceServerIds=[first, second], tagOverrides=[typed])
    assert in_aws(desk.simulator, first)["instanceType"] == "m5.4xlarge"
    assert in_aws(desk.simulator, second)["instanceType"] == "m5.xlarge"


# --- for any tags, overrides and exclusions ---

KEYS, VALUES, HOSTS = ["a", "b", "c"], ["1", "2"], ["otter", "heron", ""]
SERVERS = [g.sid(n) for n in range(4)]
PLAIN = g.configurations(nulls=True, without=("staticPrivateIp", "launchIntoInstanceProperties"))


def said(config: dict[str, Any]) -> LaunchConfiguration:
    return parse(ask.CreateProtectionGroup, {"groupName": "x", "launchConfig": config}).launch_config


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    tags = draw(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), unique=True, max_size=6))
    exclusion = st.builds(
        Exclusion,
        source_server_id=st.none(),
        hostname=st.sampled_from(["otter", "HERON.example", "*", "newt"]),
        exclude_all=st.booleans(),
        exclude_network_configuration=st.booleans(),
    )
    return Definition(
        group_name="Ponds",
        region=g.REGION,
        account_id=g.ACCOUNT,
        launch_config=said(draw(PLAIN)),
        servers=tuple(
            ServerDefinition(source_server_id=id_, use_group_defaults=draw(st.booleans()), launch_template=said(own))
            for id_, own in zip(SERVERS, draw(st.lists(PLAIN, min_size=4, max_size=4)), strict=True)
        ),
        tag_overrides=tuple(TagOverride(key=key, value=value, launch_config=said(draw(PLAIN))) for key, value in tags),
        precedence=tuple(draw(st.permutations(KEYS))),
        exclusions=tuple(draw(st.lists(exclusion, max_size=3))),
    )


TAGGED = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)), st.sampled_from(HOSTS)),
    min_size=4,
    max_size=4,
)


@given(definitions(), TAGGED, st.randoms(use_true_random=False))
def test_what_a_server_gets_is_each_layer_that_reaches_it_in_order(
    definition: Definition, tagged: list[tuple[dict[str, str], str]], dice: Random
) -> None:
    seen = {id_: SourceServer(id_, tags, host) for id_, (tags, host) in zip(SERVERS, tagged, strict=True)}
    found = resolved(Draft(definition), seen)
    shuffled = definition.model_copy(
        update={"tag_overrides": tuple(dice.sample(definition.tag_overrides, len(definition.tag_overrides)))}
    )
    again = resolved(Draft(shuffled), seen)
    assert resolved(Draft(found), seen) == found, "asked again, it is the same"
    for before, server in zip(definition.servers, found.servers, strict=True):
        one = seen[server.source_server_id]
        layers = [definition.launch_config]
        for key in definition.precedence:
            layers += [
                o.launch_config for o in definition.tag_overrides if o.key == key and one.tags.get(key) == o.value
            ]
        if not server.use_group_defaults or server.excluded == "all":
            layers = []
        got = found.wanted(server)
        if server.excluded is None:
            assert got == effective(*layers, before.launch_template)
        assert again.wanted(again.servers[found.servers.index(server)]) == got, "their order in the list is no order"
        assert server.launch_template == before.launch_template, "what was said stays said"


@given(definitions(), TAGGED)
def test_without_an_order_a_definition_is_refused_or_no_order_would_change_it(
    definition: Definition, tagged: list[tuple[dict[str, str], str]]
) -> None:
    seen = {id_: SourceServer(id_, tags, host) for id_, (tags, host) in zip(SERVERS, tagged, strict=True)}
    try:
        found = resolved(Draft(definition.model_copy(update={"precedence": ()})), seen)
    except Refused as no:
        assert no.code == "TAG_OVERRIDE_TIE"  # noqa: PT017  refused is one of two right answers
        return
    for order in (definition.precedence, definition.precedence[::-1]):
        other = resolved(Draft(definition.model_copy(update={"precedence": order})), seen)
        for one, two in zip(found.servers, other.servers, strict=True):
            assert found.wanted(one) == other.wanted(two)
