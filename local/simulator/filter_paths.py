"""The filters of each describe operation of EC2 that we answer ourselves, and where in its shape their values are.

Tags can be filtered everywhere. The names are of the API reference: DescribeSubnets, DescribeVpcs and so on.
"""

SUBNETS = {
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "available-ip-address-count": "AvailableIpAddressCount",
    "cidr": "CidrBlock",
    "cidr-block": "CidrBlock",
    "default-for-az": "DefaultForAz",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "owner-id": "OwnerId",
    "state": "State",
    "subnet-arn": "SubnetArn",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}
VPCS = {
    "cidr": "CidrBlock",
    "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
    "dhcp-options-id": "DhcpOptionsId",
    "is-default": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
    "vpc-id": "VpcId",
}
SECURITY_GROUPS = {
    "description": "Description",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "ip-permission.cidr": "IpPermissions.IpRanges.CidrIp",
    "ip-permission.from-port": "IpPermissions.FromPort",
    "ip-permission.group-id": "IpPermissions.UserIdGroupPairs.GroupId",
    "ip-permission.protocol": "IpPermissions.IpProtocol",
    "ip-permission.to-port": "IpPermissions.ToPort",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
}
NETWORK_INTERFACES = {
    "addresses.primary": "PrivateIpAddresses.Primary",
    "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
    "attachment.attachment-id": "Attachment.AttachmentId",
    "attachment.instance-id": "Attachment.InstanceId",
    "attachment.status": "Attachment.Status",
    "availability-zone": "AvailabilityZone",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "group-name": "Groups.GroupName",
    "network-interface-id": "NetworkInterfaceId",
    "owner-id": "OwnerId",
    "private-ip-address": "PrivateIpAddress",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}
KEY_PAIRS = {"fingerprint": "KeyFingerprint", "key-name": "KeyName", "key-pair-id": "KeyPairId"}
INSTANCE_TYPES = {
    "auto-recovery-supported": "AutoRecoverySupported",
    "bare-metal": "BareMetal",
    "burstable-performance-supported": "BurstablePerformanceSupported",
    "current-generation": "CurrentGeneration",
    "ebs-info.ebs-optimized-support": "EbsInfo.EbsOptimizedSupport",
    "ebs-info.nvme-support": "EbsInfo.NvmeSupport",
    "hypervisor": "Hypervisor",
    "instance-type": "InstanceType",
    "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
    "network-info.ena-support": "NetworkInfo.EnaSupport",
    "processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures",
    "supported-boot-mode": "SupportedBootModes",
    "supported-usage-class": "SupportedUsageClasses",
    "supported-virtualization-type": "SupportedVirtualizationTypes",
    "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
}
INSTANCE_TYPE_OFFERINGS = {"instance-type": "InstanceType", "location": "Location"}
LAUNCH_TEMPLATES = {"launch-template-name": "LaunchTemplateName"}
