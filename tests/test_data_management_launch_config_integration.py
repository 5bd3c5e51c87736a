"""Groups defined through the deployed service: what is applied, when, and to which servers only."""

import json
from typing import Any

from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "r5.large"}


def created(cloud: Cloud, name: str, servers: list[str], **fields: object) -> Json:
    """A group, defined through API Gateway and applied before the answer."""
    body = {"groupName": name, "sourceServerIds": servers, "launchConfig": SETTINGS, **fields}
    code, answer = cloud.request("POST", "/protection-groups", body)
    assert code == 201, answer
    return answer


def writes(cloud: Cloud, since: int) -> dict[str, int]:
    """The configuration writes AWS saw since then, by operation."""
    counts = cloud.simulator.counts(since)
    return {call: n for call, n in counts.items() if "Update" in call or "Create" in call or "Modify" in call}


def test_a_created_group_is_applied_and_read_back_before_it_is_answered(cloud: Cloud) -> None:
    servers = cloud.take_servers(3)
    since = cloud.simulator.total()

    answer = created(cloud, "Ledger", servers)

    assert answer["status"] == "ready"
    assert sorted(answer["launchConfigStatus"]["serverConfigs"]) == sorted(servers)
    assert writes(cloud, since)["ec2:CreateLaunchTemplateVersion"] == 3
    found = cloud.client("drs").get_launch_configuration(sourceServerID=servers[0])
    assert found["copyTags"] is True


def test_a_retried_create_is_the_same_group(cloud: Cloud) -> None:
    body = {"groupName": "Once", "sourceServerIds": cloud.take_servers(1), "launchConfig": SETTINGS}
    key = {"Idempotency-Key": "once-and-for-all"}

    _, first = cloud.request("POST", "/protection-groups", body, key)
    streams = cloud.streams()
    _, again = cloud.request("POST", "/protection-groups", body, key)
    code, other = cloud.request("POST", "/protection-groups", {**body, "description": "another"}, key)

    assert again["groupId"] == first["groupId"]
    assert again["version"] == first["version"]
    assert (code, other["error"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert cloud.streams() == streams


def test_an_update_applies_again_only_what_changed(cloud: Cloud) -> None:
    one, two = cloud.take_servers(2)
    group_id = created(cloud, "Selective", [one, two])["groupId"]
    since = cloud.simulator.total()
    own = {"sourceServerId": two, "launchTemplate": {"instanceType": "m5.2xlarge"}}

    code, answer = cloud.request("PUT", f"/protection-groups/{group_id}", {"servers": [{"sourceServerId": one}, own]})

    assert (code, answer["status"]) == (200, "ready")
    assert writes(cloud, since) == {"ec2:CreateLaunchTemplateVersion": 1, "ec2:ModifyLaunchTemplate": 1}
    code, shown = cloud.request("GET", f"/protection-groups/{group_id}/servers/{two}/launch-config?consistency=strong")
    assert shown["launchConfig"] == {**SETTINGS, "instanceType": "m5.2xlarge"}
    assert shown["launchConfigStatus"]["status"] == "ready"


def test_a_changed_description_touches_no_server(cloud: Cloud) -> None:
    group_id = created(cloud, "Renamed", cloud.take_servers(1))["groupId"]
    since = cloud.simulator.total()

    _, answer = cloud.request("PUT", f"/protection-groups/{group_id}", {"description": "new words"})

    assert answer["status"] == "ready"
    assert cloud.simulator.counts(since) == {}


def test_servers_added_are_applied_and_servers_removed_are_let_go(cloud: Cloud) -> None:
    first, second = cloud.take_servers(2)
    group_id = created(cloud, "Growing", [first])["groupId"]
    since = cloud.simulator.total()

    code, grown = cloud.request("POST", f"/protection-groups/{group_id}/servers", {"sourceServerIds": [second]})
    assert (code, grown["appliedServers"]) == (200, 2)
    assert writes(cloud, since)["ec2:CreateLaunchTemplateVersion"] == 1

    code, left = cloud.request("DELETE", f"/protection-groups/{group_id}/servers/{first}")
    assert (code, left["appliedServers"]) == (200, 1)
    assert list(left["launchConfigStatus"]["serverConfigs"]) == [second]
    assert created(cloud, "Taking over", [first])["status"] == "ready"


def test_a_server_of_another_group_and_a_taken_name_are_refused_and_nothing_is_written(cloud: Cloud) -> None:
    mine, free = cloud.take_servers(2)
    holder = created(cloud, "Holder", [mine])["groupId"]
    before = cloud.streams()

    code, conflict = cloud.request("POST", "/protection-groups", {"groupName": "Thief", "sourceServerIds": [mine]})
    assert (code, conflict["error"]) == (409, "SERVER_CONFLICT")
    assert conflict["details"] == {"field": "servers", "sourceServerIds": [mine], "groupId": holder}

    code, taken = cloud.request("POST", "/protection-groups", {"groupName": "hOLDER", "sourceServerIds": [free]})
    assert (code, taken["error"], taken["details"]["field"]) == (409, "PG_NAME_EXISTS", "groupName")
    assert cloud.streams() == before


def test_a_stale_version_is_refused_but_outcomes_do_not_make_a_version_stale(cloud: Cloud) -> None:
    answer = created(cloud, "Versioned", cloud.take_servers(1))
    path = f"/protection-groups/{answer['groupId']}"

    code, _ = cloud.request("PUT", path, {"description": "as first defined", "version": 1})
    assert code == 200
    code, stale = cloud.request("PUT", path, {"description": "too late", "version": 1})
    assert (code, stale["error"]) == (409, "VERSION_CONFLICT")
    assert stale["details"]["expectedVersion"] == 1


def test_a_deleted_group_is_gone_and_gives_its_name_and_servers_back(cloud: Cloud) -> None:
    servers = cloud.take_servers(1)
    group_id = created(cloud, "Short-lived", servers)["groupId"]

    code, answer = cloud.request("DELETE", f"/protection-groups/{group_id}")
    assert (code, answer["deleted"]) == (200, True)

    code, _ = cloud.request("GET", f"/protection-groups/{group_id}?consistency=strong")
    assert code == 404
    assert created(cloud, "Short-lived", servers)["groupId"] != group_id


def test_the_list_shows_each_group_with_its_word_and_counts(cloud: Cloud) -> None:
    group_id = created(cloud, "Listed", cloud.take_servers(2))["groupId"]

    line = cloud.until(
        lambda: next((g for g in _all(cloud) if g["groupId"] == group_id and g["status"] == "ready"), None)
    )

    assert line["groupName"] == "Listed"
    assert line["counts"] == {"total": 2, "ready": 2, "pending": 0, "failed": 0, "notConfigured": 0}


def _all(cloud: Cloud) -> list[Json]:
    """Every group of the list, by pages of two."""
    groups: list[Json] = []
    more = "?limit=2"
    while True:
        _, page = cloud.request("GET", f"/protection-groups{more}")
        groups += page["groups"]
        if not page["nextToken"]:
            return groups
        more = f"?limit=2&nextToken={page['nextToken']}"


def test_an_update_that_says_what_is_so_already_is_no_news(cloud: Cloud) -> None:
    servers = cloud.take_servers(3)
    answer = created(cloud, "Said twice", servers)
    body = {"sourceServerIds": servers[::-1], "launchConfig": SETTINGS, "groupName": "Said twice"}
    before = cloud.streams()

    code, again = cloud.request("PUT", f"/protection-groups/{answer['groupId']}", body)

    assert (code, again["version"]) == (200, answer["version"])
    assert cloud.streams() == before


def test_a_group_selected_by_tags_gets_its_layers_and_what_is_shown_may_be_sent_back(cloud: Cloud) -> None:
    web, plain = cloud.take_servers(2)
    _tag(cloud, web, {"Pond": "Otter's", "Role": "web"})
    _tag(cloud, plain, {"Pond": "Otter's"})
    override = {"key": "Role", "value": "web", "launchConfig": {"instanceType": "m5.4xlarge"}}
    own = {"sourceServerId": plain, "launchTemplate": {"copyTags": False}}
    body = {
        "groupName": "Otter pond",
        "launchConfig": SETTINGS,
        "serverSelectionTags": {"Pond": "Otter's"},
        "servers": [own],
        "tagOverrides": [override],
        "exclusions": [{"sourceServerId": plain, "excludeNetworkConfiguration": True}],
    }

    code, answer = cloud.request("POST", "/protection-groups", body)
    assert (code, answer["status"], answer["appliedServers"]) == (201, "ready", 2)

    path = f"/protection-groups/{answer['groupId']}"
    _, shown = cloud.request("GET", f"{path}?consistency=strong")
    assert {key: shown[key] for key in body} == body, "as it was said"
    assert shown["resolved"] == {
        web: {"tagOverrides": ["Role=web"], "excluded": None},
        plain: {"tagOverrides": [], "excluded": "network"},
    }
    _, one = cloud.request("GET", f"{path}/servers/{web}/launch-config?consistency=strong")
    assert (one["launchConfig"]["instanceType"], one["tagOverrides"]) == ("m5.4xlarge", ["Role=web"])

    code, again = cloud.request("PUT", path, shown)
    assert (code, again["version"]) == (200, answer["version"]), again

    _tag(cloud, web, {"Pond": "Otter's", "Role": "db"})
    code, asked = cloud.request("GET", f"{path}/resolve")
    change = {"from": ["Role=web"], "to": []}
    assert (code, asked["joining"], asked["leaving"], asked["unchanged"]) == (200, [], [], 1)
    assert [(c["sourceServerId"], c["tagOverrides"]) for c in asked["changed"]] == [(web, change)]


def _tag(cloud: Cloud, server_id: str, tags: dict[str, str]) -> None:
    """As if by whoever looks after DRS's source servers."""
    cloud.simulator.control("POST", f"servers/{server_id}", {"tags": tags})


def test_a_retried_create_of_a_role_is_the_same_group_whatever_its_session_is_called_by_now(cloud: Cloud) -> None:
    """Sessions of containers and pipelines are named anew at every start."""
    body = {"groupName": "Restarted", "sourceServerIds": cloud.take_servers(1), "launchConfig": SETTINGS}
    answers = []
    for session in ("task-1111", "task-2222"):
        role = f"arn:aws:sts::123456789012:assumed-role/Pipeline/{session}"
        event = {"httpMethod": "POST", "path": "/protection-groups", "headers": {"Idempotency-Key": "restarted"}}
        identity = {"identity": {"userArn": role}}
        answer = cloud.invoke("CommandsFunction", {**event, "body": json.dumps(body), "requestContext": identity})
        answers.append(json.loads(answer["body"]))
    assert answers[0]["groupId"] == answers[1]["groupId"]
    assert cloud.invoke("CommandsFunction", {"operation": "apply_launch_configs", "groupId": answers[0]["groupId"]})
