"""Which resources have which tags, service by service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.resource_tagging import iter_taggable_backends
from moto.iam.models import iam_backends

from awslab.local.aws.cloudwatch import service as cloudwatch
from awslab.local.aws.dynamodb import service as dynamodb
from awslab.local.aws.elb import lookup as balancing
from awslab.local.aws.events import service as events
from awslab.local.aws.lambda_.model import region_of
from awslab.local.aws.messaging import queues, topics
from awslab.local.aws.states import machines

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import World

Tags = dict[str, dict[str, str]]  # by ARN
TYPES = {  # where an ARN does not tell the type
    "s3": "s3:bucket",
    "sns": "sns:topic",
    "sqs": "sqs:queue",
}


def _functions(world: World, account: str, region: str) -> Tags:
    return {one.arn: dict(one.tags) for one in region_of(world, account, region).functions.values()}


OURS: dict[str, Callable[[World, str, str], Tags]] = {
    "lambda": _functions,
    "states": machines.tagged_resources,
    "events": lambda _, account, region: events.tagged_resources(account, region),
    "sns": lambda _, account, region: topics.tagged_resources(account, region),
    "sqs": lambda _, account, region: queues.tagged_resources(account, region),
    "dynamodb": lambda _, account, region: dynamodb.tagged_resources(account, region),
    "elasticloadbalancing": lambda _, account, region: balancing.tagged_resources(account, region),
    "cloudwatch": lambda _, account, region: cloudwatch.tagged_resources(account, region),
}
ASKED = frozenset({*OURS, "logs"})  # whose tags IAM knows conditions on
NOT_LISTED = frozenset({"iam"})  # AWS does not show roles here


def of_service(world: World, service: str, account: str, region: str) -> Tags:
    """Return the tags of all resources of one service."""
    if service in OURS:
        return OURS[service](world, account, region)
    return {} if service in NOT_LISTED else _motos(account, region, service)


def of_all(world: World, account: str, region: str) -> Tags:
    """Return the tags of all resources of a region."""
    found = _motos(account, region)
    for tags_of in OURS.values():
        found |= tags_of(world, account, region)
    return found


def of_arn(world: World, arn: str) -> dict[str, str]:
    """Return the tags that count where somebody wants to do something with a resource; buckets' do not."""
    _, partition, service, region, account, rest = (arn + ":::::").split(":", 5)
    if service == "iam":
        roles = iam_backends[account][partition].roles.values()
        return next(({tag["Key"]: tag["Value"] for tag in one.tags or ()} for one in roles if one.arn == arn), {})
    if service not in ASKED or not region:
        return {}
    return of_service(world, service, account, region).get(_bearer(arn, service, rest.rstrip(":")), {})


def _bearer(arn: str, service: str, rest: str) -> str:
    """Return the ARN of what has the tags: that of a function for its versions, of a state machine for its runs."""
    if service in {"lambda", "states"}:
        name = rest.split(":")[1] if ":" in rest else rest
        noun = {"lambda": "function", "states": "stateMachine"}[service]
        return f"{arn[: len(arn) - len(rest)]}{noun}:{name}"
    return arn.partition(":log-stream:")[0]


def _motos(account: str, region: str, service: str | None = None) -> Tags:
    found: Tags = {}
    for backend in iter_taggable_backends(account, region):
        namespace = backend.SERVICE_NAMESPACE
        if namespace in OURS or namespace in NOT_LISTED or service not in {None, namespace}:
            continue
        for one in backend.iter_tagged_resources():
            if one.arn.split(":")[2] not in NOT_LISTED:
                found[one.arn] = dict(one.tags)
    return found


def type_of(arn: str) -> str:
    """Return a resource's type as filters name it: `lambda:function`, `dynamodb:table`."""
    _, _, service, _, _, rest = arn.split(":", 5)
    if service in TYPES:
        return TYPES[service]
    return f"{service}:{rest.replace('/', ':').partition(':')[0]}"
