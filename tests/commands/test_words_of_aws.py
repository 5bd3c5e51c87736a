"""What AWS said is beside a refusal, where it is left out for whoever may not see it; a message has its code alone."""

import pytest

from events.doors import Json
from events.redaction import LEFT_OUT, redacted
from local.simulator.faults import Fault
from tests.commands.bench import for_ever, refused
from tests.kit import Desk

WORDS = "arn:aws:iam::123456789012:role/secret-name is out of sorts"
WEB = {"key": "Role", "value": "web", "launchConfig": {"keyName": "web-key"}}


def as_operator(body: Json) -> Json:
    shown: Json = redacted(body, ["operator"])
    return shown


@pytest.mark.parametrize("code", ["InternalServerException", "ThrottlingException"])
def test_a_start_of_which_nothing_is_known_tells_an_operator_the_code_and_an_admin_the_words(
    desk: Desk, code: str
) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault(code, "StartRecovery", times=9, message=WORDS))
    body = refused(lambda: desk.start_wave(group_id)).body()
    assert (body["error"], body["retryable"], code in body["message"]) == ("WAVE_UNCLEAR", True, True)
    assert body["details"]["aws"]["code"] == code
    assert WORDS in body["details"]["aws"]["message"]
    assert as_operator(body)["details"]["aws"] == {"code": code, "message": LEFT_OUT}
    assert "secret-name" not in str(as_operator(body))


def test_a_start_whose_answer_never_came_has_a_code_of_ours(desk: Desk) -> None:
    group_id = desk.create()
    desk.simulator.fault(Fault("drop", "StartRecovery"))
    body = refused(lambda: desk.start_wave(group_id)).body()
    assert (body["error"], body["details"]["aws"]["code"]) == ("WAVE_UNCLEAR", "AWS_UNREACHABLE")
    assert "AWS_UNREACHABLE" in body["message"]
    assert "http" not in str(as_operator(body))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "UninitializedAccountException"])
def test_servers_that_drs_will_not_list_are_one_stable_code_and_its_own_is_beside_it(desk: Desk, code: str) -> None:
    desk.simulator.fault(for_ever(code, "DescribeSourceServers", message=WORDS))
    no = refused(lambda: desk.create(tagOverrides=[WEB]))
    assert (no.code, no.status, no.retryable, no.details["aws"]["code"]) == ("AWS_REFUSED", 400, False, code)
    assert WORDS in no.body()["details"]["aws"]["message"]
    assert "secret-name" not in str(as_operator(no.body()))
