"""The launch of a server in a job: from which version, why not, and what it leaves behind in EC2."""

from typing import TYPE_CHECKING

from local.simulator import instances
from local.simulator.launch_into import faults_in_target
from local.simulator.launches import Around, Placing, faults_in, placing
from local.simulator.network_shapes import Network
from local.simulator.recovery import LAUNCH_END, Job, Participant
from local.simulator.shapes import identifier
from local.simulator.source_servers import SourceServer

if TYPE_CHECKING:
    from local.simulator.estate import Estate


def launch(estate: "Estate", job: Job, participant: Participant) -> None:
    """Use the default version of this moment; refused ones fail here, the others run until the end."""
    server = estate.servers.get(participant.server_id)
    if not server:
        participant.status, participant.why = "FAILED", "the source server is gone"
        return
    participant.template = estate.templates.get(server.template_id)
    participant.version = participant.template.default_number
    participant.why = _refusal(estate, server, job, participant)
    if participant.why:
        participant.status = "FAILED"
        server.show_launch(job, "FAILED", "FAILED")


def finish(estate: "Estate", job: Job, participant: Participant) -> None:
    """The recovery instance is there."""
    participant.status = "LAUNCHED"
    if participant.instance:
        participant.instance_id = participant.instance.id
        instances.show(estate.network, participant.instance, job.after(LAUNCH_END))
    if server := estate.servers.get(participant.server_id):
        server.description["recoveryInstanceId"] = participant.instance_id
        server.show_launch(job, "LAUNCHED", "SUCCEEDED")


def _refusal(estate: "Estate", server: SourceServer, job: Job, participant: Participant) -> str | None:
    """Why it cannot be launched; if it can, its instance is run."""
    target = server.settings.get("launchIntoInstanceProperties", {}).get("launchIntoEC2InstanceID")
    if target:
        participant.instance_id = target
        return next(faults_in_target(target, estate.network), None)
    own = frozenset(estate.held.get(server.id, []))
    around = Around(estate.network, estate.catalogue, estate.place.region, estate.iam(), own)
    data = estate.templates.get(server.template_id).default.data
    if why := next(faults_in(data, around), None):
        return why
    interfaces = _replace_interfaces(estate, server, placing(data, around))
    instance_id, starts = identifier("i", job.id, server.id), server.settings["launchDisposition"] == "STARTED"
    participant.instance = instances.run(estate.network, instance_id, data, interfaces, starts=starts)
    return None


def _replace_interfaces(estate: "Estate", server: SourceServer, places: list[Placing]) -> list[instances.Interface]:
    """Its earlier recovery instance goes, and its addresses with it; the new one's are taken."""
    network = estate.network
    instances.retire(network, estate.held.pop(server.id, []))
    made = [_interface(network, server, place) for place in places]
    estate.held[server.id] = [each.id for each in made]
    return made


def _interface(network: Network, server: SourceServer, place: Placing) -> instances.Interface:
    addresses = [
        {"Primary": number == 0, "PrivateIpAddress": address} for number, address in enumerate(place.addresses)
    ]
    return network.create_network_interface(
        place.subnet,
        place.addresses[0],
        addresses,
        group_ids=place.groups,
        description=f"Recovery instance of {server.id}",
    )
