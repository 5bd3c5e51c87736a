"""Launching into an instance that is there already.

https://docs.aws.amazon.com/drs/latest/APIReference/API_LaunchIntoInstanceProperties.html; the instance must
allow it with a tag (DRS.md section 3).
"""

from collections.abc import Iterator

from local.simulator.network_shapes import Network

TAG, VALUE = "AWSDRS", "AllowLaunchingIntoThisInstance"


def faults_in_target(instance_id: str, network: Network) -> Iterator[str]:
    """Why DRS cannot launch into this instance."""
    here = {instance.id for reservation in network.reservations.values() for instance in reservation.instances}
    if instance_id not in here:
        yield f"InvalidInstanceID.NotFound: The instance ID '{instance_id}' does not exist"
    elif network.tags.get(instance_id, {}).get(TAG) != VALUE:
        yield f"AccessDenied: instance {instance_id} does not carry the tag {TAG}={VALUE}"
