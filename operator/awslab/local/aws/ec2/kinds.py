"""The types of resources in a network: their prefix, where moto keeps them, how AWS says one is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2.index import index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Near = Callable[[Any, str], Iterable[Any]]


@dataclass(frozen=True)
class Kind:
    """One type that a describe call lists."""

    describe: str  # the action that lists it
    result: str  # the list in its answer
    ids: str  # the parameter that names some
    prefix: str
    missing: str  # the error code for one that is not there
    sentence: str  # what AWS says then, with {id}
    all: Callable[[Any], Iterable[Any]]
    get: Callable[[Any, str], Any] | None = None  # finds one without looking at all
    key: str = "id"  # moto's attribute with the id
    narrow: dict[str, str] = field(default_factory=dict)  # filter -> moto's attribute, asked before converting
    near: dict[str, Near] = field(default_factory=dict)  # filter -> what there is at one value


def _subnets(ec2: Any) -> Iterable[Any]:
    return chain.from_iterable(zone.values() for zone in ec2.subnets.values())


def _groups(ec2: Any) -> Iterable[Any]:
    return chain.from_iterable(groups.values() for groups in ec2.groups.values())


def _group_rules(ec2: Any) -> Iterable[Any]:
    return chain.from_iterable((*group.ingress_rules, *group.egress_rules) for group in _groups(ec2))


def _rules_of(ec2: Any, group_id: str) -> Iterable[Any]:
    group = ec2.get_security_group_from_id(group_id)
    return (*group.ingress_rules, *group.egress_rules) if group else ()


def _instances(ec2: Any) -> Iterable[Any]:
    return chain.from_iterable(reservation.instances for reservation in ec2.reservations.values())


IN_VPC = {"vpc-id": "vpc_id"}
KINDS = (
    Kind(
        "DescribeVpcs",
        "Vpcs",
        "VpcIds",
        "vpc-",
        "InvalidVpcID.NotFound",
        "The vpc ID '{id}' does not exist",
        lambda ec2: ec2.vpcs.values(),
        lambda ec2, id_: ec2.vpcs.get(id_),
        narrow={"vpc-id": "id"},
    ),
    Kind(
        "DescribeSubnets",
        "Subnets",
        "SubnetIds",
        "subnet-",
        "InvalidSubnetID.NotFound",
        "The subnet ID '{id}' does not exist",
        _subnets,
        lambda ec2, id_: index(ec2).subnets.get(id_),
        narrow=IN_VPC | {"subnet-id": "id"},
        near={"vpc-id": lambda ec2, vpc: index(ec2).subnets_of[vpc].values()},
    ),
    Kind(
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayIds",
        "igw-",
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID '{id}' does not exist",
        lambda ec2: ec2.internet_gateways.values(),
        lambda ec2, id_: ec2.internet_gateways.get(id_),
    ),
    Kind(
        "DescribeDhcpOptions",
        "DhcpOptions",
        "DhcpOptionsIds",
        "dopt-",
        "InvalidDhcpOptionID.NotFound",
        "The dhcpOption ID '{id}' does not exist",
        lambda ec2: ec2.dhcp_options_sets.values(),
        lambda ec2, id_: ec2.dhcp_options_sets.get(id_),
        narrow={"dhcp-options-id": "id"},
    ),
    Kind(
        "DescribeEgressOnlyInternetGateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayIds",
        "eigw-",
        "InvalidGatewayID.NotFound",
        "The eigw ID '{id}' does not exist",
        lambda ec2: ec2.egress_only_internet_gateways.values(),
        lambda ec2, id_: ec2.egress_only_internet_gateways.get(id_),
    ),
    Kind(
        "DescribeAddresses",
        "Addresses",
        "AllocationIds",
        "eipalloc-",
        "InvalidAllocationID.NotFound",
        "The allocation ID '{id}' does not exist",
        lambda ec2: ec2.addresses,
        lambda ec2, id_: index(ec2).addresses.get(id_),
        key="allocation_id",
        narrow={"allocation-id": "allocation_id"},
    ),
    Kind(
        "DescribeNatGateways",
        "NatGateways",
        "NatGatewayIds",
        "nat-",
        "NatGatewayNotFound",
        "NAT gateway {id} was not found",
        lambda ec2: ec2.nat_gateways.values(),
        lambda ec2, id_: ec2.nat_gateways.get(id_),
        narrow=IN_VPC | {"nat-gateway-id": "id", "subnet-id": "subnet_id", "state": "state"},
    ),
    Kind(
        "DescribeRouteTables",
        "RouteTables",
        "RouteTableIds",
        "rtb-",
        "InvalidRouteTableID.NotFound",
        "The routeTable ID '{id}' does not exist",
        lambda ec2: ec2.route_tables.values(),
        lambda ec2, id_: ec2.route_tables.get(id_),
        narrow=IN_VPC | {"route-table-id": "id"},
        near={"vpc-id": lambda ec2, vpc: index(ec2).tables_of[vpc].values()},
    ),
    Kind(
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupIds",
        "sg-",
        "InvalidGroup.NotFound",
        "The security group '{id}' does not exist",
        _groups,
        lambda ec2, id_: ec2.get_security_group_from_id(id_),
        narrow=IN_VPC | {"group-id": "id", "group-name": "name"},
        near={"vpc-id": lambda ec2, vpc: ec2.groups.get(vpc, {}).values()},
    ),
    Kind(
        "DescribeSecurityGroupRules",
        "SecurityGroupRules",
        "SecurityGroupRuleIds",
        "sgr-",
        "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID '{id}' does not exist",
        _group_rules,
        narrow={"group-id": "group_id", "security-group-rule-id": "id"},
        near={"group-id": _rules_of},
    ),
    Kind(
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "NetworkInterfaceIds",
        "eni-",
        "InvalidNetworkInterfaceID.NotFound",
        "The networkInterface ID '{id}' does not exist",
        lambda ec2: ec2.enis.values(),
        lambda ec2, id_: ec2.enis.get(id_),
        narrow=IN_VPC | {"subnet-id": "subnet_id", "network-interface-id": "id"},
        near={
            "vpc-id": lambda ec2, vpc: index(ec2).interfaces_of[vpc].values(),
            "subnet-id": lambda ec2, subnet: index(ec2).interfaces_in[subnet].values(),
        },
    ),
    Kind(
        "DescribeNetworkAcls",
        "NetworkAcls",
        "NetworkAclIds",
        "acl-",
        "InvalidNetworkAclID.NotFound",
        "The networkAcl ID '{id}' does not exist",
        lambda ec2: ec2.network_acls.values(),
        lambda ec2, id_: ec2.network_acls.get(id_),
        narrow=IN_VPC | {"network-acl-id": "id"},
    ),
    Kind(
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        "VpcEndpointIds",
        "vpce-",
        "InvalidVpcEndpointId.NotFound",
        "The Vpc Endpoint Id '{id}' does not exist",
        lambda ec2: ec2.vpc_end_points.values(),
        lambda ec2, id_: ec2.vpc_end_points.get(id_),
        narrow=IN_VPC | {"vpc-endpoint-id": "id"},
    ),
    Kind(
        "DescribeFlowLogs",
        "FlowLogs",
        "FlowLogIds",
        "fl-",
        "InvalidFlowLogId.NotFound",
        "These flow log ids in the input list are not found: {id}",
        lambda ec2: ec2.flow_logs.values(),
        lambda ec2, id_: ec2.flow_logs.get(id_),
    ),
    Kind(
        "DescribeVpcPeeringConnections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionIds",
        "pcx-",
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID '{id}' does not exist",
        lambda ec2: ec2.vpc_pcxs.values(),
        lambda ec2, id_: ec2.vpc_pcxs.get(id_),
    ),
    Kind(
        "DescribeTransitGatewayVpcAttachments",
        "TransitGatewayVpcAttachments",
        "TransitGatewayAttachmentIds",
        "tgw-attach-",
        "InvalidTransitGatewayAttachmentID.NotFound",
        "Transit Gateway Attachment {id} was deleted or does not exist.",
        lambda ec2: (a for a in ec2.transit_gateway_attachments.values() if a.resource_type == "vpc"),
        lambda ec2, id_: ec2.transit_gateway_attachments.get(id_),
        narrow=IN_VPC | {"transit-gateway-attachment-id": "id"},
    ),
    Kind(
        "DescribeVpnGateways",
        "VpnGateways",
        "VpnGatewayIds",
        "vgw-",
        "InvalidVpnGatewayID.NotFound",
        "The vpnGateway ID '{id}' does not exist",
        lambda ec2: ec2.vpn_gateways.values(),
        lambda ec2, id_: ec2.vpn_gateways.get(id_),
        narrow={"vpn-gateway-id": "id"},
    ),
    Kind(
        "DescribeInstances",
        "Reservations",
        "InstanceIds",
        "i-",
        "InvalidInstanceID.NotFound",
        "The instance ID '{id}' does not exist",
        _instances,
        narrow=IN_VPC | {"instance-id": "id", "subnet-id": "subnet_id"},
    ),
    Kind(
        "DescribeKeyPairs",
        "KeyPairs",
        "KeyPairIds",
        "key-",
        "InvalidKeyPair.NotFound",
        "The key pair ID '{id}' does not exist",
        lambda ec2: ec2.key_pairs.values(),
        narrow={"key-pair-id": "id", "key-name": "key_name"},
    ),
    Kind(
        "DescribeAvailabilityZones",
        "AvailabilityZones",
        "ZoneNames",
        "",
        "InvalidParameterValue",
        "Invalid availability zone: [{id}]",
        lambda ec2: ec2.describe_availability_zones(),
        key="name",
        narrow={"zone-name": "name"},
    ),
)
BY_ACTION = {kind.describe: kind for kind in KINDS}
BY_PREFIX = {kind.prefix: kind for kind in KINDS if kind.prefix}


def exists(kind: Kind, ec2: Any, id_: str) -> bool:
    """Tell whether a resource of a type is there."""
    if kind.get:
        return kind.get(ec2, id_) is not None
    return any(getattr(one, kind.key) == id_ for one in kind.all(ec2))


def kind_of(id_: str) -> Kind | None:
    """Return the type that an id's prefix tells, if it is one of a network."""
    return BY_PREFIX.get(id_.rpartition("-")[0] + "-")
