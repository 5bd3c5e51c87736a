"""Answers rendered through botocore's model: what moto does too, in a tenth of the time.

A page of 200 servers has twenty thousand nodes, and the world is locked while it is written. moto renders
everything else: EC2's errors, and what is its own of EC2 and IAM.
"""

import json
from collections.abc import Iterator
from datetime import UTC
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.responses import ActionContext, ActionResult
from moto.core.utils import get_service_model

from local.simulator.shapes import Json

Answer = tuple[int, dict[str, str], str]
NO_CONTENT = 204
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


class RestJson(ActionResult):  # type: ignore[misc]  # moto ships no types
    """A rest-json answer: only members that the model knows."""

    def execute_result(self, context: ActionContext) -> Answer:
        """Render it; moto calls this."""
        operation = context.operation_model
        status, shape = operation.http["responseCode"], operation.output_shape
        body = json.dumps(_known(shape, self.result)) if shape else "{}"
        return status, {"Content-Type": "application/json"}, "" if status == NO_CONTENT else body


class JsonError(ActionResult):  # type: ignore[misc]  # moto ships no types
    """A refusal of a rest-json service: the members of the error's shape, or a message if the model has no such one."""

    def execute_result(self, context: ActionContext) -> Answer:
        """Render it; moto calls this."""
        error, model = self.result, context.service_model
        body = {"message": error.message, "code": error.code} | error.members
        if error.code in model.shape_names:
            shape = model.shape_for(error.code)
            body = {
                name: each
                for name, each in _known(shape, body).items()
                if shape.members[name].serialization.get("location") != "header"
            }
        return error.status, {"Content-Type": "application/json", "X-Amzn-Errortype": error.code}, json.dumps(body)


class QueryError(ActionResult):  # type: ignore[misc]  # moto ships no types
    """A refusal of a service of the query protocol: IAM, STS."""

    def execute_result(self, context: ActionContext) -> Answer:
        """Render it; moto calls this."""
        error, namespace = self.result, context.service_model.metadata.get("xmlNamespace", "")
        inner = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        request_id = f"<RequestId>{context.response.request_id}</RequestId>"
        body = f'{XML}<ErrorResponse xmlns="{namespace}"><Error>{inner}</Error>{request_id}</ErrorResponse>'
        return error.status, {"Content-Type": "text/xml"}, body


class Ec2Xml(ActionResult):  # type: ignore[misc]  # moto ships no types
    """An EC2 answer: members under the names the model gives them in XML."""

    def execute_result(self, context: ActionContext) -> Answer:
        """Render it; moto calls this."""
        operation = context.operation_model
        name = f"{operation.name}Response"
        namespace = f"http://ec2.amazonaws.com/doc/{operation.service_model.api_version}/"
        start = f'{XML}<{name} xmlns="{namespace}"><requestId>{context.response.request_id}</requestId>'
        body = "".join([start, *_content(operation.output_shape, self.result), f"</{name}>"])
        return 200, {"Content-Type": "text/xml;charset=UTF-8"}, body


class Fragment(str):
    """What an element holds, rendered before: for what never changes and is read again and again."""

    __slots__ = ()


def ec2_fragment(shape: str, value: Json) -> Fragment:
    """The content of an element of this shape of EC2's model."""
    return Fragment("".join(_content(get_service_model("ec2").shape_for(shape), value)))


def _known(shape: Shape, value: Json) -> Json:
    if isinstance(shape, StructureShape):
        members = shape.members
        return {name: _known(members[name], each) for name, each in value.items() if name in members}
    if isinstance(shape, ListShape):
        member = shape.member
        return [_known(member, each) for each in value]
    return value


def _content(shape: Shape, value: Json) -> Iterator[str]:
    if isinstance(value, Fragment):
        yield value
    elif isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _element(member.serialization.get("name", name), member, value[name])
    elif isinstance(shape, ListShape):
        for each in value:
            yield from _element(shape.member.serialization.get("name", "item"), shape.member, each)
    elif isinstance(shape, MapShape):
        raise TypeError(f"EC2 answers hold no maps: {shape.name}")
    elif shape.type_name == "timestamp":
        yield value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    elif shape.type_name == "boolean":
        yield "true" if value else "false"
    else:
        yield escape(str(value))


def _element(name: str, shape: Shape, value: Json) -> Iterator[str]:
    yield f"<{name}>"
    yield from _content(shape, value)
    yield f"</{name}>"
