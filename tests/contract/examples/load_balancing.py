"""A load balancer, what it listens on, and where it leads to."""

from __future__ import annotations

from awslab.aws.load_balancer import DROP, PROTECT, Listener, LoadBalancer
from awslab.aws.network import Subnet
from awslab.aws.target_group import DRAINING, TargetGroup
from awslab.core.values import FrozenMap
from tests.contract.examples.example import OWNER, Example
from tests.contract.examples.machines import BASTION
from tests.contract.examples.network import IGW, SUBNET, VPC, WEB

OTHER = Subnet(name="public-b", vpc=VPC, cidr="10.0.16.0/20", zone="us-east-1b", public_ips=True)
CHECK = FrozenMap(
    {"path": "/", "interval": "15", "timeout": "5", "healthyAfter": "2", "unhealthyAfter": "3", "codes": "200-399"}
)
BALANCER = LoadBalancer(
    name="web",
    called=OWNER.physical_name("web", 32),
    subnets=frozenset({SUBNET, OTHER}),
    groups=frozenset({WEB}),
    internet=IGW,
)
GROUP = TargetGroup(
    name="web-80",
    called=OWNER.physical_name("web-80", 32),
    vpc=VPC,
    port=80,
    check=CHECK,
    targets=frozenset({BASTION}),
)
EMPTY = TargetGroup(name="web-81", called=OWNER.physical_name("web-81", 32), vpc=VPC, port=81, check=CHECK)
CERTIFICATES = tuple(f"arn:aws:acm:us-east-1:123456789012:certificate/{n}" for n in ("ours", "theirs"))
"""Somebody else's; tests/contract/conftest.py makes them."""
LISTENER = Listener(
    name="web",
    balancer=BALANCER,
    target=EMPTY,
    port=443,
    certificate=CERTIFICATES[0],
    policy="ELBSecurityPolicy-2016-08",
)


def _attribute(key, value):
    return lambda aws, o: aws("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=o.id, Attributes=[{"Key": key, "Value": value}]
    )


def _vpc(aws, found):
    (balancer,) = aws("elbv2").describe_load_balancers(LoadBalancerArns=[found.id])["LoadBalancers"]
    return balancer["VpcId"]


def _other_subnet(aws, found):
    ec2 = aws("ec2")
    wish = {"VpcId": _vpc(aws, found), "CidrBlock": "10.0.200.0/24", "AvailabilityZone": "us-east-1c"}
    subnet = ec2.create_subnet(**wish)["Subnet"]["SubnetId"]
    kept = min(found.fields["subnets"])
    aws("elbv2").set_subnets(LoadBalancerArn=found.id, Subnets=[kept, subnet])
    return lambda: ec2.delete_subnet(SubnetId=subnet)


def _other_group(aws, found):
    ec2 = aws("ec2")
    group = ec2.create_security_group(VpcId=_vpc(aws, found), GroupName="theirs", Description="x")["GroupId"]
    aws("elbv2").set_security_groups(LoadBalancerArn=found.id, SecurityGroups=[group])
    return lambda: ec2.delete_security_group(GroupId=group)


def _other_target(aws, found):
    elb, vpc = aws("elbv2"), aws("elbv2").describe_target_groups(TargetGroupArns=[found.fields["target"]])
    wish = {"Name": "theirs", "Protocol": "HTTP", "Port": 80, "VpcId": vpc["TargetGroups"][0]["VpcId"]}
    other = elb.create_target_group(**wish)["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_listener(ListenerArn=found.id, DefaultActions=[{"Type": "forward", "TargetGroupArn": other}])
    return lambda: elb.delete_target_group(TargetGroupArn=other)


def _sent_elsewhere(aws, found):
    config = {"Protocol": "HTTPS", "Port": "443", "Host": "example.com", "StatusCode": "HTTP_302"}
    actions = [{"Type": "redirect", "RedirectConfig": config}]
    aws("elbv2").modify_listener(ListenerArn=found.id, DefaultActions=actions)


EXAMPLES = [
    Example(
        BALANCER,
        {
            "subnets": _other_subnet,
            "groups": _other_group,
            "drops_invalid_headers": _attribute(DROP, "false"),
            "protected": _attribute(PROTECT, "true"),
        },
    ),
    Example(
        GROUP,
        {
            "targets": lambda aws, o: aws("elbv2").deregister_targets(
                TargetGroupArn=o.id, Targets=[{"Id": id_} for id_ in o.fields["targets"]]
            ),
            "check": lambda aws, o: aws("elbv2").modify_target_group(TargetGroupArn=o.id, HealthCheckPath="/other"),
            "drains": lambda aws, o: aws("elbv2").modify_target_group_attributes(
                TargetGroupArn=o.id, Attributes=[{"Key": DRAINING, "Value": "5"}]
            ),
        },
    ),
    Example(
        LISTENER,
        {
            "port": lambda aws, o: aws("elbv2").modify_listener(ListenerArn=o.id, Port=8080),
            "target": _other_target,
            "certificate": lambda aws, o: aws("elbv2").modify_listener(
                ListenerArn=o.id, Certificates=[{"CertificateArn": CERTIFICATES[1]}]
            ),
            "policy": lambda aws, o: aws("elbv2").modify_listener(ListenerArn=o.id, Protocol="HTTP"),
            "redirect": _sent_elsewhere,
        },
    ),
]
