"""What is in the account, to be compared with what should be."""

from __future__ import annotations

from collections import Counter

import boto3

from awslab.core.ownership import OWNER_TAG
from tests.support.lives import THEIRS

LISTED = {
    "Alarm": ("cloudwatch", "describe_alarms", "MetricAlarms"),
    "Bucket": ("s3", "list_buckets", "Buckets"),
    "Dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries"),
    "LogGroup": ("logs", "describe_log_groups", "logGroups"),
    "Queue": ("sqs", "list_queues", "QueueUrls"),
    "Rule": ("events", "list_rules", "Rules"),
    "StateMachine": ("stepfunctions", "list_state_machines", "stateMachines"),
    "InstanceProfile": ("iam", "list_instance_profiles", "InstanceProfiles"),
    "LoadBalancer": ("elbv2", "describe_load_balancers", "LoadBalancers"),
    "SavedQuery": ("logs", "describe_query_definitions", "queryDefinitions"),
    "TargetGroup": ("elbv2", "describe_target_groups", "TargetGroups"),
    "EgressOnlyGateway": ("ec2", "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
    "FlowLog": ("ec2", "describe_flow_logs", "FlowLogs"),
    "Table": ("dynamodb", "list_tables", "TableNames"),
    "Topic": ("sns", "list_topics", "Topics"),
}
"""How all of a type are listed, whosever they are, with tags and without."""


GONE = frozenset({"deleted", "deleting", "failed", "rejected", "expired"})


def wanted(*objects) -> Counter[str]:
    """What objects should have in AWS, by type; nothing for one that is gone."""
    return Counter(r["address"].partition("/")[0] for o in objects if not o.gone for r in o.obj["status"]["resources"])


def everything(ec2) -> Counter[str]:
    """All that is there, by type; of networks what carries an owner tag, and what should carry one."""
    return +(_networks(ec2) + _beside(ec2) + _named(ec2.meta.endpoint_url))


def versions(endpoint: str) -> Counter[str]:
    """How many versions each function has published."""
    lambda_ = _client("lambda", endpoint)
    names = [f["FunctionName"] for f in lambda_.list_functions()["Functions"]]
    return Counter({n: len(lambda_.list_versions_by_function(FunctionName=n)["Versions"]) - 1 for n in names})


def _networks(ec2) -> Counter[str]:
    mine = [{"Name": "tag-key", "Values": [OWNER_TAG]}]
    nats = [n for n in ec2.describe_nat_gateways(Filter=mine)["NatGateways"] if n["State"] not in {"deleted", "failed"}]
    groups = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    acls = ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    endpoints = ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]
    return +Counter(
        {
            "Vpc": len(_vpcs(ec2)),
            "Subnet": len(ec2.describe_subnets(Filters=mine)["Subnets"]),
            "InternetGateway": len(ec2.describe_internet_gateways()["InternetGateways"]),
            "Eip": len(ec2.describe_addresses()["Addresses"]),
            "NatGateway": len(nats),
            "RouteTable": len(ec2.describe_route_tables(Filters=mine)["RouteTables"]),
            "SecurityGroup": len([g for g in groups if g["GroupName"] != "default"]),
            "KeyPair": len(ec2.describe_key_pairs(Filters=mine)["KeyPairs"]),
            "Instance": len(_living(ec2.describe_instances()["Reservations"])),
            "NetworkAcl": len([a for a in acls if not a["IsDefault"]]),
            "DefaultNetworkAcl": len([a for a in acls if a["IsDefault"]]),
            "GatewayEndpoint": len([e for e in endpoints if e["VpcEndpointType"] == "Gateway"]),
            "InterfaceEndpoint": len([e for e in endpoints if e["VpcEndpointType"] == "Interface"]),
            "VpnGateway": len(ec2.describe_vpn_gateways(Filters=mine)["VpnGateways"]),
            "DefaultSecurityGroup": len([g for g in groups if g["GroupName"] == "default"]),
        }
    )


def _vpcs(ec2) -> list:
    """All but the account's own and those that belong to somebody else."""
    found = [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
    return [v for v in found if THEIRS not in {t["Key"] for t in v.get("Tags", ())}]


def _beside(ec2) -> Counter[str]:
    """What lies around networks, and further addresses."""
    vpcs = _vpcs(ec2)
    peerings = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    attachments = ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    blocks = [b for v in vpcs for b in v.get("CidrBlockAssociationSet", ()) if b["CidrBlock"] != v["CidrBlock"]]
    blocks6 = [b for v in vpcs for b in v.get("Ipv6CidrBlockAssociationSet", ())]
    mine = [{"Name": "tag-key", "Values": [OWNER_TAG]}]
    return Counter(
        {
            "SecondaryCidr": len([b for b in blocks if b["CidrBlockState"]["State"] != "disassociated"]),
            "Ipv6Block": len([b for b in blocks6 if b["Ipv6CidrBlockState"]["State"] != "disassociated"]),
            "DhcpOptions": len(ec2.describe_dhcp_options(Filters=mine)["DhcpOptions"]),
            "Peering": len([p for p in peerings if p["Status"]["Code"] not in GONE]),
            "TransitGatewayAttachment": len([a for a in attachments if a["State"] not in GONE]),
        }
    )


def _living(reservations):
    return [
        i for r in reservations for i in r["Instances"] if i["State"]["Name"] not in {"shutting-down", "terminated"}
    ]


def _named(endpoint: str) -> Counter[str]:
    found = Counter({type_: len(_all(endpoint, *how)) for type_, how in LISTED.items()})
    elb = _client("elbv2", endpoint)
    arns = [b["LoadBalancerArn"] for b in _all(endpoint, *LISTED["LoadBalancer"])]
    listeners = [one for arn in arns for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    lambda_, roles = _client("lambda", endpoint), _client("iam", endpoint).list_roles(PathPrefix="/awslab/")["Roles"]
    functions = [f["FunctionName"] for f in lambda_.list_functions()["Functions"]]
    aliases = [a for name in functions for a in lambda_.list_aliases(FunctionName=name)["Aliases"]]
    told = [_notifications(endpoint, b["Name"]) for b in _all(endpoint, *LISTED["Bucket"])]
    return found + Counter(
        {
            "Listener": len(listeners),
            "Role": len(roles),
            "Function": len(functions),
            "Release": len(aliases),
            "BucketNotification": sum(told),
        }
    )


def _notifications(endpoint: str, bucket: str) -> int:
    told = _client("s3", endpoint).get_bucket_notification_configuration(Bucket=bucket)
    return len(told.get("LambdaFunctionConfigurations", ()))


def _all(endpoint: str, service: str, operation: str, key: str) -> list:
    return getattr(_client(service, endpoint), operation)().get(key, [])


_clients: dict[tuple[str, str], object] = {}


def _client(service: str, endpoint: str):
    """A client, made once: that takes longer than a call."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    if (service, endpoint) not in _clients:
        _clients[service, endpoint] = boto3.client(service, endpoint_url=endpoint, **keys)
    return _clients[service, endpoint]
