"""`python -m local import DIR`: reads a folder and DRS, prints the groups and findings as JSON. Writes nothing."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from local.synchronizer.define import Imported, define
from local.synchronizer.findings import Finding, ImportRefused, Json
from local.synchronizer.folder import read_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `run` takes."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="one account's drs-configuration-synchronizer folder")
    parser.add_argument("--group", metavar="NAME", help="the group's name; the folder's if left out")
    parser.add_argument("--endpoint-url", metavar="URL", help="DRS elsewhere, such as the simulator")


def run(arguments: argparse.Namespace) -> int:
    """Print what the import comes to; 0, or 2 if it is refused. Credentials and Region as the AWS CLI finds them."""
    try:
        imported = _imported(arguments.folder, arguments.group, arguments.endpoint_url)
    except (ImportRefused, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"import refused: {' '.join(str(error).split())}\n")
        return 2
    for finding in imported.findings:
        sys.stderr.write(_line(finding))
    print(json.dumps({"groups": imported.groups, "findings": [asdict(each) for each in imported.findings]}, indent=2))
    return 0


def _imported(folder: Path, group: str | None, endpoint_url: str | None) -> Imported:
    read = read_folder(folder)
    try:
        drs = boto3.client("drs", endpoint_url=endpoint_url)
    except NoRegionError as error:
        raise ImportRefused("set AWS_DEFAULT_REGION to the Region that the servers are replicated to") from error
    except ValueError as error:
        raise ImportRefused(f"--endpoint-url: {error}") from error
    pages = drs.get_paginator("describe_source_servers").paginate(filters={})
    servers: list[Json] = [item for page in pages for item in page["items"]]
    return define(read, servers, group or read.name, drs.meta.region_name, _account(servers))


def _account(servers: list[Json]) -> str:
    """Whose servers they are, as their ARNs say; empty if there is none."""
    return str(servers[0]["arn"]).split(":")[4] if servers else ""


def _line(finding: Finding) -> str:
    value = "" if finding.value is None else f" = {json.dumps(finding.value)}"
    return f"{finding.code:<20} {finding.file}{':' if finding.key else ''} {finding.key}{value}: {finding.message}\n"
