"""Whose words are shown to whom: AWS's to admins, our own to whoever can mend what they tell of."""

import re
from pathlib import Path

import pytest

from commands import waves
from commands.aws import network, preflight
from events.redaction import CHECKED, ENDED, FOR_OPERATORS, redacted


@pytest.mark.parametrize("code", sorted(CHECKED | ENDED))
def test_what_preflight_itself_found_is_told_to_whoever_can_mend_it_and_no_address_to_a_viewer(code: str) -> None:
    said = {"code": code, "message": "staticPrivateIp: AWS keeps the first four of 10.0.0.0/24, so 10.0.0.1 too"}
    for role in ("operator", "auditor", "admin"):
        assert redacted({"errors": [said]}, [role]) == {"errors": [said]}  # type: ignore[list-item]
    assert redacted({"errors": [said]}, ["viewer"]) == {"errors": [{"code": code, "message": FOR_OPERATORS}]}


def test_preflights_own_codes_are_those_of_its_check_and_of_waves_that_ended_without_aws() -> None:
    sources = (Path(str(module.__file__)).read_text() for module in (network, preflight))
    assert {code for text in sources for code in re.findall(r'Refusal\(\s*"(\w+)"', text)} == CHECKED
    assert waves.OURS - {"LAUNCH_UNKNOWN"} == ENDED, "that one repeats what AWS said"
