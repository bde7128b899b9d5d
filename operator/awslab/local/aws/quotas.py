"""AWS's default quotas: the one table of limits and their error codes.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """How many there may be, of what, and the code with which AWS refuses one more."""

    limit: int
    per: str
    code: str
    message: str


QUOTAS: dict[str, Quota] = {
    "vpcs": Quota(5, "region", "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
    "subnets": Quota(200, "VPC", "SubnetLimitExceeded", "The maximum number of subnets has been reached."),
    "internet-gateways": Quota(
        5,
        "region",
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
    ),
    "addresses": Quota(5, "region", "AddressLimitExceeded", "The maximum number of addresses has been reached."),
    "nat-gateways": Quota(
        5,
        "Availability Zone",
        "NatGatewayLimitExceeded",
        "The maximum number of NAT gateways has been reached.",
    ),
    "route-tables": Quota(
        200, "VPC", "RouteTableLimitExceeded", "The maximum number of route tables has been reached."
    ),
    "routes": Quota(50, "route table", "RouteLimitExceeded", "The maximum number of routes has been reached."),
    "security-groups": Quota(
        2500,
        "region",
        "SecurityGroupLimitExceeded",
        "The maximum number of security groups has been reached.",
    ),
    "rules-per-group": Quota(
        60,
        "direction of a security group",
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    ),
    "groups-per-interface": Quota(
        5,
        "network interface",
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The maximum number of security groups per interface has been reached.",
    ),
    "network-acls": Quota(
        200, "VPC", "NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached."
    ),
    "network-acl-entries": Quota(
        20,
        "direction of a network ACL",
        "NetworkAclEntryLimitExceeded",
        "The maximum number of network ACL entries has been reached.",
    ),
    "interface-endpoints": Quota(
        50, "VPC", "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached."
    ),
    "gateway-endpoints": Quota(
        20, "region", "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached."
    ),
    "load-balancers": Quota(
        50, "region", "TooManyLoadBalancers", "The maximum number of load balancers has been reached."
    ),
    "function-concurrency": Quota(1000, "region", "TooManyRequestsException", "Rate Exceeded."),
}
