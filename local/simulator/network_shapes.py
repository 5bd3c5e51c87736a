"""Subnets, VPCs, security groups, interfaces and key pairs as EC2 describes them, read from moto's objects.

moto renders these itself, but takes half a millisecond for each, ignores all but the first address of an interface in
filters, and knows no wildcards.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.simulator.shapes import Shape

Network = Any  # moto's EC2Backend; moto ships no types
RESERVED = 5
"""The first four addresses of a subnet and its last are AWS's."""


def addresses_of(interface: Any) -> list[str]:  # noqa: ANN401  moto's NetworkInterface
    """Every address that an interface holds, the primary one too."""
    return [each["PrivateIpAddress"] for each in interface.private_ip_addresses]


def taken(network: Network) -> Counter[str]:
    """How many addresses of each subnet are on an interface."""
    found: Counter[str] = Counter()
    for interface in network.enis.values():
        found[interface.subnet.id] += len(interface.private_ip_addresses)
    return found


def subnet(each: Any, used: Mapping[str, int]) -> Shape:  # noqa: ANN401  moto's Subnet
    """One of DescribeSubnets."""
    return {
        "SubnetId": each.id,
        "SubnetArn": each.arn,
        "VpcId": each.vpc_id,
        "CidrBlock": each.cidr_block,
        "AvailabilityZone": each.availability_zone,
        "AvailabilityZoneId": each.availability_zone_id,
        "AvailableIpAddressCount": each.cidr.num_addresses - RESERVED - used.get(each.id, 0),
        "DefaultForAz": each.default_for_az,
        "MapPublicIpOnLaunch": each.map_public_ip_on_launch,
        "AssignIpv6AddressOnCreation": each.assign_ipv6_address_on_creation,
        "Ipv6CidrBlockAssociationSet": [],
        "Ipv6Native": each.ipv6_native,
        "PrivateDnsNameOptionsOnLaunch": each.private_dns_name_options_on_launch,
        "OwnerId": each.owner_id,
        "State": each.state,
        "Tags": _tags(each),
    }


def vpc(each: Any) -> Shape:  # noqa: ANN401  moto's VPC
    """One of DescribeVpcs."""
    blocks = [
        {
            "AssociationId": block["association_id"],
            "CidrBlock": block["cidr_block"],
            "CidrBlockState": {"State": next(iter(block["cidr_block_state"].values()))},
        }
        for block in each.get_cidr_block_association_set()
    ]
    return {
        "VpcId": each.id,
        "CidrBlock": each.cidr_block,
        "CidrBlockAssociationSet": blocks,
        "DhcpOptionsId": each.dhcp_options.id if each.dhcp_options else "default",
        "InstanceTenancy": each.instance_tenancy,
        "IsDefault": each.is_default,
        "OwnerId": each.owner_id,
        "State": each.state,
        "Tags": _tags(each),
    }


def group(each: Any) -> Shape:  # noqa: ANN401  moto's SecurityGroup
    """One of DescribeSecurityGroups."""
    return {
        "GroupId": each.id,
        "GroupName": each.name,
        "Description": each.description,
        "SecurityGroupArn": each.arn,
        "VpcId": each.vpc_id,
        "OwnerId": each.owner_id,
        "IpPermissions": [_permission(rule) for rule in each.ip_permissions],
        "IpPermissionsEgress": [_permission(rule) for rule in each.ip_permissions_egress],
        "Tags": _tags(each),
    }


def _permission(rule: Any) -> Shape:  # noqa: ANN401  moto's GroupedSecurityRuleView
    return {
        "IpProtocol": rule.ip_protocol,
        "FromPort": rule.from_port,
        "ToPort": rule.to_port,
        "IpRanges": rule.ip_ranges,
        "Ipv6Ranges": rule.ipv6_ranges,
        "PrefixListIds": rule.prefix_list_ids,
        "UserIdGroupPairs": rule.user_id_group_pairs,
    }


def interface(each: Any) -> Shape:  # noqa: ANN401  moto's NetworkInterface
    """One of DescribeNetworkInterfaces."""
    attachment = {
        "AttachmentId": each.attachment_id,
        "DeleteOnTermination": bool(each.delete_on_termination),
        "DeviceIndex": each.device_index,
        "InstanceId": each.instance.id if each.instance else None,
        "InstanceOwnerId": each.owner_id,
        "Status": "attached",
    }
    return {
        "NetworkInterfaceId": each.id,
        "SubnetId": each.subnet.id,
        "VpcId": each.subnet.vpc_id,
        "AvailabilityZone": each.subnet.availability_zone,
        "PrivateIpAddress": each.private_ip_address,
        "PrivateIpAddresses": each.private_ip_addresses,
        "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in each.group_set],
        "Description": each.description,
        "InterfaceType": each.interface_type,
        "MacAddress": each.mac_address,
        "OwnerId": each.owner_id,
        "RequesterManaged": each.requester_managed,
        "SourceDestCheck": each.source_dest_check,
        "Status": each.status,
        "TagSet": _tags(each),
    } | ({"Attachment": attachment} if each.attachment_id else {})


def key_pair(each: Any) -> Shape:  # noqa: ANN401  moto's KeyPair
    """One of DescribeKeyPairs."""
    return {
        "KeyPairId": each.id,
        "KeyName": each.key_name,
        "KeyType": each.key_type or "rsa",
        "KeyFingerprint": each.key_fingerprint,
        "CreateTime": each.create_time,
        "Tags": _tags(each),
    }


def _tags(each: Any) -> list[Shape]:  # noqa: ANN401  anything of moto's that has tags
    held = each.ec2_backend.tags.get(each.id, {})
    return [{"Key": key, "Value": value} for key, value in held.items()]
