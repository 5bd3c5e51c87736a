"""Our settings in AWS's two places, the DRS launch configuration and the EC2 launch template: what differs. Pure.

Sources: DRS API Reference, UpdateLaunchConfiguration; EC2 API Reference, CreateLaunchTemplateVersion.
"""

from copy import deepcopy
from typing import Any, get_type_hints

from commands.aws.lenses import LENSES, Data
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


def drs_changes(wanted: LaunchConfiguration, found: Data) -> Data:
    """What UpdateLaunchConfiguration must be sent so that ``found`` becomes what is wanted; empty if it is."""
    asked: Data = {key: value for key, value in wanted.items() if key in DRS_KEYS}
    return {key: value for key, value in asked.items() if found.get(key) != value}


def awaits_drs(wanted: LaunchConfiguration, version: Data) -> bool:
    """Whether DRS, told to copy the private address, has not been seen to write it into the template yet.

    A version of ours made from one without it would take it away again.
    """
    return bool(wanted.get("copyPrivateIp")) and LENSES["staticPrivateIp"].get(version["LaunchTemplateData"]) is None


def template_differences(wanted: LaunchConfiguration, found: Data) -> tuple[str, ...]:
    """The settings in which a template's data is not what is wanted."""
    asked = _of_template(wanted)
    return tuple(key for key, value in asked.items() if not _holds(LENSES[key].get(found), value))


def _of_template(wanted: LaunchConfiguration) -> Data:
    """What is asked of the template.

    In a subnet of ours no address asked for is none held, lest two servers share one that has moved; unless DRS is
    to write the source's own.
    """
    asked = {key: value for key, value in wanted.items() if key in LENSES}
    if "subnetId" in asked and wanted.get("copyPrivateIp") is False:
        asked.setdefault("staticPrivateIp", None)
    return asked


def template_changes(wanted: LaunchConfiguration, found: Data, *, everything: bool = False) -> Data:
    """The top-level keys to send with SourceVersion, each whole: EC2 overwrites them whole.

    With ``everything``, also those that are right already: a forced version says all it stands for.
    """
    settings = _of_template(wanted)
    keys = tuple(settings) if everything else template_differences(wanted, found)
    changed = deepcopy(found)
    for key in keys:
        LENSES[key].put(changed, settings[key])
    return {top: changed[top] for top in sorted({LENSES[key].top for key in keys})}


def _holds(found: Any, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether ``found`` says all that is wanted; it may say more where AWS adds its own. Devices go by name."""
    if isinstance(wanted, tuple) and isinstance(found, dict):
        wanted = {device["deviceName"]: device for device in wanted}
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)
