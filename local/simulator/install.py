"""Makes moto know DRS, and hand EC2, IAM and STS to us while a simulator answers in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import moto
from moto import backend_index
from moto.ec2 import urls as ec2_urls
from moto.iam import urls as iam_urls
from moto.sts import urls as sts_urls

from local.simulator.ec2_api import Ec2Api
from local.simulator.iam_api import IamApi
from local.simulator.sts_api import StsApi

moto.__path__.append(str(Path(__file__).parent / "moto_ext"))
backend_index.backend_url_patterns.insert(0, ("drs", re.compile(r"https?://drs\.(.+)\.amazonaws\.com")))


OURS = ((ec2_urls, Ec2Api, "{0}/"), (iam_urls, IamApi, "{0}/$"), (sts_urls, StsApi, "{0}/$"))


@contextmanager
def our_services() -> Iterator[None]:
    """Let moto answer EC2, IAM and STS by our classes; its own again afterwards."""
    motos = [dict(urls.url_paths) for urls, _, _ in OURS]
    for urls, api, path in OURS:
        urls.url_paths = {path: api.dispatch}
    try:
        yield
    finally:
        for (urls, _, _), paths in zip(OURS, motos, strict=True):
            urls.url_paths = paths
