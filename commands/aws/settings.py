"""Our settings in AWS's two places, the DRS launch configuration and the EC2 launch template: what differs. Pure.

Sources: DRS API Reference, UpdateLaunchConfiguration; EC2 API Reference, CreateLaunchTemplateVersion.
"""

from copy import deepcopy
from typing import Any, cast, get_type_hints

from commands.aws.lenses import LENSES, Data, Lens
from events.configuration import LaunchConfiguration

DRS_KEYS = (
    "launchDisposition",
    "copyPrivateIp",
    "copyTags",
    "licensing",
    "targetInstanceTypeRightSizingMethod",
    "postLaunchEnabled",
    "name",
    "recoveryMode",
    "launchIntoInstanceProperties",
)

UNAPPLIED = {*get_type_hints(LaunchConfiguration)} - {*DRS_KEYS} - {*LENSES}
if UNAPPLIED:
    raise AssertionError(f"accepted but never applied: {sorted(UNAPPLIED)}")


DRS_TAGS = "drsTags"
"""Not a setting: the tags by which DRS knows its own template. A server whose template lacks one does not launch."""
MANAGED, MANAGED_BY = "AWSElasticDisasterRecoveryManaged", "drs.amazonaws.com"
SERVER = "AWSElasticDisasterRecoverySourceServerID"
Difference = tuple[str, Any, Any]
"""A setting, what there is of it, and what is wanted."""


def drs_changes(wanted: LaunchConfiguration, found: Data) -> Data:
    """What UpdateLaunchConfiguration must be sent so that ``found`` becomes what is wanted; empty if it is."""
    asked: Data = {key: value for key, value in wanted.items() if key in DRS_KEYS}
    return {key: value for key, value in asked.items() if not _holds(found.get(key), value)}


def of_template(wanted: LaunchConfiguration, settings: Data) -> LaunchConfiguration:
    """What is wanted, as far as the template goes: whether DRS copies the address is its own to say where we do not."""
    return cast("LaunchConfiguration", {"copyPrivateIp": bool(settings.get("copyPrivateIp")), **wanted})


def awaits_drs(wanted: LaunchConfiguration, version: Data) -> bool:
    """Whether DRS, told to copy the private address, has not been seen to write it into the template yet.

    A version of ours made from one without it would take it away again.
    """
    return bool(wanted.get("copyPrivateIp")) and LENSES["staticPrivateIp"].get(version["LaunchTemplateData"]) is None


def template_differences(wanted: LaunchConfiguration, server_id: str, found: Data) -> tuple[str, ...]:
    """The settings in which a template's data is not what is wanted, and its tags if DRS would not know it by them."""
    asked = _of_template(wanted)
    differing = tuple(key for key, value in asked.items() if not _is(LENSES[key], found, value))
    return (*differing, *((DRS_TAGS,) if _tags_lost(server_id, found) else ()))


def template_changes(wanted: LaunchConfiguration, server_id: str, found: Data, *, everything: bool = False) -> Data:
    """The top-level keys to send with SourceVersion, each whole: EC2 overwrites them whole.

    With ``everything``, also those that are right already: a forced version says all it stands for.
    """
    settings, lost = _of_template(wanted), _tags_lost(server_id, found)
    keys = {*settings} if everything else {*template_differences(wanted, server_id, found)} - {DRS_TAGS}
    changed = deepcopy(found)
    for key in sorted(keys):
        LENSES[key].put(changed, settings[key])
    if lost:
        LENSES["tags"].put(changed, lost)
    tops = {LENSES[key].top for key in (*keys, *(("tags",) if lost else ()))}
    return {top: changed[top] for top in sorted(tops)}


def differences(
    wanted: LaunchConfiguration, server_id: str, settings: Data, template: Data
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """What an apply would change, in DRS's settings and in the template."""
    wanted_there = of_template(wanted, settings)
    drs = tuple((key, settings.get(key), value) for key, value in drs_changes(wanted, settings).items())
    asked, lost = _of_template(wanted_there), _tags_lost(server_id, template)
    keys = template_differences(wanted_there, server_id, template)
    ours = tuple((key, LENSES[key].get(template), asked[key]) for key in keys if key != DRS_TAGS)
    return drs, (*ours, *(((DRS_TAGS, None, lost),) if lost else ()))


def _tags_lost(server_id: str, template: Data) -> Data:
    """DRS's own tags of the instance that a template made by somebody else may lack, or have of another server."""
    there = {
        tag["Key"]: tag["Value"]
        for specification in template.get("TagSpecifications", [])
        if specification.get("ResourceType") == "instance"
        for tag in specification.get("Tags", [])
    }
    owned = {MANAGED: there.get(MANAGED, MANAGED_BY), SERVER: server_id}
    return {key: value for key, value in owned.items() if there.get(key) != value}


def _of_template(wanted: LaunchConfiguration) -> Data:
    """What is asked of the template.

    In a subnet of ours no address asked for is none held, lest two servers share one that has moved; unless DRS is
    to write the source's own.
    """
    asked = {key: value for key, value in wanted.items() if key in LENSES}
    if "subnetId" in asked and wanted.get("copyPrivateIp") is False:
        asked.setdefault("staticPrivateIp", None)
    return asked


def _is(lens: Lens, found: Data, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether a setting is as wanted: to the letter where keys exclude each other, else in all that is said."""
    there = lens.get(found)
    return bool(there == wanted) if lens.whole else _holds(there, wanted)


def _holds(found: Any, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether ``found`` says all that is wanted; it may say more where AWS adds its own. Devices go by name."""
    if isinstance(wanted, tuple) and isinstance(found, dict):
        wanted = {device["deviceName"]: device for device in wanted}
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)
