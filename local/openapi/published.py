"""Which answer each operation gives, by status."""

from pydantic import BaseModel

from local.openapi import answers as a
from local.openapi import plan_answers as p
from local.openapi import record_answers as r
from local.openapi import wave_answers as w

Answers = dict[int, tuple[type[BaseModel], ...]]
CHANGED: Answers = {200: (a.CommandAnswer, a.DeletedAnswer), 202: (a.CommandAnswer,)}
"""Of a key that is used again after the group was deleted, that it is."""
ANSWERS: dict[str, Answers] = {
    "create_protection_group": {
        200: (a.CommandAnswer, a.DeletedAnswer),
        201: (a.CommandAnswer, a.DeletedAnswer),
        202: (a.CommandAnswer,),
    },
    "update_protection_group": CHANGED,
    "delete_protection_group": {200: (a.DeletedAnswer,)},
    "add_servers_to_group": CHANGED,
    "remove_servers_from_group": CHANGED,
    "apply_launch_configs": {200: (a.ApplyAnswer, p.DryRunAnswer, a.DeletedAnswer), 202: (a.ApplyAnswer,)},
    "resolve_protection_group": {200: (p.ResolveAnswer,)},
    "start_wave_recovery": {200: (w.WaveStarted,)},
    "check_readiness": {200: (w.Readiness,)},
    "start_execution": {200: (w.Execution,), 202: (w.Execution,)},
    "resume_execution": {200: (w.Execution,)},
    "cancel_execution": {200: (w.Execution,)},
    "list_protection_groups": {200: (a.GroupList,)},
    "get_protection_group": {200: (a.GroupAnswer,)},
    "get_launch_config_status": {200: (a.StatusAnswer,)},
    "get_server_launch_config": {200: (a.ServerAnswer,)},
    "get_wave": {200: (w.WaveProgress,)},
    "get_execution": {200: (w.Execution,)},
    "get_history": {200: (r.History,)},
    "get_audit_log": {200: (r.AuditLog,)},
    "verify_streams": {200: (r.Verification,)},
}
PUBLISHED: tuple[type[BaseModel], ...] = tuple(
    {model: None for statuses in ANSWERS.values() for models in statuses.values() for model in models}
)
