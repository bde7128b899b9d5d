"""Load balancers: provisioning, active, gone; and the interfaces by which they hold subnets and groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.ec2.utils import random_public_ip
from moto.elbv2.models import FakeLoadBalancer, elbv2_backends

from awslab.local.aws.ec2 import lookup as networks
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.ec2.patches import available_ip_address_count
from awslab.local.aws.elb.lookup import API, GUIDE, balancer, ec2, elb
from awslab.local.aws.errors import AwsError
from awslab.local.aws.quotas import QUOTAS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("elb")
CREATE = API + "API_CreateLoadBalancer.html"
NAME = re.compile(r"(?!internal-)(?!-)(?!.*-$)[A-Za-z0-9-]{1,32}")
FREE_ADDRESSES = 8


def _wanted(asked: Asked) -> list[Any]:
    """The subnets that a call names, those that are there."""
    ids = [*(asked.params.get("Subnets") or ()), *(m["SubnetId"] for m in asked.params.get("SubnetMappings") or ())]
    return [subnet for subnet in (networks.subnet(ec2(asked), id_) for id_ in ids) if subnet]


@book.refuses(
    "balancer-name",
    "CreateLoadBalancer",
    code="ValidationError",
    does="A load balancer's name has at most 32 letters, digits and hyphens, none at either end, and does not begin"
    " with `internal-`.",
    see=CREATE,
)
def name(asked: Asked) -> str | None:
    """Refuse a name that AWS does not take."""
    wish = str(asked.params.get("Name", ""))
    return None if NAME.fullmatch(wish) else f"The load balancer name '{wish}' is not valid"


@book.refuses(
    "balancer-zones",
    "CreateLoadBalancer",
    "SetSubnets",
    code="ValidationError",
    does="An application load balancer has subnets in two zones at least, one in each (where it is two in one:"
    " `InvalidConfigurationRequest`).",
    see=GUIDE + "application-load-balancers.html#subnets-load-balancer",
)
def zones(asked: Asked) -> str | None:
    """Refuse too few zones, and two subnets of one."""
    there = [subnet.availability_zone for subnet in _wanted(asked)]
    if len(there) > len(set(there)):
        sentence = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise AwsError("InvalidConfigurationRequest", sentence)
    if len(there) == 1:
        return "At least two subnets in two different Availability Zones must be specified"
    return None


@book.refuses(
    "balancer-internet",
    "CreateLoadBalancer",
    code="InvalidSubnet",
    does="A load balancer that faces the internet needs an attached internet gateway, and room for eight addresses in"
    " each subnet.",
    see=GUIDE + "application-load-balancers.html#subnets-load-balancer",
)
def internet(asked: Asked) -> str | None:
    """Refuse a network without a way to the internet, and subnets that are full."""
    for subnet in _wanted(asked):
        facing = asked.params.get("Scheme") != "internal"
        if facing and not networks.attached_gateways(ec2(asked), subnet.vpc_id):
            return f"VPC {subnet.vpc_id} has no internet gateway"
        if available_ip_address_count(subnet) < FREE_ADDRESSES:
            return f"Not enough IP space available in {subnet.id}. ELB requires at least 8 free IP addresses"
    return None


@book.refuses(
    "balancer-groups",
    "CreateLoadBalancer",
    "SetSecurityGroups",
    code="InvalidSecurityGroup",
    does="A load balancer's security groups are there, and of its VPC.",
    see=API + "API_SetSecurityGroups.html",
)
def groups(asked: Asked) -> str | None:
    """Refuse groups of elsewhere."""
    there = balancer(asked)
    subnets = _wanted(asked)
    vpc = there.vpc_id if there else subnets[0].vpc_id if subnets else None
    for id_ in asked.params.get("SecurityGroups") or ():
        group = ec2(asked).get_security_group_from_id(id_)
        if group is None or vpc not in {None, group.vpc_id}:
            return f"One or more security groups are invalid: {id_}"
    return None


@book.refuses(
    "limit-load-balancers",
    "CreateLoadBalancer",
    code="TooManyLoadBalancers",
    does="A region has so many load balancers and no more.",
    see=GUIDE + "load-balancer-limits.html",
)
def quota(asked: Asked) -> str | None:
    """Refuse one too many."""
    there = {one.name for one in elb(asked).load_balancers.values()} | {asked.params.get("Name")}
    return QUOTAS["load-balancers"].message if len(there) > asked.world.limit("load-balancers") else None


@book.behaves(
    "balancer-once",
    "CreateLoadBalancer",
    code="DuplicateLoadBalancerName",
    does="The same load balancer asked for again is the same one; another one of its name is refused.",
    see=CREATE,
)
def create(asked: Asked) -> Any:
    """Make one, unless it is there."""
    params = asked.params
    params.setdefault("Scheme", "internet-facing")
    there = next((one for one in elb(asked).load_balancers.values() if one.name == params.get("Name")), None)
    if there is None:
        return asked.motos()
    same = ({s.id for s in there.subnets}, set(there.security_groups), there.scheme)
    if same != ({s.id for s in _wanted(asked)}, set(params.get("SecurityGroups") or ()), params["Scheme"]):
        sentence = f"A load balancer with the same name '{there.name}' exists, but with different settings"
        raise AwsError("DuplicateLoadBalancerName", sentence)
    return {"LoadBalancers": [there]}


@book.follows(
    "balancer-provisioning",
    "CreateLoadBalancer",
    does="A load balancer is `provisioning` for some minutes before it is `active`; its interfaces, AWS's own, hold its"
    " subnets and security groups.",
    see=API + "API_LoadBalancerState.html",
)
def begin(asked: Asked, result: Any) -> None:
    """Let one begin, with an interface in each subnet."""
    for one in result["LoadBalancers"]:
        if not hasattr(one, "interfaces"):
            one.interfaces = {}
            asked.later("balancer-active", one.arn)
            align(ec2(asked), one)


@book.follows(
    "balancer-moved",
    "SetSubnets",
    "SetSecurityGroups",
    does="With other subnets or security groups its interfaces move.",
    see=API + "API_SetSubnets.html",
)
def moved(asked: Asked, _result: Any) -> None:
    """Bring the interfaces into line."""
    align(ec2(asked), balancer(asked))


def align(network: Any, one: Any) -> None:
    """Make and take away interfaces, as the load balancer's subnets ask, all in its groups."""
    wanted = {subnet.id for subnet in one.subnets}
    for gone in set(one.interfaces) - wanted:
        network.delete_network_interface(one.interfaces.pop(gone))
    for subnet in sorted(wanted - set(one.interfaces)):
        one.interfaces[subnet] = _interface(network, one, subnet)
    held = [network.get_security_group_from_id(id_) for id_ in one.security_groups]
    for id_ in one.interfaces.values():
        network.enis[id_]._group_set = held or [network.get_default_security_group(one.vpc_id)]  # noqa: SLF001 - moto keeps it nowhere else


def _interface(network: Any, one: Any, subnet: str) -> str:
    eni = network.create_network_interface(subnet, None)
    eni.description = f"ELB {one.arn.partition('loadbalancer/')[2]}"
    eni.interface_type, eni.requester_managed, eni.status = "interface", True, "in-use"
    if one.scheme == "internet-facing":
        eni.public_ip = random_public_ip()
    return str(eni.id)


def _active(_world: World, due: Due) -> None:
    one = elbv2_backends[due.account][due.region].load_balancers.get(due.id)
    if one and one.state == "provisioning":
        one.state = "active"


@book.refuses(
    "balancer-protected",
    "DeleteLoadBalancer",
    code="OperationNotPermitted",
    does="A load balancer with deletion protection is not deleted.",
    see=API + "API_DeleteLoadBalancer.html",
)
def protected(asked: Asked) -> str | None:
    """Refuse to delete what is protected."""
    one = balancer(asked)
    if one is None or one.attrs.get("deletion_protection.enabled") != "true":
        return None
    return f"Load balancer '{one.arn}' cannot be deleted because deletion protection is enabled"


@book.behaves(
    "balancer-released",
    "DeleteLoadBalancer",
    does="A deleted load balancer is gone from the list at once, with its listeners; its interfaces hold subnets,"
    " security groups and public addresses for about a minute more.",
    see=API + "API_DeleteLoadBalancer.html",
)
def delete(asked: Asked) -> Any:
    """Delete one, and let its interfaces go later; one that is gone already is as good."""
    one, result = balancer(asked), asked.motos()
    for id_ in one.interfaces.values() if one else ():
        asked.later("balancer-interface-gone", id_)
    return result


def _interface_gone(_world: World, due: Due) -> None:
    network = backend(due.account, due.region)
    if due.id in network.enis:
        network.delete_network_interface(due.id)


CHANGES = {"balancer-active": _active, "balancer-interface-gone": _interface_gone}
ACTIONS = {"CreateLoadBalancer": create, "DeleteLoadBalancer": delete}
FakeLoadBalancer.activate = lambda self: None  # noqa: ARG005 - moto would at the first look
