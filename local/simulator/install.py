"""Makes moto know DRS, and hand EC2 to us while a simulator answers in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import moto
from moto import backend_index
from moto.ec2 import urls as ec2_urls

from local.simulator.ec2_api import Ec2Api

moto.__path__.append(str(Path(__file__).parent / "moto_ext"))
backend_index.backend_url_patterns.insert(0, ("drs", re.compile(r"https?://drs\.(.+)\.amazonaws\.com")))


@contextmanager
def our_ec2() -> Iterator[None]:
    """Let moto answer EC2 by our class; its own again afterwards."""
    motos = dict(ec2_urls.url_paths)
    ec2_urls.url_paths = {"{0}/": Ec2Api.dispatch}
    try:
        yield
    finally:
        ec2_urls.url_paths = motos
