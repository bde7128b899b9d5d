"""Questions about load balancers that several rules ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awslab.local.aws.asked import Asked

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"


def elb(asked: Asked) -> Any:
    """Return moto's load balancers of the caller's account and region."""
    return elbv2_backends[asked.account][asked.region]


def ec2(asked: Asked) -> Any:
    """Return moto's EC2 of the caller's account and region."""
    return ec2_backends[asked.account][asked.region]


def balancer(asked: Asked) -> Any:
    """Return the load balancer that a call names; None where there is none."""
    return elb(asked).load_balancers.get(asked.params.get("LoadBalancerArn"))


def listener(asked: Asked) -> Any:
    """Return the listener that a call names; None where there is none."""
    arn = asked.params.get("ListenerArn")
    return next((one.listeners[arn] for one in elb(asked).load_balancers.values() if arn in one.listeners), None)


def target_group(asked: Asked) -> Any:
    """Return the target group that a call names; None where there is none."""
    return elb(asked).target_groups.get(asked.params.get("TargetGroupArn"))


def targets_in(actions: list[dict[str, Any]]) -> list[str]:
    """Return the ARNs of the target groups that actions forward to."""
    found: list[str] = []
    for action in actions:
        config = action.get("ForwardConfig") or {}
        found += [action["TargetGroupArn"]] if action.get("TargetGroupArn") else []
        found += [one["TargetGroupArn"] for one in config.get("TargetGroups") or []]
    return list(dict.fromkeys(found))


def balancers_using(backend: Any, arn: str) -> Iterator[Any]:
    """Find the load balancers with a listener that forwards to a target group."""
    for one in backend.load_balancers.values():
        actions = [action for listener in one.listeners.values() for action in _actions(listener)]
        if arn in targets_in(actions):
            yield one


def _actions(listener: Any) -> list[dict[str, Any]]:
    return [action.data for rule in listener.rules.values() for action in rule.actions]


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every load balancer, listener and target group by its ARN, for the tagging API."""
    backend = elbv2_backends[account][region]
    listeners = (arn for one in backend.load_balancers.values() for arn in one.listeners)
    arns = [*backend.load_balancers, *listeners, *backend.target_groups]
    return {arn: backend.tagging_service.get_tag_dict_for_resource(arn) for arn in arns}


def instance(backend: Any, id_: str) -> Any:
    """Return the instance of that id, terminated or not; None where there is none."""
    reservations = backend.reservations.values()
    return next((one for each in reservations for one in each.instances if one.id == id_), None)
