"""Listeners: one on a port, forwarding to target groups of the load balancer's own VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.elb.lookup import API, GUIDE, balancer, balancers_using, elb, targets_in
from awslab.local.aws.elb.targets import check_anew
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked

book = Book("elb")
TAGGED_AT_ONCE = 20


def _balancer(asked: Asked) -> Any:
    """The load balancer that a call names, or that has the listener which it names."""
    arn = asked.params.get("ListenerArn")
    having = (one for one in elb(asked).load_balancers.values() if arn in one.listeners)
    return balancer(asked) or next(having, None)


@book.refuses(
    "listener-port",
    "CreateListener",
    "ModifyListener",
    code="DuplicateListener",
    does="A load balancer has one listener on a port.",
    see=API + "API_CreateListener.html",
)
def port_taken(asked: Asked) -> str | None:
    """Refuse a port that is taken."""
    one, port = _balancer(asked), asked.params.get("Port")
    others = [each for arn, each in one.listeners.items() if arn != asked.params.get("ListenerArn")] if one else []
    taken = port is not None and any(int(each.port) == int(port) for each in others)
    return "A listener already exists on this port for this load balancer" if taken else None


@book.refuses(
    "listener-targets",
    "CreateListener",
    "ModifyListener",
    code="InvalidConfigurationRequest",
    does="A listener forwards to target groups of the VPC of its load balancer, which no other load balancer uses"
    " (else `TargetGroupAssociationLimit`).",
    see=GUIDE + "load-balancer-target-groups.html",
)
def targets(asked: Asked) -> str | None:
    """Refuse target groups of elsewhere."""
    one, backend = _balancer(asked), elb(asked)
    for arn in targets_in(asked.params.get("DefaultActions") or []) if one else ():
        group = backend.target_groups.get(arn)
        if group is None:
            raise AwsError("TargetGroupNotFound", f"Target groups '{arn}' not found")
        if any(other is not one for other in balancers_using(backend, arn)):
            sentence = f"The following target groups cannot be associated with more than one load balancer: {arn}"
            raise AwsError("TargetGroupAssociationLimit", sentence)
        if group.vpc_id != one.vpc_id:
            return f"The following target groups are not in the same VPC as the load balancer: {arn}"
    return None


@book.follows(
    "listener-target-groups-used",
    "CreateListener",
    "ModifyListener",
    "DeleteListener",
    "DeleteLoadBalancer",
    does="A target group tells which load balancer uses it, as listeners come and go; what becomes used is checked"
    " anew.",
    see=API + "API_TargetGroup.html",
)
def align(asked: Asked, _result: Any) -> None:
    """Bring what target groups tell into line with the listeners."""
    backend = elb(asked)
    for group in backend.target_groups.values():
        before = group.load_balancer_arns
        group.load_balancer_arns = [one.arn for one in balancers_using(backend, group.arn)]
        if group.load_balancer_arns and not before:
            for id_ in group.targets:
                check_anew(asked, group, id_)


@book.refuses(
    "balancer-tags",
    "DescribeTags",
    "AddTags",
    "RemoveTags",
    code="ValidationError",
    does="The tags of at most twenty resources are asked for at once, and all of them are there.",
    see=API + "API_DescribeTags.html",
)
def tags(asked: Asked) -> str | None:
    """Refuse too many, and what is not there."""
    arns = asked.params.get("ResourceArns") or []
    if len(arns) > TAGGED_AT_ONCE:
        return f"Cannot have more than {TAGGED_AT_ONCE} resources described"
    backend = elb(asked)
    listeners = {arn for one in backend.load_balancers.values() for arn in one.listeners}
    for arn in arns:
        kind = arn.partition(":")[2].split(":")[-1].partition("/")[0]
        kinds = {"targetgroup": ("TargetGroup", backend.target_groups), "listener": ("Listener", listeners)}
        noun, there = kinds.get(kind, ("LoadBalancer", backend.load_balancers))
        if arn not in there:
            raise AwsError(f"{noun}NotFound", f"One or more resources not found: '{arn}'")
    return None
