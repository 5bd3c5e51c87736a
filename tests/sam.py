"""template.yaml as Python sees it, and what IAM would make of its roles."""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from samtranslator.translator.transform import transform

PATH = Path(__file__).parent.parent / "template.yaml"
Shape = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, as their long ones."""


def _intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> Shape:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)  # type: ignore[no-untyped-call]  # PyYAML's own
TEMPLATE: Shape = yaml.load(PATH.read_text(), Loader)  # noqa: S506  a SafeLoader


def of_type(template: Shape, type_: str) -> dict[str, Shape]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == type_}


class _NoPolicies:
    """The template names no managed policy by its short name."""

    def load(self) -> dict[str, str]:
        return {}


def translated(template: Shape) -> Shape:
    """The template as CloudFormation gets it from SAM."""
    packaged = deepcopy(template)
    packaged["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        return dict(transform(packaged, {}, _NoPolicies()))


def functions(template: Shape) -> dict[str, Shape]:
    return {name: each["Properties"] for name, each in of_type(template, "AWS::Serverless::Function").items()}


def listed(value: Any) -> list[Any]:  # noqa: ANN401  IAM takes one or a list of almost anything
    return value if isinstance(value, list) else [value]


def documents(template: Shape, role: str) -> Iterator[Shape]:
    properties = template["Resources"][role]["Properties"]
    for policy in properties.get("Policies", []):
        yield policy["PolicyDocument"]
    for attached in properties["ManagedPolicyArns"]:
        if "Ref" in attached:
            yield template["Resources"][attached["Ref"]]["Properties"]["PolicyDocument"]


def statements(template: Shape, function: str) -> list[Shape]:
    role = functions(template)[function]["Role"]["Fn::GetAtt"].split(".")[0]
    found = [each for document in documents(template, role) for each in document["Statement"]]
    return [each for each in found if each["Effect"] == "Allow"]


def allows(statement: Shape, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in listed(statement["Action"]))


def reaches(statement: Shape, resource: str) -> bool:
    return any(each == "*" or resource in json.dumps(each) for each in listed(statement["Resource"]))


def broken(at: str, value: Any) -> Shape:  # noqa: ANN401  whatever should not be there
    """The template with something else in one place: ``Resources.UserPool.DeletionPolicy``."""
    template = deepcopy(TEMPLATE)
    *path, last = (int(part) if part.isdigit() else part for part in at.split("."))
    place: Any = template
    for part in path:
        place = place[part]
    assert place[last] != value
    place[last] = value
    return template
