"""The role of a state machine: who may take it on, and clients that act in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from awslab.local.aws import identity, inside
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import World

book = Book("states")
SERVICE = "states.amazonaws.com"
KEPT_SECONDS = 900.0
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)

TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


@book.behaves(
    "machine-role",
    "CreateStateMachine",
    "UpdateStateMachine",
    code="AccessDeniedException",
    does="A state machine's role is there and trusts Step Functions.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
)
def check(asked: Asked, role_arn: str, machine_arn: str) -> None:
    """Refuse a role that Step Functions cannot take on."""
    try:
        identity.assume(asked.world, role_arn, SERVICE, source_arn=machine_arn, keep=False)
    except AwsError as error:
        sentence = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to"
        raise AwsError("AccessDeniedException", f"{sentence} assume the provided role.") from error


@book.behaves(
    "logging-role",
    "CreateStateMachine",
    "UpdateStateMachine",
    code="AccessDeniedException",
    does="The role of a state machine that logs may deliver logs.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
)
def check_log_delivery(asked: Asked, role_arn: str) -> None:
    """Refuse logging that the role may not set up."""
    if not all(identity.may(asked.world, role_arn, action, "*") for action in LOG_DELIVERY):
        sentence = "The state machine IAM Role is not authorized to access the Log Destination"
        raise AwsError("AccessDeniedException", sentence)


@book.behaves(
    "machine-tracing",
    "StartExecution",
    "StartSyncExecution",
    does="With tracing on, a state machine samples and sends traces with the permissions of its role; without, none.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html",
)
def trace(world: World, role_arn: str) -> None:
    """Use the permissions of a traced execution; the world's lock is held."""
    for action in TRACING:
        identity.may(world, role_arn, action, "*")


class Kept:
    """A session of a role, kept for a while so that not every task needs a new one."""

    def __init__(self, session: identity.Session, until: float) -> None:
        self.session, self.until = session, until

    def end(self) -> None:
        """Nothing waits for it."""


def client(world: World, role_arn: str, service: str, region: str) -> Any:
    """Return a client that acts as a role; raises botocore's ClientError where Step Functions may not take it on."""
    with world.lock:
        kept = world.background.find(("session", role_arn))
        if kept is None or kept.until < world.clock():
            kept = Kept(_assumed(world, role_arn), world.clock() + KEPT_SECONDS)
            world.background.keep(("session", role_arn), kept)
    session = kept.session
    return inside.client(world, service, region, (session.access_key, session.secret_key, session.token))


def _assumed(world: World, role_arn: str) -> identity.Session:
    try:
        return identity.assume(world, role_arn, SERVICE)
    except AwsError as error:
        about = {"HTTPStatusCode": error.status, "RequestId": ""}
        told = {"Error": {"Code": error.code, "Message": error.message}, "ResponseMetadata": about}
        raise ClientError(told, "AssumeRole") from error
