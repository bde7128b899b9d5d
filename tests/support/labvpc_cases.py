"""Good and bad specs of a LabVpc: pydantic and the API server must judge every one of them alike.

A sentence is what both say: the field's path and the way out. Where Kubernetes has words of its
own (a type, a bound, an enum, a duplicate), only the path is common to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MINIMAL: dict[str, Any] = {"region": "us-east-1", "cidr": "10.0.0.0/16"}

A_NETWORK = "must be an IPv4 network in CIDR notation, for example 10.0.0.0/16"
NO_HOST_BITS = "must have no bits set behind its prefix, for example 10.0.0.0/16 instead of 10.0.1.0/16"
A_VPC = "must be between /16 and /24, for example 10.0.0.0/16"
A_SUBNET = "must be between /16 and /28, for example 10.0.16.0/20"
A_REGION = "must be the name of an AWS region, for example us-east-1"
COUNT_OR_LIST = "must be a count from 1 to 6 or a list of 1 to 6 zone names, for example 2 or [us-east-1a, us-east-1b]"
NOT_TWICE = "must not name a zone twice"
OF_THE_REGION = "must be zones of spec.region, its name and one letter, for example us-east-1a"
KEYED_BY_ZONE = "must have zones of spec.region as keys, its name and one letter, for example us-east-1a"
INSIDE = "must lie inside spec.cidr or one of spec.secondaryCidrs"
NO_OVERLAP = "must have cidrs that do not overlap, neither within a tier nor between tiers"
KEY_LENGTH = "must have keys of 1 to 128 characters"
A_PORT = "must have a port, unless protocol is icmp"
RESERVED = "must not have keys that begin with aws: (kept by AWS) or awslab.dev/ (kept by the operator)"
KEY_LETTERS = "must have keys of letters, digits, spaces and _ . : / = + - @"
VALUE_LETTERS = "must consist of letters, digits, spaces and _ . : / = + - @"


@dataclass(frozen=True)
class Bad:
    """A spec that nobody may apply: which field is wrong, and what is said about it."""

    name: str
    spec: dict[str, Any]
    path: str
    says: str = ""


def but(**changes: Any) -> dict[str, Any]:
    """The minimal spec with other or further fields."""
    return MINIMAL | changes


def zones(value: Any) -> dict[str, Any]:
    """The minimal spec with other availability zones."""
    return but(availabilityZones=value)


def cidrs(**tiers: dict[str, str]) -> dict[str, Any]:
    """The minimal spec with explicit CIDRs for the subnets of some tiers, by the letter of the zone."""
    return but(
        subnets={
            tier: {"cidrs": {f"us-east-1{letter}": cidr for letter, cidr in by_letter.items()}}
            for tier, by_letter in tiers.items()
        }
    )


def admits(**load_balancer: Any) -> dict[str, Any]:
    """The minimal spec with other rules for the load balancer."""
    return but(securityGroups={"loadBalancer": load_balancer})


def tagged(tags: dict[Any, Any]) -> dict[str, Any]:
    """The minimal spec with tags."""
    return but(tags=tags)


def named(letters: str) -> list[str]:
    """The names of the zones with these letters."""
    return [f"us-east-1{letter}" for letter in letters]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJm1LtPKEO0fTnB0RGzlVGMvn1MlQxVTsZ+qM4Ll7VIB somebody@home"


def ssh(**bastion: Any) -> dict[str, Any]:
    """The minimal spec with a bastion for SSH."""
    return but(bastion={"access": "Ssh", "publicKey": KEY, "allowedCidrs": ["198.51.100.0/24"], **bastion})


THEIRS: dict[str, Any] = {"vpcId": "vpc-0123456789abcdef0", "cidrs": ["10.1.0.0/16"]}


def peered(**peering: Any) -> dict[str, Any]:
    """The minimal spec with one peering."""
    return but(peerings=[{"name": "shop", **peering}])


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
TLS: dict[str, Any] = {"loadBalancer": True, "certificateArn": CERTIFICATE}


def checks(*entries: dict[str, Any]) -> dict[str, Any]:
    """The minimal spec with checks."""
    return but(checks=list(entries))


GOOD: dict[str, dict[str, Any]] = {
    "minimal": MINIMAL,
    "the smallest network": but(cidr="192.168.255.0/24"),
    "a region with a long name": but(region="us-gov-west-1"),
    "one zone": zones(1),
    "six zones": zones(6),
    "a named zone": zones(named("f")),
    "six named zones": zones(named("abcdef")),
    "IPv6": but(ipv6=True),
    "a peering with a LabVpc": peered(vpcRef={"name": "shop", "namespace": "shop"}, dns=False),
    "a peering with a VPC": peered(**THEIRS, accountRef={"name": "prod"}, region="eu-west-1"),
    "a transit gateway": but(transitGateway={"id": "tgw-0123456789abcdef0", "routes": ["10.8.0.0/16"]}),
    "a VPN gateway": but(vpnGateway={"id": "vgw-0123456789abcdef0"}),
    "a VPN gateway for all": but(
        vpnGateway={"id": "vgw-12345678", "propagateTo": ["Public", "Private", "Data"]}, subnets={"public": {}}
    ),
    "a VPN gateway whose routes nobody takes": but(
        vpnGateway={"id": "vgw-12345678", "propagateTo": []}, subnets={"data": {"enabled": False}}
    ),
    "connected networks": but(connectedCidrs=["10.1.0.0/16"]),
    "further addresses": but(secondaryCidrs=["100.64.0.0/16", "10.1.0.0/28"]),
    "a subnet in further addresses": cidrs(private={"a": "100.64.0.0/20"}) | {"secondaryCidrs": ["100.64.0.0/16"]},
    "DHCP options": but(
        dhcpOptions={
            "domainName": "corp.example.com",
            "domainNameServers": ["10.0.0.2", "AmazonProvidedDNS"],
            "ntpServers": ["169.254.169.123"],
        }
    ),
    "a domain only": but(dhcpOptions={"domainName": "corp"}),
    "no NAT": but(natGateways="None"),
    "no public tier": but(natGateways="None", subnets={"public": {"enabled": False}}, bastion={}, webServer={}),
    "no data tier": but(subnets={"data": {"enabled": False}}),
    "adjoining subnets": cidrs(public={"a": "10.0.0.0/24", "b": "10.0.1.0/24"}, data={"a": "10.0.2.0/28"}),
    "a subnet as large as the network": cidrs(public={"a": "10.0.0.0/16"}),
    "tags of every script": tagged({"Kostenstelle Süd": "größer+1", "名前/a.b:c=d-e@f_g": "値", "empty": ""}),
    "a key of 128 characters": tagged({"k" * 128: "v" * 256}),
    "forty tags": tagged({f"key-{n}": "v" for n in range(40)}),
    "a key that only looks reserved": tagged({"aws": "1", "my-aws:x": "2", "awslab.device": "3"}),
    "the first and the last port": admits(ports=[1, 65535]),
    "network ACLs of AWS's own": but(networkAcls="Default"),
    "an emptied default network ACL": but(emptyDefaultNetworkAcl=True),
    "no endpoints": but(endpoints={"gateways": []}),
    "endpoints of all kinds": but(
        endpoints={
            "gateways": ["s3"],
            "interfaces": {"ssm": {}, "ecr.api": {"privateDns": False}},
            "policies": {"s3": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}},
        }
    ),
    "traffic that is expected": but(
        expect={"natGb": 0.5, "endpointGb": 100, "flowLogGb": 0, "loadBalancerGb": 1, "connectionsPerSecond": 0.1}
    ),
    "checks of one's own": checks(
        {"from": "bastion", "to": "web", "port": 443},
        {"from": "internet", "to": "i-0123456789abcdef0", "protocol": "icmp", "expect": "closed"},
        {"from": "private", "to": "2001:db8::/32", "port": 53, "protocol": "udp", "expect": "open"},
    ),
    "a bastion": but(bastion={}),
    "a bastion by SSH": ssh(),
    "a bastion for everybody": ssh(allowedCidrs=["0.0.0.0/0"], allowAnywhere=True),
    "web servers": but(webServer={}),
    "web servers with a load balancer": but(webServer={"replicas": 3, "loadBalancer": True, "userData": "#!/bin/sh"}),
    "HTTPS": but(webServer=TLS),
    "HTTPS alone": but(webServer=TLS, securityGroups={"loadBalancer": {"ports": [443]}}),
    "HTTPS of a policy": but(webServer=TLS | {"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}),
    "web servers from a ConfigMap": but(webServer={"userDataFrom": {"name": "web", "key": "start.sh"}}),
    "web servers with a check": but(webServer={"healthCheck": {"path": "/healthz?a=1", "codes": "200-299,304"}}),
    "a bastion of a certain kind": but(bastion={"instanceType": "t4g.nano", "ami": "ami-0123456789abcdef0"}),
    "flow logs": but(flowLogs={}),
    "flow logs in a bucket of somebody's": but(flowLogs={"destination": "S3", "bucket": "arn:aws:s3:::logs/vpc"}),
    "flow logs of what was rejected, minute by minute": but(
        flowLogs={"traffic": "Rejected", "retentionDays": 3653, "intervalSeconds": 60}
    ),
    "logs that stay": but(deletion={"keepLogs": True}),
    "from everywhere and from one host": admits(**{"from": ["0.0.0.0/0", "203.0.113.7/32"]}),
}

_ZONES = "spec.availabilityZones"
_PRIVATE_A = "spec.subnets.private.cidrs.us-east-1a"
_BALANCER = "spec.securityGroups.loadBalancer"

BAD: tuple[Bad, ...] = (
    Bad("no region", {"cidr": "10.0.0.0/16"}, "spec.region"),
    Bad("no cidr", {"region": "us-east-1"}, "spec.cidr"),
    Bad("a zone for a region", but(region="us-east-1a"), "spec.region", A_REGION),
    Bad("a region in capitals", but(region="US-EAST-1"), "spec.region", A_REGION),
    Bad("an empty region", but(region=""), "spec.region", A_REGION),
    Bad("too large a network", but(cidr="10.0.0.0/15"), "spec.cidr", A_VPC),
    Bad("too small a network", but(cidr="10.0.0.0/25"), "spec.cidr", A_VPC),
    Bad("host bits", but(cidr="10.0.1.0/16"), "spec.cidr", NO_HOST_BITS),
    Bad("no prefix", but(cidr="10.0.0.0"), "spec.cidr", A_NETWORK),
    Bad("a netmask", but(cidr="10.0.0.0/255.255.0.0"), "spec.cidr", A_NETWORK),
    Bad("a prefix with a zero before", but(cidr="10.0.0.0/016"), "spec.cidr", A_NETWORK),
    Bad("an octet with a zero before", but(cidr="010.0.0.0/16"), "spec.cidr", A_NETWORK),
    Bad("an octet too large", but(cidr="10.256.0.0/16"), "spec.cidr", A_NETWORK),
    Bad("a prefix too long", but(cidr="10.0.0.0/33"), "spec.cidr", A_NETWORK),
    Bad("IPv6", but(cidr="2001:db8::/32"), "spec.cidr", A_NETWORK),
    Bad("IPv4 in IPv6", but(cidr="::ffff:10.0.0.0/112"), "spec.cidr", A_NETWORK),
    Bad("a number for a network", but(cidr=10), "spec.cidr"),
    Bad("no zone", zones(0), _ZONES, COUNT_OR_LIST),
    Bad("seven zones", zones(7), _ZONES, COUNT_OR_LIST),
    Bad("half a zone", zones(2.5), _ZONES, COUNT_OR_LIST),
    Bad("a count in quotes", zones("2"), _ZONES, COUNT_OR_LIST),
    Bad("a truth for a count", zones(True), _ZONES, COUNT_OR_LIST),  # noqa: FBT003 - it is the case
    Bad("an object for a count", zones({"count": 2}), _ZONES, COUNT_OR_LIST),
    Bad("an empty list of zones", zones([]), _ZONES, COUNT_OR_LIST),
    Bad("a list of numbers", zones([1, 2]), _ZONES, COUNT_OR_LIST),
    Bad("seven named zones", zones(named("abcdefg")), _ZONES, COUNT_OR_LIST),
    Bad("a zone twice", zones(named("aa")), _ZONES, NOT_TWICE),
    Bad("another region's zone", zones(["eu-west-1a"]), _ZONES, OF_THE_REGION),
    Bad("a region for a zone", zones(["us-east-1"]), _ZONES, OF_THE_REGION),
    Bad("a local zone", zones(["us-east-1-bos-1a"]), _ZONES, OF_THE_REGION),
    Bad("another NAT mode", but(natGateways="Two"), "spec.natGateways"),
    Bad("a NAT mode in small letters", but(natGateways="single"), "spec.natGateways"),
    Bad("a subnet outside", cidrs(public={"a": "10.1.0.0/24"}), "spec.subnets.public.cidrs", INSIDE),
    Bad(
        "a subnet larger than the network",
        cidrs(data={"a": "10.0.0.0/19"}) | {"cidr": "10.0.0.0/20"},
        "spec.subnets.data.cidrs",
        INSIDE,
    ),
    Bad("too small a subnet", cidrs(private={"a": "10.0.0.0/29"}), _PRIVATE_A, A_SUBNET),
    Bad("a subnet with host bits", cidrs(private={"a": "10.0.0.16/24"}), _PRIVATE_A, NO_HOST_BITS),
    Bad("no network for a subnet", cidrs(private={"a": "ten"}), _PRIVATE_A, A_NETWORK),
    Bad(
        "NAT without public subnets",
        but(subnets={"public": {"enabled": False}}),
        "spec.natGateways",
        "must be None where subnets.public.enabled is false: NAT gateways stand in public subnets",
    ),
    Bad(
        "a load balancer without public subnets",
        but(natGateways="None", subnets={"public": {"enabled": False}}, webServer={"loadBalancer": True}),
        "spec.webServer.loadBalancer",
        "must be false where subnets.public.enabled is false: the load balancer stands in public subnets",
    ),
    Bad(
        "another region's subnet",
        but(subnets={"data": {"cidrs": {"us-west-2a": "10.0.0.0/24"}}}),
        "spec.subnets.data.cidrs",
        KEYED_BY_ZONE,
    ),
    Bad(
        "a zone by its letter",
        but(subnets={"public": {"cidrs": {"a": "10.0.0.0/24"}}}),
        "spec.subnets.public.cidrs",
        KEYED_BY_ZONE,
    ),
    Bad(
        "the same subnet twice in a tier",
        cidrs(public={"a": "10.0.0.0/24", "b": "10.0.0.0/24"}),
        "spec.subnets",
        NO_OVERLAP,
    ),
    Bad(
        "a subnet within another tier's",
        cidrs(public={"a": "10.0.0.0/20"}, data={"b": "10.0.1.0/24"}),
        "spec.subnets",
        NO_OVERLAP,
    ),
    Bad(
        "seven subnets in a tier",
        cidrs(public={letter: f"10.0.{n}.0/24" for n, letter in enumerate("abcdefg")}),
        "spec.subnets.public.cidrs",
    ),
    Bad("AWS's own tag", tagged({"aws:x": "1"}), "spec.tags", RESERVED),
    Bad("AWS's own tag in capitals", tagged({"AWS:x": "1"}), "spec.tags", RESERVED),
    Bad("the operator's own tag", tagged({"awslab.dev/owner": "me"}), "spec.tags", RESERVED),
    Bad("an empty key", tagged({"": "1"}), "spec.tags", KEY_LENGTH),
    Bad("a key of 129 characters", tagged({"k" * 129: "1"}), "spec.tags", KEY_LENGTH),
    Bad("a key with a comma", tagged({"a,b": "1"}), "spec.tags", KEY_LETTERS),
    Bad("a key of two lines", tagged({"a\nb": "1"}), "spec.tags", KEY_LETTERS),
    Bad("a value with a hash", tagged({"a": "#1"}), "spec.tags.a", VALUE_LETTERS),
    Bad("a value that ends its line", tagged({"a": "b\n"}), "spec.tags.a", VALUE_LETTERS),
    Bad("a value of 257 characters", tagged({"a": "v" * 257}), "spec.tags.a"),
    Bad("a number for a value", tagged({"a": 1}), "spec.tags.a"),
    Bad("forty-one tags", tagged({f"key-{n}": "v" for n in range(41)}), "spec.tags"),
    Bad(
        "a tier's tag that AWS keeps",
        but(subnets={"public": {"tags": {"aws:x": "1"}}}),
        "spec.subnets.public.tags",
        RESERVED,
    ),
    Bad("port 0", admits(ports=[0]), f"{_BALANCER}.ports[0]"),
    Bad("port 65536", admits(ports=[80, 65536]), f"{_BALANCER}.ports[1]"),
    Bad("no port", admits(ports=[]), f"{_BALANCER}.ports"),
    Bad("a port twice", admits(ports=[80, 80]), f"{_BALANCER}.ports"),
    Bad("eleven ports", admits(ports=list(range(1, 12))), f"{_BALANCER}.ports"),
    Bad("from nobody", admits(**{"from": []}), f"{_BALANCER}.from"),
    Bad("from a host without a prefix", admits(**{"from": ["203.0.113.7"]}), f"{_BALANCER}.from[0]", A_NETWORK),
    Bad("from a host of a network", admits(**{"from": ["203.0.113.7/24"]}), f"{_BALANCER}.from[0]", NO_HOST_BITS),
    Bad("less traffic than none", but(expect={"natGb": -1}), "spec.expect.natGb"),
    Bad("a check without a port", checks({"from": "a", "to": "b"}), "spec.checks[0]", A_PORT),
    Bad(
        "a ping with a port", checks({"from": "a", "to": "b", "port": 7, "protocol": "icmp"}), "spec.checks[0]", A_PORT
    ),
    Bad("a check from nowhere", checks({"to": "b", "port": 80}), "spec.checks[0].from"),
    Bad("a check with no name", checks({"from": "", "to": "b", "port": 80}), "spec.checks[0].from"),
    Bad("a hope", checks({"from": "a", "to": "b", "port": 80, "expect": "ajar"}), "spec.checks[0].expect"),
    Bad("a protocol by its number", checks({"from": "a", "to": "b", "protocol": "6"}), "spec.checks[0].protocol"),
    Bad("fifty-one checks", checks(*[{"from": "a", "to": "b", "port": 80}] * 51), "spec.checks"),
    Bad("a port in words", but(securityGroups={"app": {"port": "http"}}), "spec.securityGroups.app.port"),
    Bad("a port in quotes", but(securityGroups={"app": {"port": "80"}}), "spec.securityGroups.app.port"),
    Bad(
        "flow logs for eight days",
        but(flowLogs={"retentionDays": 8}),
        "spec.flowLogs.retentionDays",
        "must be a number of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, "
        "545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    Bad(
        "flow logs of every other minute",
        but(flowLogs={"intervalSeconds": 120}),
        "spec.flowLogs.intervalSeconds",
        "must be 60 or 600",
    ),
    Bad(
        "a bucket by its name",
        but(flowLogs={"bucket": "logs"}),
        "spec.flowLogs.bucket",
        "must be the ARN of a bucket, with a folder or without: arn:aws:s3:::logs/network",
    ),
    Bad("flow logs nowhere", but(flowLogs={"destination": "Paper"}), "spec.flowLogs.destination"),
    Bad(
        "user data twice",
        but(webServer={"userData": "#!/bin/sh", "userDataFrom": {"name": "web"}}),
        "spec.webServer.userDataFrom",
        "must not be given beside userData: one of them says what the servers do",
    ),
    Bad(
        "a check of no path",
        but(webServer={"healthCheck": {"path": "healthz"}}),
        "spec.webServer.healthCheck.path",
        "must be a path, for example /healthz",
    ),
    Bad(
        "a check for errors",
        but(webServer={"healthCheck": {"codes": "200-503"}}),
        "spec.webServer.healthCheck.codes",
        "must be codes of HTTP from 200 to 499, for example 200-399 or 200,204",
    ),
    Bad(
        "a certificate of nobody's",
        but(webServer=TLS | {"certificateArn": "shop.example.com"}),
        "spec.webServer.certificateArn",
        "must be the ARN of a certificate of ACM: arn:aws:acm:us-east-1:123456789012:certificate/...",
    ),
    Bad(
        "a certificate of another region",
        but(webServer=TLS, region="eu-west-1"),
        "spec.webServer.certificateArn",
        "must be the ARN of a certificate in spec.region",
    ),
    Bad(
        "a certificate without a load balancer",
        but(webServer={"certificateArn": CERTIFICATE}),
        "spec.webServer.certificateArn",
        "must not be given without loadBalancer: true",
    ),
    Bad(
        "HTTPS that nobody lets in",
        but(webServer=TLS, securityGroups={"loadBalancer": {"ports": [80]}}),
        "spec.webServer.certificateArn",
        "needs port 443 in securityGroups.loadBalancer.ports",
    ),
    Bad(
        "a security policy of one's own",
        but(webServer=TLS | {"sslPolicy": "TLS1.3"}),
        "spec.webServer.sslPolicy",
        "must be a security policy of load balancers, for example ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
    Bad("no web server", but(webServer={"replicas": 0}), "spec.webServer.replicas"),
    Bad("another way to a bastion", but(bastion={"access": "Telnet"}), "spec.bastion.access"),
    Bad(
        "SSH without a key",
        but(bastion={"access": "Ssh", "allowedCidrs": ["198.51.100.0/24"]}),
        "spec.bastion.publicKey",
        "is required where access is Ssh",
    ),
    Bad(
        "SSH from nowhere",
        ssh(allowedCidrs=[]),
        "spec.bastion.allowedCidrs",
        "must name the networks from which to log in where access is Ssh",
    ),
    Bad(
        "SSH from anywhere",
        ssh(allowedCidrs=["0.0.0.0/0"]),
        "spec.bastion.allowedCidrs",
        "must not be the whole internet (0.0.0.0/0), unless allowAnywhere is true",
    ),
    Bad(
        "a private key",
        ssh(publicKey="-----BEGIN OPENSSH PRIVATE KEY-----"),
        "spec.bastion.publicKey",
        "must be a public key as ssh-keygen writes it: ssh-ed25519 or ssh-rsa, and the key",
    ),
    Bad(
        "a public key of two lines",
        ssh(publicKey=KEY + "\n" + KEY),
        "spec.bastion.publicKey",
        "must be a public key as ssh-keygen writes it: ssh-ed25519 or ssh-rsa, and the key",
    ),
    Bad(
        "no type of instances",
        but(bastion={"instanceType": "large"}),
        "spec.bastion.instanceType",
        "must be a type of instances, for example t3.micro",
    ),
    Bad(
        "no image",
        but(bastion={"ami": "ubuntu"}),
        "spec.bastion.ami",
        "must be the id of an image, or a public parameter of Systems Manager (/aws/service/...)",
    ),
    Bad("other network ACLs", but(networkAcls="None"), "spec.networkAcls"),
    Bad(
        "an emptied default network ACL that is in use",
        but(networkAcls="Default", emptyDefaultNetworkAcl=True),
        "spec.emptyDefaultNetworkAcl",
        "must be false where networkAcls is Default: the subnets would be cut off",
    ),
    Bad(
        "a gateway endpoint of a service that has none",
        but(endpoints={"gateways": ["sqs"]}),
        "spec.endpoints.gateways[0]",
    ),
    Bad("a gateway endpoint twice", but(endpoints={"gateways": ["s3", "s3"]}), "spec.endpoints.gateways"),
    Bad(
        "a service with a space",
        but(endpoints={"interfaces": {"ecr api": {}}}),
        "spec.endpoints.interfaces",
        "must have names of services as keys, for example ssm, ecr.api or "
        "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
    ),
    Bad("a number for a policy", but(endpoints={"policies": {"s3": 1}}), "spec.endpoints.policies.s3"),
    Bad("a /56 of one's own", but(ipv6="2600:1f18::/56"), "spec.ipv6"),
    Bad("five further ranges", but(secondaryCidrs=[f"10.{n}.0.0/16" for n in range(1, 6)]), "spec.secondaryCidrs"),
    Bad("a further range twice", but(secondaryCidrs=["10.1.0.0/16", "10.1.0.0/16"]), "spec.secondaryCidrs"),
    Bad(
        "a further range that overlaps the first",
        but(secondaryCidrs=["10.0.128.0/20"]),
        "spec.secondaryCidrs",
        "must overlap neither spec.cidr nor each other",
    ),
    Bad(
        "further ranges that overlap",
        but(secondaryCidrs=["100.64.0.0/16", "100.64.16.0/20"]),
        "spec.secondaryCidrs",
        "must overlap neither spec.cidr nor each other",
    ),
    Bad(
        "a further range that is too large",
        but(secondaryCidrs=["100.64.0.0/10"]),
        "spec.secondaryCidrs[0]",
        "must be between /16 and /28, for example 100.64.0.0/16",
    ),
    Bad(
        "no DHCP option",
        but(dhcpOptions={"domainNameServers": []}),
        "spec.dhcpOptions",
        "must have domainName, domainNameServers or ntpServers",
    ),
    Bad(
        "a DNS server by name",
        but(dhcpOptions={"domainNameServers": ["ns1.example.com"]}),
        "spec.dhcpOptions.domainNameServers[0]",
        "must be an IPv4 address, or AmazonProvidedDNS for the resolver of the VPC itself",
    ),
    Bad(
        "a domain with a space",
        but(dhcpOptions={"domainName": "corp example"}),
        "spec.dhcpOptions.domainName",
        "must be the name of a domain, for example corp.example.com",
    ),
    Bad("five time servers", but(dhcpOptions={"ntpServers": ["10.0.0.1"] * 5}), "spec.dhcpOptions.ntpServers"),
    Bad(
        "a peering with nobody",
        peered(),
        "spec.peerings[0]",
        "must name the other side by vpcRef or by vpcId, not by both",
    ),
    Bad(
        "a peering with two",
        peered(**THEIRS, vpcRef={"name": "shop"}),
        "spec.peerings[0]",
        "must name the other side by vpcRef or by vpcId, not by both",
    ),
    Bad(
        "a peering with a VPC of unknown addresses",
        peered(vpcId="vpc-0123456789abcdef0"),
        "spec.peerings[0].cidrs",
        "must be given with vpcId, and only with it: those of a LabVpc are known",
    ),
    Bad(
        "a peering with a LabVpc of a region",
        peered(vpcRef={"name": "shop"}, region="eu-west-1"),
        "spec.peerings[0]",
        "must have accountId, accountRef, region and routeTableIds with vpcId only: those of a LabVpc are known",
    ),
    Bad(
        "a peering with no VPC",
        peered(**THEIRS | {"vpcId": "shop"}),
        "spec.peerings[0].vpcId",
        "must be an id such as vpc-0123456789abcdef0",
    ),
    Bad(
        "two peerings of one name",
        but(peerings=[{"name": "shop", **THEIRS}, {"name": "shop", **THEIRS}]),
        "spec.peerings",
    ),
    Bad(
        "a transit gateway for the internet",
        but(transitGateway={"id": "tgw-0123456789abcdef0", "routes": ["0.0.0.0/0"]}),
        "spec.transitGateway.routes",
        "must not have 0.0.0.0/0, which is the way to the internet",
    ),
    Bad(
        "a transit gateway that leads nowhere",
        but(transitGateway={"id": "tgw-0123456789abcdef0", "routes": []}),
        "spec.transitGateway.routes",
    ),
    Bad(
        "a VPN gateway by another id",
        but(vpnGateway={"id": "tgw-0123456789abcdef0"}),
        "spec.vpnGateway.id",
        "must be an id such as vgw-0123456789abcdef0",
    ),
    Bad(
        "a VPN gateway for a tier that there is not",
        but(vpnGateway={"id": "vgw-0123456789abcdef0", "propagateTo": ["App"]}),
        "spec.vpnGateway.propagateTo[0]",
    ),
    Bad(
        "a VPN gateway for public subnets that there are not",
        but(
            vpnGateway={"id": "vgw-0123456789abcdef0", "propagateTo": ["Public"]},
            subnets={"public": {"enabled": False}},
            natGateways="None",
        ),
        "spec.vpnGateway.propagateTo",
        "must not have Public where subnets.public.enabled is false",
    ),
    Bad(
        "a VPN gateway for data that is switched off",
        but(vpnGateway={"id": "vgw-0123456789abcdef0", "propagateTo": ["Data"]}, subnets={"data": {"enabled": False}}),
        "spec.vpnGateway.propagateTo",
        "must not have Data where subnets.data.enabled is false",
    ),
    Bad("yes for true", but(subnets={"data": {"enabled": "yes"}}), "spec.subnets.data.enabled"),
)

UNKNOWN: tuple[Bad, ...] = (
    Bad("a field that is not there", but(nat="Single"), "spec.nat"),
    Bad("the field of another tier", but(subnets={"private": {"enabled": True}}), "spec.subnets.private.enabled"),
    Bad("snake case", but(availability_zones=2), "spec.availability_zones"),
)
"""Refused by pydantic, and by the API server with kubectl's ``--validate=strict``, its default."""

IMMUTABLE: tuple[Bad, ...] = (
    Bad("another region", but(region="eu-west-1"), "spec.region", "cannot be changed: make a new object"),
    Bad("another network", but(cidr="10.1.0.0/16"), "spec.cidr", "cannot be changed: a VPC keeps its addresses"),
)
"""Refused only as a change of the minimal spec."""
