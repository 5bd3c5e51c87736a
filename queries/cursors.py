"""Where an answer went on, in a token that holds the moment of the first page and fits no other question."""

import base64
import binascii
from decimal import Context, Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from events.commits import digest
from events.errors import Refused
from events.model import Model, canonical
from events.moments import Moment
from queries.questions import Question
from queries.trail import FIRST, LAST

NOT_ASKED = {"limit", "next_token", "invoked_by", "request_id"}
"""What may differ from page to page."""


def _kept(text: str) -> str:
    """A number that DynamoDB can keep: Developer Guide, Number."""
    number = Decimal(text).normalize(Context(prec=300))
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError("is beyond DynamoDB's numbers")
    return text


MOST_DIGITS, LARGEST_EXPONENT = 38, 125
NUMBER = r"^-?[0-9]{1,130}([.][0-9]{1,130})?([Ee][+-]?[0-9]{1,3})?$"
Number = Annotated[str, Field(pattern=NUMBER), AfterValidator(_kept)]
"""A version as it stands in the table: whatever number somebody put there."""


class Cursor(Model):
    """``question``: the hash of what was asked; ``as_of``: the moment of which all pages are."""

    question: str
    as_of: Annotated[Moment, Field(ge=FIRST, le=LAST)]


C = TypeVar("C", bound=Cursor)


def fingerprint(question: Question) -> str:
    """Of what is asked, whatever the page."""
    return digest(canonical([type(question).__name__, question.model_dump(mode="json", exclude=NOT_ASKED)]))


def token(cursor: Cursor) -> str:
    """The cursor as it is handed out."""
    return base64.urlsafe_b64encode(canonical(cursor.model_dump(mode="json"))).decode()


def cursor(kind: type[C], text: str, question: Question) -> C:
    """The cursor that was handed out for this question.

    Raises:
        Refused: it was not.
    """
    try:
        found = kind.model_validate_json(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValidationError, ValueError) as error:
        raise wrong() from error
    if found.question != fingerprint(question):
        raise wrong()
    return found


def wrong() -> Refused:
    """What is said to a token that nobody handed out, or not for this question."""
    return Refused(
        "INVALID_PARAMETER", "nextToken: use the one that the last page of this question gave", field="nextToken"
    )
