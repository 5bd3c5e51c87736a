"""AWS Elastic Disaster Recovery and EC2 launch templates on one machine, as AWS really does it.

`Simulator` is for tests; `python -m local.simulator` is a process; `control` is the API under `/_simulator/`.
"""

from local.simulator.simulator import Simulator

__all__ = ["Simulator"]
