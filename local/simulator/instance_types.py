"""Instance types and where they are offered: moto's catalogue, what it lacks, and what was withdrawn.

moto's catalogue was read from AWS itself; only some high-memory bare metal is missing, which is derived from its
virtual sibling. Availability Zones are the unit: what no zone offers, the Region does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from local.simulator.shapes import Shape

SIBLINGS = {"u-6tb1.metal": "u-6tb1.56xlarge"}


def _bare(name: str, sibling: Shape) -> Shape:
    shape = {key: value for key, value in sibling.items() if key != "Hypervisor"}
    return shape | {"InstanceType": name, "BareMetal": True}


TYPES: dict[str, Shape] = INSTANCE_TYPES | {
    name: _bare(name, INSTANCE_TYPES[sibling]) for name, sibling in SIBLINGS.items() if name not in INSTANCE_TYPES
}


@lru_cache(64)
def _offered(region: str) -> dict[str, list[str]]:
    """The zones of each type, before anything is withdrawn; it must not be changed."""
    found: dict[str, list[str]] = {}
    for offering in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, []):
        found.setdefault(offering["InstanceType"], []).append(offering["Location"])
    for name, sibling in SIBLINGS.items():
        found.setdefault(name, found.get(sibling, []))
    return found


@lru_cache(64)
def zone_ids(region: str) -> dict[str, str]:
    """`use1-az6` for `us-east-1a`."""
    zones: list[Any] = RegionsAndZonesBackend.zones.get(region, [])
    return {zone.name: zone.zone_id for zone in zones}


@dataclass
class Catalogue:
    """What all accounts see; `withdrawn` holds (type, zone), and None for every zone."""

    withdrawn: set[tuple[str, str | None]] = field(default_factory=set)

    def zones(self, region: str, instance_type: str) -> list[str]:
        """The zones of a Region that offer a type."""
        if not self.withdrawn:
            return _offered(region).get(instance_type, [])
        if (instance_type, None) in self.withdrawn:
            return []
        return [zone for zone in _offered(region).get(instance_type, []) if (instance_type, zone) not in self.withdrawn]

    def types(self, region: str, among: Iterable[str] | None = None) -> list[Shape]:
        """The types that a Region offers; all of them, or those among some names."""
        names = sorted(_offered(region)) if among is None else sorted(among)
        return [TYPES[name] for name in names if name in TYPES and self.zones(region, name)]

    def offerings(self, region: str, by: str, among: Iterable[str] | None = None) -> list[Shape]:
        """Where types are offered: by `region`, `availability-zone` or `availability-zone-id`."""
        shown = []
        for shape in self.types(region, among):
            name = shape["InstanceType"]
            zones = self.zones(region, name)
            places = [region] if by == "region" else zones
            if by == "availability-zone-id":
                places = [zone_ids(region)[zone] for zone in zones]
            shown += [{"InstanceType": name, "LocationType": by, "Location": place} for place in places]
        return shown
