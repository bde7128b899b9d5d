"""What is in the account, to be compared with what should be."""

from __future__ import annotations

from collections import Counter

from awslab.core.ownership import OWNER_TAG


def wanted(*objects) -> Counter[str]:
    """What objects should have in AWS, by type; nothing for one that is gone."""
    return Counter(r["address"].partition("/")[0] for o in objects if not o.gone for r in o.obj["status"]["resources"])


def everything(ec2) -> Counter[str]:
    """All that carries an owner tag, by type, and what should carry one."""
    mine = [{"Name": "tag-key", "Values": [OWNER_TAG]}]
    nats = [n for n in ec2.describe_nat_gateways(Filter=mine)["NatGateways"] if n["State"] not in {"deleted", "failed"}]
    groups = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    acls = ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    endpoints = ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]
    return +Counter(
        {
            "Vpc": len([v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]),
            "Subnet": len(ec2.describe_subnets(Filters=mine)["Subnets"]),
            "InternetGateway": len(ec2.describe_internet_gateways()["InternetGateways"]),
            "Eip": len(ec2.describe_addresses()["Addresses"]),
            "NatGateway": len(nats),
            "RouteTable": len(ec2.describe_route_tables(Filters=mine)["RouteTables"]),
            "SecurityGroup": len([g for g in groups if g["GroupName"] != "default"]),
            "KeyPair": len(ec2.describe_key_pairs(Filters=mine)["KeyPairs"]),
            "Instance": len(_living(ec2.describe_instances(Filters=mine)["Reservations"])),
            "NetworkAcl": len([a for a in acls if not a["IsDefault"]]),
            "DefaultNetworkAcl": len([a for a in acls if a["IsDefault"]]),
            "GatewayEndpoint": len([e for e in endpoints if e["VpcEndpointType"] == "Gateway"]),
            "InterfaceEndpoint": len([e for e in endpoints if e["VpcEndpointType"] == "Interface"]),
            "DefaultSecurityGroup": len([g for g in groups if g["GroupName"] == "default"]),
        }
    )


def _living(reservations):
    return [
        i for r in reservations for i in r["Instances"] if i["State"]["Name"] not in {"shutting-down", "terminated"}
    ]
