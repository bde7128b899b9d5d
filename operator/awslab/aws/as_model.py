"""EC2's descriptions as the model of a network that the checks reason about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from awslab.checks.ends import PARTS
from awslab.checks.model import (
    ALL,
    EVERY_PORT,
    TYPES_AND_CODES,
    AclRule,
    Endpoint,
    FlowLog,
    Gateway,
    GatewayKind,
    GroupRule,
    Interface,
    NatGateway,
    NetworkAcl,
    Peering,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitAttachment,
    Vpc,
)
from awslab.core.ownership import RESOURCE_TAG

from .listed import Item, tags_of
from .routing import OTHERS_KEYS, TARGETS

PROTOCOLS = {"-1": ALL, "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
"""Numbers of protocols, as network ACLs have them."""

PROPAGATED = "EnableVgwRoutePropagation"
NOT_RUNNING = frozenset({"stopping", "stopped", "shutting-down", "terminated"})
ANY_CODE = frozenset({-1, 0})
"""The codes of ICMP that concern an echo."""


def name_of(item: Item) -> str:
    """What we call it, where it is ours: ``public-a``; else its Name tag."""
    tags = tags_of({"Tags": item.get("Tags") or item.get("TagSet") or ()})
    return tags.get(RESOURCE_TAG, "").partition("/")[2] or tags.get("Name", "")


def part_of(name: str) -> str:
    """The part of a network that a resource called *name* is; empty where it is none."""
    return next((p for p in sorted(PARTS, key=len, reverse=True) if name == p or name.startswith(f"{p}-")), "")


def vpc(item: Item) -> Vpc:
    """A VPC with all its CIDRs."""
    first = [{"CidrBlock": item["CidrBlock"], "CidrBlockState": {"State": "associated"}}]
    blocks = item.get("CidrBlockAssociationSet") or first
    cidrs = [b["CidrBlock"] for b in blocks if b["CidrBlockState"]["State"] == "associated"]
    return Vpc(item["VpcId"], (*cidrs, *_ipv6(item)), name_of(item))


def _ipv6(item: Item) -> Iterator[str]:
    for block in item.get("Ipv6CidrBlockAssociationSet", ()):
        if block["Ipv6CidrBlockState"]["State"] == "associated":
            yield block["Ipv6CidrBlock"]


def subnet(item: Item, tables: Sequence[RouteTable]) -> Subnet:
    """A subnet; its tier by our name for it, else by where its default route leads."""
    cidrs = (*([item["CidrBlock"]] if item.get("CidrBlock") else ()), *_ipv6(item))
    name = name_of(item)
    return Subnet(
        id=item["SubnetId"],
        vpc=item["VpcId"],
        cidrs=cidrs,
        zone=item["AvailabilityZone"],
        tier=_tier(item, tables),
        name=name,
        public_ips=item.get("MapPublicIpOnLaunch", False),
    )


def _tier(item: Item, tables: Sequence[RouteTable]) -> str:
    tier = tags_of(item).get(RESOURCE_TAG, "").partition("/")[2].rpartition("-")[0]
    if tier in {"public", "private", "data"}:
        return tier
    own = next((t for t in tables if item["SubnetId"] in t.subnets), None)
    table = own or next((t for t in tables if t.main and t.vpc == item["VpcId"]), None)
    way_out = next((r.target for r in table.routes if r.destination == "0.0.0.0/0"), "") if table else ""
    return "public" if way_out.startswith("igw-") else "private" if way_out else "data"


def table(item: Item) -> RouteTable:
    """A route table with its associations."""
    associations = item.get("Associations", ())
    return RouteTable(
        id=item["RouteTableId"],
        vpc=item["VpcId"],
        routes=tuple(_route(r) for r in item.get("Routes", ())),
        subnets=frozenset(a["SubnetId"] for a in associations if "SubnetId" in a),
        main=any(a.get("Main") for a in associations),
        name=name_of(item),
    )


def _route(item: Item) -> Route:
    keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    targets = (*dict.fromkeys(TARGETS.values()), *OTHERS_KEYS)
    return Route(
        destination=next(item[k] for k in keys if item.get(k)),
        target=next((item[k] for k in targets if item.get(k)), "nowhere"),
        blackhole=item.get("State") == "blackhole",
        propagated=item.get("Origin") == PROPAGATED,
    )


def gateways(item: Item, id_key: str, kind: GatewayKind) -> Iterator[Gateway]:
    """A gateway, once for each VPC that it is attached to."""
    for attachment in item.get("Attachments") or item.get("VpcAttachments") or ():
        if attachment.get("State") in {"available", "attached"}:
            yield Gateway(item[id_key], attachment["VpcId"], kind, name_of(item))


def nat_gateways(item: Item) -> Iterator[NatGateway]:
    """A NAT gateway with its first address; one that has none yet is not there yet."""
    for address in item.get("NatGatewayAddresses", ())[:1]:
        if item["State"] not in {"deleting", "deleted"} and address.get("PrivateIp"):
            yield NatGateway(
                id=item["NatGatewayId"],
                subnet=item["SubnetId"],
                private_ip=address["PrivateIp"],
                public_ip=address.get("PublicIp", ""),
                state=item["State"],
                name=name_of(item),
            )


def acl(item: Item) -> NetworkAcl:
    """A network ACL with its entries."""
    subnets = frozenset(a["SubnetId"] for a in item.get("Associations", ()))
    rules = tuple(_acl_rules(item.get("Entries", ())))
    name = name_of(item) or ("default" if item.get("IsDefault") else "")
    return NetworkAcl(item["NetworkAclId"], item["VpcId"], rules, subnets, name)


def _acl_rules(entries: Iterable[Item]) -> Iterator[AclRule]:
    for entry in entries:
        protocol = _protocol(entry["Protocol"])
        icmp = entry.get("IcmpTypeCode", {})
        ports = entry.get("PortRange", {})
        if icmp.get("Code", -1) in ANY_CODE:
            yield AclRule(
                number=entry["RuleNumber"],
                egress=entry["Egress"],
                allow=entry["RuleAction"] == "allow",
                cidr=entry.get("CidrBlock") or entry["Ipv6CidrBlock"],
                protocol=protocol,
                ports=_ports(protocol, icmp.get("Type", ports.get("From", -1)), ports.get("To", -1)),
            )


def _protocol(text: str) -> str:
    """A protocol's name, where it has one."""
    return PROTOCOLS.get(text, text)


def _ports(protocol: str, low: int, high: int) -> tuple[int, int]:
    """The ports that a rule is about; for ICMP its one type, or all types."""
    if protocol in {"icmp", "icmpv6"}:
        return (low, low) if low >= 0 else TYPES_AND_CODES
    return (low, high) if low >= 0 and protocol != ALL else EVERY_PORT


def group(item: Item) -> SecurityGroup:
    """A security group with its rules."""
    rules = (
        *_group_rules(item.get("IpPermissions", ()), egress=False),
        *_group_rules(item.get("IpPermissionsEgress", ()), egress=True),
    )
    resource = tags_of(item).get(RESOURCE_TAG, "").partition("/")[2]
    return SecurityGroup(item["GroupId"], item["VpcId"], rules, resource or item["GroupName"])


def _group_rules(permissions: Iterable[Item], *, egress: bool) -> Iterator[GroupRule]:
    for permission in permissions:
        protocol = _protocol(permission["IpProtocol"])
        low, high = permission.get("FromPort", -1), permission.get("ToPort", -1)
        if protocol in {"icmp", "icmpv6"} and high not in ANY_CODE:
            continue
        for peer in _peers(permission):
            yield GroupRule(egress, peer, protocol, _ports(protocol, low, high))


def _peers(permission: Item) -> Iterator[str]:
    yield from (r["CidrIp"] for r in permission.get("IpRanges", ()))
    yield from (r["CidrIpv6"] for r in permission.get("Ipv6Ranges", ()))
    yield from (r["GroupId"] for r in permission.get("UserIdGroupPairs", ()))
    yield from (r["PrefixListId"] for r in permission.get("PrefixListIds", ()))


def interfaces(item: Item, instances: Mapping[str, Item]) -> Iterator[Interface]:
    """An interface; none of a NAT gateway, which is told by itself, and none of an instance that does not run."""
    attachment = item.get("Attachment") or {}
    instance = instances.get(attachment.get("InstanceId", ""), {})
    if item.get("InterfaceType") == "nat_gateway" or instance.get("State", {}).get("Name") in NOT_RUNNING:
        return
    balancer = balancer_name(item)
    name = balancer or name_of(instance) or name_of(item)
    yield Interface(
        id=item["NetworkInterfaceId"],
        subnet=item["SubnetId"],
        addresses=tuple(_addresses(item)),
        groups=tuple(g["GroupId"] for g in item.get("Groups", ())),
        public_ip=item.get("Association", {}).get("PublicIp", ""),
        name=name,
        part="load-balancer" if balancer else part_of(name),
        instance=attachment.get("InstanceId", ""),
    )


def balancer_name(interface: Item) -> str:
    """The load balancer whose interface it is: AWS describes it as ``ELB app/NAME/ID``; empty where it is none."""
    about = interface.get("Description", "")
    return about.split("/")[1] if about.startswith("ELB ") and about.count("/") > 1 else ""


def _addresses(item: Item) -> Iterator[str]:
    primary = item.get("PrivateIpAddress")
    if primary:
        yield primary
    yield from (a["PrivateIpAddress"] for a in item.get("PrivateIpAddresses", ()) if a["PrivateIpAddress"] != primary)
    yield from (a["Ipv6Address"] for a in item.get("Ipv6Addresses", ()))


def peering(item: Item) -> Peering:
    """A peering connection with both sides' addresses."""
    sides = (item["RequesterVpcInfo"], item["AccepterVpcInfo"])
    return Peering(
        id=item["VpcPeeringConnectionId"],
        vpcs=(sides[0]["VpcId"], sides[1]["VpcId"]),
        cidrs=(tuple(_side(sides[0])), tuple(_side(sides[1]))),
        state=item["Status"]["Code"],
        name=name_of(item),
    )


def _side(side: Item) -> Iterator[str]:
    blocks = [b["CidrBlock"] for b in side.get("CidrBlockSet", ())]
    yield from blocks or ([side["CidrBlock"]] if side.get("CidrBlock") else [])
    yield from (b["Ipv6CidrBlock"] for b in side.get("Ipv6CidrBlockSet", ()))


def attachment(item: Item) -> TransitAttachment:
    """A VPC's attachment to a transit gateway."""
    return TransitAttachment(item["TransitGatewayAttachmentId"], item["TransitGatewayId"], item["VpcId"], item["State"])


def endpoint(item: Item, tables: Iterable[RouteTable]) -> Endpoint:
    """An endpoint; the prefix list of a gateway endpoint stands in the routes to it."""
    id_ = item["VpcEndpointId"]
    lists = (r.destination for t in tables for r in t.routes if r.target == id_)
    return Endpoint(
        id=id_,
        vpc=item["VpcId"],
        service=item["ServiceName"].split(".", 3)[-1],
        prefix_list=next(lists, ""),
        interfaces=tuple(item.get("NetworkInterfaceIds", ())),
        state=item["State"].lower(),
        name=name_of(item),
    )


def flow_log(item: Item) -> FlowLog:
    """A flow log; of one to a log group that is told by its name only, that."""
    fails = item.get("DeliverLogsStatus", "SUCCESS") != "SUCCESS"
    trouble = item.get("DeliverLogsErrorMessage") or "AWS does not say why"
    to = item.get("LogDestination") or item.get("LogGroupName") or "an unknown destination"
    return FlowLog(item["FlowLogId"], item["ResourceId"], to.removesuffix(":*"), trouble if fails else "")
