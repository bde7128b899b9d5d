"""Target groups: whom they name, and how these are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.elbv2.models import ELBv2Backend, elbv2_backends

from awslab.local.aws.elb.lookup import API, GUIDE, balancers_using, ec2, elb, instance, target_group
from awslab.local.aws.elb.reach import answers
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("elb")
HEALTH = GUIDE + "target-group-health-checks.html"
SETTINGS = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath")
SAYS = {
    "Target.NotRegistered": ("unused", "Target is not registered to the target group"),
    "Target.NotInUse": ("unused", "Target group is not configured to receive traffic from the load balancer"),
    "Target.InvalidState": ("unused", "Target is in the stopped state"),
    "Elb.InitialHealthChecking": ("initial", "Initial health checks in progress"),
    "Target.Timeout": ("unhealthy", "Request timed out"),
    "Target.DeregistrationInProgress": ("draining", "Target deregistration is in progress"),
}
ELSEWHERE = "Target is in an Availability Zone that is not enabled for the load balancer"


@book.behaves(
    "target-group-once",
    "CreateTargetGroup",
    code="DuplicateTargetGroupName",
    does="The same target group asked for again is the same one; another one of its name is refused.",
    see=API + "API_CreateTargetGroup.html",
)
def create(asked: Asked) -> Any:
    """Make one, unless it is there."""
    params = asked.params
    there = next((one for one in elb(asked).target_groups.values() if one.name == params.get("Name")), None)
    if there is None:
        return asked.motos()
    have = (there.protocol, int(there.port), there.vpc_id, there.target_type, there.health_check_path)
    wish = {"TargetType": "instance", "HealthCheckPath": "/"} | params
    if have != tuple(wish.get(name) for name in SETTINGS):
        sentence = f"A target group with the same name '{there.name}' exists, but with different settings"
        raise AwsError("DuplicateTargetGroupName", sentence)
    return {"TargetGroups": [there]}


book.behaves(
    "target-group-in-use",
    "DeleteTargetGroup",
    code="ResourceInUse",
    does="A target group that a listener forwards to cannot be deleted.",
    see=API + "API_DeleteTargetGroup.html",
)(ELBv2Backend.delete_target_group)


@book.refuses(
    "target-registered",
    "RegisterTargets",
    code="InvalidTarget",
    does="Only an instance that is running, in the VPC of the target group, can be registered.",
    see=API + "API_RegisterTargets.html",
)
def registered(asked: Asked) -> str | None:
    """Refuse instances that are not there, of elsewhere, or not running."""
    group = target_group(asked)
    for wish in asked.params.get("Targets") or () if group else ():
        one = instance(ec2(asked), wish["Id"])
        if one is None or one.state in {"shutting-down", "terminated"}:
            return f"The following targets are not valid instances: '{wish['Id']}'"
        if one.state != "running":
            return f"The following targets are not in a running state and cannot be registered: '{wish['Id']}'"
        if one.vpc_id != group.vpc_id:
            return f"The following targets are not in the target group VPC '{group.vpc_id}': '{wish['Id']}'"
    return None


@book.follows(
    "target-initial",
    "RegisterTargets",
    does="A target is `initial` until it was checked for the first time.",
    see=HEALTH,
)
def begin(asked: Asked, _result: Any) -> None:
    """Have the new targets checked."""
    group = target_group(asked)
    for wish in asked.params.get("Targets") or ():
        _leaving(group).pop(wish["Id"], None)
        check_anew(asked, group, wish["Id"])


def check_anew(asked: Asked, group: Any, id_: str) -> None:
    """Let a target be as one that was never checked."""
    _checked(group).discard(id_)
    asked.later("target-checked", f"{group.arn} {id_}")


def _checked(group: Any) -> set[str]:
    found: set[str] = group.__dict__.setdefault("checked", set())
    return found


def _leaving(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = group.__dict__.setdefault("leaving", {})
    return found


def _was_checked(_world: World, due: Due) -> None:
    arn, _, id_ = due.id.partition(" ")
    group = elbv2_backends[due.account][due.region].target_groups.get(arn)
    if group:
        _checked(group).add(id_)


@book.behaves(
    "target-draining",
    "DeregisterTargets",
    does="A target that leaves a group in use is `draining` for a while, and is then shown no more; that it is not"
    " there is no error.",
    see=API + "API_DeregisterTargets.html",
)
def deregister(asked: Asked) -> dict[str, Any]:
    """Let targets leave."""
    group = target_group(asked)
    if group is None:
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    for wish in asked.params.get("Targets") or ():
        gone = group.targets.pop(wish["Id"], None)
        if gone and group.load_balancer_arns:
            _leaving(group)[wish["Id"]] = gone
            asked.later("target-drained", f"{group.arn} {wish['Id']}")
    return {}


def _drained(_world: World, due: Due) -> None:
    arn, _, id_ = due.id.partition(" ")
    group = elbv2_backends[due.account][due.region].target_groups.get(arn)
    if group:
        _leaving(group).pop(id_, None)


@book.behaves(
    "target-health",
    "DescribeTargetHealth",
    does="A target is healthy if the load balancer's security groups and network ACLs, and its own, let a check and its"
    " answer through; else `unhealthy`. It is `unused` while no listener leads to it, it is stopped, or its zone is"
    " not the load balancer's.",
    see=HEALTH,
)
def describe_health(asked: Asked) -> dict[str, Any]:
    """Tell how targets are."""
    group = target_group(asked)
    if group is None:
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    there = {**_leaving(group), **group.targets}
    named = [wish["Id"] for wish in asked.params.get("Targets") or ()] or list(there)
    told = []
    for id_ in named:
        port = int(there.get(id_, {}).get("Port", group.port))
        reason, words = _reason(asked, group, id_, port)
        health = {"State": SAYS[reason][0], "Reason": reason, "Description": words} if reason else {"State": "healthy"}
        told.append({"Target": {"Id": id_, "Port": port}, "HealthCheckPort": str(port), "TargetHealth": health})
    return {"TargetHealthDescriptions": told}


def _reason(asked: Asked, group: Any, id_: str, port: int) -> tuple[str, str]:
    """Why a target is not healthy, in AWS's words; nothing if it is."""
    reason = _state(asked, group, id_, port)
    return ("Target.NotInUse", ELSEWHERE) if reason == ELSEWHERE else (reason, SAYS.get(reason, ("", ""))[1])


def _state(asked: Asked, group: Any, id_: str, port: int) -> str:
    one, balancers = instance(ec2(asked), id_), list(balancers_using(elb(asked), group.arn))
    if id_ in _leaving(group):
        return "Target.DeregistrationInProgress"
    if id_ not in group.targets:
        return "Target.NotRegistered"
    if not balancers:
        return "Target.NotInUse"
    if one is None or one.state != "running":
        return "Target.InvalidState"
    eni = one.nics[0]
    if not any(eni.subnet.availability_zone == subnet.availability_zone for b in balancers for subnet in b.subnets):
        return ELSEWHERE
    if id_ not in _checked(group) or any(b.state != "active" for b in balancers):
        return "Elb.InitialHealthChecking"
    network = ec2(asked)
    nodes = [network.enis[node] for b in balancers for node in b.interfaces.values()]
    return "" if all(answers(network, node, eni, port) for node in nodes) else "Target.Timeout"


CHANGES = {"target-checked": _was_checked, "target-drained": _drained}
ACTIONS = {
    "CreateTargetGroup": create,
    "DeregisterTargets": deregister,
    "DescribeTargetHealth": describe_health,
}
