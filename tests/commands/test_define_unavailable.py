"""If DRS cannot be asked for tags and host names, nothing is written, and the request may be tried again."""

from tests.commands.bench import for_ever, refused
from tests.kit import Desk

WEB = {"key": "Role", "value": "web", "launchConfig": {"keyName": "web-key"}}


def test_if_the_tags_cannot_be_read_nothing_is_written_and_it_may_be_tried_again(desk: Desk) -> None:
    desk.simulator.fault(for_ever("InternalServerException", "DescribeSourceServers"))
    no = refused(lambda: desk.create(tagOverrides=[WEB]))
    assert (no.code, no.status, no.retryable) == ("AWS_UNAVAILABLE", 503, True)
    assert not [*desk.store.born("group"), *desk.store.born("roster")]
