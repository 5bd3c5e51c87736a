"""Examples of what is sent and answered, as people meet them first: an ERP system of two servers, and its drill."""

from typing import Any

Json = dict[str, Any]
WEB, DATABASE = "s-3c1730a9e0f8d2b41", "s-77d2c04b6a1e95f38"
GROUP, EXECUTION = "pg-8f2e61a0c93d7b54e", "drill-2026-11"
AT, UNTIL, HASH = "2026-11-29T06:30:00Z", "2026-11-30T06:30:00Z", f"sha256:{'5d' * 32}"
_CONFIGURATION: Json = {
    "copyPrivateIp": True,
    "copyTags": True,
    "instanceType": "m6i.xlarge",
    "targetInstanceTypeRightSizingMethod": "NONE",
    "subnetId": "subnet-0a1b2c3d4e5f60718",
    "securityGroupIds": ["sg-0a1b2c3d4e5f60718"],
    "metadataOptions": {"httpTokens": "required"},
}
_WAVES: list[Json] = [{"protectionGroupIds": [GROUP]}]
REQUESTS: dict[str, Json] = {
    "create_protection_group": {
        "groupName": "ERP",
        "sourceServerIds": [WEB],
        "servers": [{"sourceServerId": DATABASE, "launchTemplate": {"instanceType": "r6i.2xlarge"}}],
        "launchConfig": _CONFIGURATION,
        "onNotReady": "block",
    },
    "update_protection_group": {"launchConfig": {**_CONFIGURATION, "instanceType": "m6i.2xlarge"}, "version": 3},
    "add_servers_to_group": {"sourceServerIds": [WEB]},
    "apply_launch_configs": {"dryRun": True},
    "start_wave_recovery": {
        "executionId": EXECUTION,
        "waveNumber": 0,
        "protectionGroupIds": [GROUP],
        "isDrill": True,
        "onNotReady": "block",
    },
    "check_readiness": {"waves": _WAVES},
    "start_execution": {"executionId": EXECUTION, "isDrill": True, "waves": _WAVES},
    "resume_execution": {},
    "cancel_execution": {},
}
"""By operation: a body that its model takes, beside what the path says."""
_PROVED: Json = {"status": "ready", "provedAt": AT, "lastApplied": AT, "errors": []}
ANSWERS: dict[str, Json] = {
    "apply_launch_configs": {
        "groupId": GROUP,
        "status": "ready",
        "appliedServers": 2,
        "failedServers": 0,
        "errors": [],
        "pendingServers": 0,
        "reasons": [],
        "provedAt": AT,
        "freshUntil": UNTIL,
        "version": 4,
    },
    "get_launch_config_status": {
        "groupId": GROUP,
        **_PROVED,
        "appliedBy": "ada@example.com",
        "serverConfigs": {server: {**_PROVED, "configHash": HASH} for server in (WEB, DATABASE)},
        "reasons": [],
        "freshUntil": UNTIL,
        "counts": {"total": 2, "ready": 2, "pending": 0, "failed": 0, "notConfigured": 0},
        "version": 4,
        "definedIn": 1,
        "recordedAt": AT,
        "projectedAt": AT,
    },
}
"""By operation: a body that is published for 200."""
REFUSAL: Json = {
    "error": "SERVER_CONFLICT",
    "message": f"{WEB} is in another group: take it out there first",
    "retryable": False,
    "details": {"groupId": "pg-1d90b7e2c3f4a5866", "sourceServerIds": [WEB]},
}
