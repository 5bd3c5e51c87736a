"""Recovery instances in EC2: moto's own, so that it finds, filters, stops and terminates them like every other.

DRS runs one when its server is launched, and it is there for anybody to see when the launch has ended.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moto.ec2.models.instances import Instance, Reservation

from local.simulator.launches import tags_for
from local.simulator.network_shapes import Network
from local.simulator.shapes import Shape, identifier

Interface = Any  # moto's


def run(network: Network, instance_id: str, template: Shape, interfaces: Sequence[Interface], *, starts: bool) -> Any:  # noqa: ANN401  moto's Instance
    """An instance of this data that holds these interfaces; nobody sees it yet."""
    primary = interfaces[0]
    instance = Instance(
        network,
        identifier("ami", instance_id),
        None,
        list(primary.group_set),
        instance_type=template.get("InstanceType"),
        key_name=template.get("KeyName"),
        region_name=network.region_name,
        placement=primary.subnet.availability_zone,
        nics=[{"DeviceIndex": index, "NetworkInterfaceId": each.id} for index, each in enumerate(interfaces)],
    )
    instance.id = instance_id
    if not starts:
        instance.stop()
    network.tags[instance_id] = {tag["Key"]: tag.get("Value", "") for tag in tags_for(template, "instance")}
    return instance


def show(network: Network, instance: Any, at: datetime) -> None:  # noqa: ANN401  moto's Instance
    """Let everybody see it, launched at this moment."""
    instance.launch_time = at
    reservation = Reservation(identifier("r", instance.id), network.account_id)
    reservation.instances.append(instance)
    network.reservations[reservation.id] = reservation


def retire(network: Network, interface_ids: Sequence[str]) -> None:
    """Terminate the instance that holds these interfaces, and free their addresses."""
    held = [network.enis.pop(each) for each in interface_ids if each in network.enis]
    for instance in {each.instance for each in held if each.instance}:
        instance.terminate()
