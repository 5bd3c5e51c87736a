"""From end to end on the embedded cloud: stream, queue and worker included; what fails, and how it heals."""

from typing import Any

from tests.bench_cloud import BenchCloud as Cloud

Json = dict[str, Any]
SETTINGS = {"copyTags": True, "targetInstanceTypeRightSizingMethod": "NONE", "instanceType": "c5.large"}


def status(cloud: Cloud, group_id: str) -> Json:
    _, answer = cloud.request("GET", f"/protection-groups/{group_id}/launch-config-status")
    return answer


def defined(cloud: Cloud, name: str, servers: list[str], **fields: object) -> str:
    """A group whose definition is only recorded: applying it is left to stream, queue and worker."""
    body = {"groupName": name, "sourceServerIds": servers, "launchConfig": SETTINGS, **fields}
    code, answer = cloud.request("POST", "/protection-groups", body, {"Prefer": "respond-async"})
    assert (code, answer["status"]) == (202, "pending")
    return str(answer["groupId"])


def settled(cloud: Cloud, group_id: str, word: str) -> Json:
    """The status once the projector shows that word."""
    return cloud.until(lambda: found if (found := status(cloud, group_id)).get("status") == word else None)


def wave(cloud: Cloud, execution: str, *group_ids: str, **fields: object) -> Json:
    return cloud.invoke(
        "WavesFunction",
        {
            "operation": "start_wave_recovery",
            "executionId": execution,
            "waveNumber": 0,
            "protectionGroupIds": list(group_ids),
            "isDrill": True,
            **fields,
        },
    )


def test_a_group_goes_in_and_a_wave_starts_at_once(cloud: Cloud) -> None:
    servers = cloud.take_servers(5)
    group_id = defined(cloud, "Straight through", servers)
    ready = settled(cloud, group_id, "ready")
    assert ready["counts"]["ready"] == 5
    assert ready["projectedAt"] >= ready["recordedAt"]
    since = cloud.simulator.total()

    answer = wave(cloud, "straight", group_id)

    assert (answer["decision"], answer["path"]) == ("started", "fast")
    assert (answer["configurationCalls"], answer["eventTableReads"]) == (0, 1)
    assert cloud.simulator.counts(since) == {"drs:StartRecovery": 1}
    jobs = cloud.client("drs").describe_jobs(filters={"jobIDs": answer["jobIds"]})["items"]
    assert [job["initiatedBy"] for job in jobs] == ["START_DRILL"]
    assert sorted(s["sourceServerID"] for s in jobs[0]["participatingServers"]) == sorted(servers)


def test_a_wave_asked_for_twice_is_started_once(cloud: Cloud) -> None:
    group_id = defined(cloud, "Twice", cloud.take_servers(2))
    settled(cloud, group_id, "ready")

    first = wave(cloud, "twice", group_id)
    since = cloud.simulator.total()
    again = wave(cloud, "twice", group_id)

    assert again["jobIds"] == first["jobIds"]
    assert cloud.simulator.counts(since) == {}


def test_while_a_wave_launches_servers_stay_in_their_group(cloud: Cloud) -> None:
    group_id = defined(cloud, "Held", cloud.take_servers(1))
    settled(cloud, group_id, "ready")
    wave(cloud, "held", group_id)

    code, answer = cloud.request("DELETE", f"/protection-groups/{group_id}")

    assert (code, answer["error"], answer["retryable"]) == (409, "PG_IN_ACTIVE_EXECUTION", True)


def test_one_server_that_fails_does_not_stop_the_others_and_a_manual_apply_mends_it(cloud: Cloud) -> None:
    good, bad = cloud.take_servers(2)
    cloud.simulator.fault(operation="UpdateLaunchConfiguration", error="ValidationException", serverId=bad, times=1)
    group_id = defined(cloud, "Half", [good, bad])

    failed = settled(cloud, group_id, "failed")
    assert (failed["counts"]["ready"], failed["counts"]["failed"]) == (1, 1)
    assert failed["serverConfigs"][bad]["errors"][0]["code"] == "ValidationException"
    assert failed["reasons"] == [{"reason": "ValidationException", "servers": 1}]

    _, mended = cloud.request("POST", f"/protection-groups/{group_id}/apply-launch-configs", {})
    assert (mended["status"], mended["appliedServers"], mended["errors"]) == ("ready", 2, [])


def test_aws_away_leaves_the_group_pending_and_it_becomes_ready_by_itself(cloud: Cloud) -> None:
    server = cloud.take_servers(1)[0]
    cloud.simulator.fault(operation="GetLaunchConfiguration", error="InternalServerException", serverId=server, times=1)

    group_id = defined(cloud, "Weathered", [server])

    assert settled(cloud, group_id, "ready")["counts"]["ready"] == 1


def test_a_drill_on_a_failed_group_applies_first_and_says_so(cloud: Cloud) -> None:
    server = cloud.take_servers(1)[0]
    cloud.simulator.fault(operation="UpdateLaunchConfiguration", error="ValidationException", serverId=server, times=1)
    group_id = defined(cloud, "Repaired by the wave", [server])
    settled(cloud, group_id, "failed")

    answer = wave(cloud, "repair", group_id)

    assert (answer["decision"], answer["path"]) == ("started", "repaired")
    assert answer["configurationCalls"] > 0


def test_a_lost_doorbell_is_healed_by_the_sweep(cloud: Cloud) -> None:
    """The row is taken away behind the projector's back; no record will ever ring for it again."""
    group_id = defined(cloud, "Forgotten", cloud.take_servers(1))
    before = settled(cloud, group_id, "ready")
    table = cloud.description["tables"]["GroupTable"]
    cloud.client("dynamodb").delete_item(TableName=table, Key={"groupId": {"S": group_id}})
    assert status(cloud, group_id)["error"] == "NOT_FOUND"

    swept = cloud.invoke("SweepFunction", {})

    assert swept["moved"] >= 1
    assert status(cloud, group_id)["serverConfigs"] == before["serverConfigs"]


def test_a_wave_is_right_when_the_read_model_is_gone(cloud: Cloud) -> None:
    group_id = defined(cloud, "No mirror", cloud.take_servers(1))
    settled(cloud, group_id, "ready")
    table = cloud.description["tables"]["GroupTable"]
    cloud.client("dynamodb").delete_item(TableName=table, Key={"groupId": {"S": group_id}})

    assert wave(cloud, "no-mirror", group_id)["path"] == "fast"
