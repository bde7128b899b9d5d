"""What is in the AWS account, as anybody with a boto3 client sees it: not through the operator's eyes."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

Facts = dict[str, Any]
"""What AWS says of each thing, by its id."""


def of_owner(ec2: Any, iam: Any, owner: str) -> Facts:
    """Return all that is the owner's; associations and the entries of ACLs are things of their own."""
    mine = [{"Name": "tag:awslab.dev/owner", "Values": [owner]}]
    found = (_things(ec2, mine), _machines(ec2, mine), _traffic(ec2, mine), _identities(iam, f"/awslab/{owner}/"))
    return dict(chain.from_iterable(found))


def resources(facts: Facts) -> set[str]:
    """Return the ids of those things that are no part of another one."""
    return {id_ for id_ in facts if "assoc-" not in id_ and "#" not in id_}


def _things(ec2: Any, mine: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for vpc in ec2.describe_vpcs(Filters=mine)["Vpcs"]:
        yield vpc["VpcId"], vpc
    for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]:
        yield subnet["SubnetId"], subnet
    for gateway in ec2.describe_internet_gateways(Filters=mine)["InternetGateways"]:
        yield gateway["InternetGatewayId"], gateway
    for address in ec2.describe_addresses(Filters=mine)["Addresses"]:
        yield address["AllocationId"], address
    for nat in ec2.describe_nat_gateways(Filter=mine)["NatGateways"]:
        if nat["State"] != "deleted":
            yield nat["NatGatewayId"], nat
    for group in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
        yield group["GroupId"], group


def _machines(ec2: Any, mine: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for reservation in ec2.describe_instances(Filters=mine)["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                yield instance["InstanceId"], instance


def _traffic(ec2: Any, mine: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield what leads packets to other places or keeps them out."""
    for table in ec2.describe_route_tables(Filters=mine)["RouteTables"]:
        for association in table.pop("Associations"):
            yield association["RouteTableAssociationId"], association
        yield table["RouteTableId"], table
    for acl in ec2.describe_network_acls(Filters=mine)["NetworkAcls"]:
        for association in acl.pop("Associations"):
            yield association["NetworkAclAssociationId"], association
        for entry in acl.pop("Entries"):
            yield f"{acl['NetworkAclId']}#{entry['RuleNumber']}-{entry['Egress']}", entry
        yield acl["NetworkAclId"], acl
    for endpoint in ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]:
        for table in endpoint.pop("RouteTableIds", ()):
            yield f"{endpoint['VpcEndpointId']}#{table}", table
        yield endpoint["VpcEndpointId"], endpoint


def _identities(iam: Any, path: str) -> Iterator[tuple[str, Any]]:
    for role in iam.list_roles(PathPrefix=path)["Roles"]:
        yield role["Arn"], role
    for profile in iam.list_instance_profiles(PathPrefix=path)["InstanceProfiles"]:
        yield profile["Arn"], profile


def route(ec2: Any, table: str, destination: str) -> str:
    """Return where the route goes: the id of a gateway, or "" where there is no such route."""
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    targets = [
        entry.get("NatGatewayId") or entry.get("GatewayId", "")
        for entry in found["Routes"]
        if entry.get("DestinationCidrBlock") == destination
    ]
    return str(targets[0]) if targets else ""


def leftovers(ec2: Any) -> list[str]:
    """Return the ids of all networks, addresses and gateways, except those that every account has from the start."""
    vpcs = ec2.describe_vpcs()["Vpcs"]
    own = {vpc["VpcId"] for vpc in vpcs if vpc["IsDefault"]}
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    loose = [g for g in gateways if not own & {a["VpcId"] for a in g["Attachments"]}]
    nats = [nat for nat in ec2.describe_nat_gateways()["NatGateways"] if nat["State"] != "deleted"]
    subnets = [s for s in ec2.describe_subnets()["Subnets"] if s["VpcId"] not in own]
    return [
        *(vpc["VpcId"] for vpc in vpcs if vpc["VpcId"] not in own),
        *(subnet["SubnetId"] for subnet in subnets),
        *(gateway["InternetGatewayId"] for gateway in loose),
        *(nat["NatGatewayId"] for nat in nats),
        *(address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]),
    ]


def of_pipelines(client: Callable[[str], Any]) -> Iterator[str]:
    """Whatever the account has of what pipelines are made of, their own or not: names, ARNs and URLs."""
    yield from (bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"])
    yield from (function["FunctionName"] for function in client("lambda").list_functions()["Functions"])
    yield from (machine["name"] for machine in client("stepfunctions").list_state_machines()["stateMachines"])
    yield from (role["Arn"] for role in client("iam").list_roles(PathPrefix="/awslab/")["Roles"])
    yield from (group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"])
    yield from (topic["TopicArn"] for topic in client("sns").list_topics()["Topics"])
    yield from client("dynamodb").list_tables()["TableNames"]
    yield from (rule["Name"] for rule in client("events").list_rules()["Rules"])
    yield from (alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"])
    yield from (board["DashboardName"] for board in client("cloudwatch").list_dashboards()["DashboardEntries"])
    yield from client("sqs").list_queues().get("QueueUrls", ())
