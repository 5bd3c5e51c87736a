"""AWS Elastic Disaster Recovery, and of EC2, STS and IAM what stands around it, on one machine, as AWS really does it.

`Simulator` is for tests; `python -m local simulator` is a process; `control` is the API under `/_simulator/`.

A request goes `server` -> `observed` (fault, delay, lock, who may, how often, log) -> one of the `*_api` -> what it is
about: `estate` is an account's in a Region, `world` is all of them with the clock.
"""

from local.simulator.simulator import Simulator

__all__ = ["Simulator"]
