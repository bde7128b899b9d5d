"""How many calls a second AWS takes, as far as it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .calls import is_read


@dataclass(frozen=True)
class Rate:
    """A token bucket of AWS's: calls at once, and calls a second in the long run."""

    burst: float
    per_second: float

    def times(self, share: float) -> Rate:
        """A part of it; at least one call at once."""
        return Rate(max(1.0, self.burst * share), self.per_second * share)


# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: each API action has a bucket of its own,
# of the size of its category.  All our listings are paginated or filtered, so the smaller bucket of those that are
# neither is never used; "resource-intensive" actions have the numbers of the other mutating ones.
EC2_READ = Rate(100, 20)
EC2_WRITE = Rate(50, 5)
EC2_OWN: Mapping[str, Rate] = {
    "AssignIpv6Addresses": Rate(100, 5),
    "AssignPrivateIpAddresses": Rate(100, 5),
    "AssignPrivateNatGatewayAddress": Rate(10, 1),
    "AssociateIamInstanceProfile": Rate(100, 5),
    "AssociateNatGatewayAddress": Rate(10, 1),
    "CreateDefaultVpc": Rate(1, 1),
    "CreateLaunchTemplateVersion": Rate(100, 5),
    "CreateNatGateway": Rate(10, 1),
    "CreateNetworkInterface": Rate(100, 5),
    "CreateSnapshot": Rate(100, 5),
    "CreateTags": Rate(100, 10),
    "CreateVolume": Rate(100, 5),
    "CreateVpcEndpoint": Rate(4, 0.3),
    "DeleteNatGateway": Rate(10, 1),
    "DeleteNetworkInterface": Rate(100, 5),
    "DeleteTags": Rate(100, 10),
    "DeleteVolume": Rate(100, 5),
    "DeleteVpcEndpoints": Rate(4, 0.3),
    "DescribeSecurityGroupReferences": Rate(20, 5),
    "DisassociateIamInstanceProfile": Rate(100, 5),
    "DisassociateNatGatewayAddress": Rate(10, 1),
    "ModifyInstanceMetadataOptions": Rate(100, 5),
    "ModifyLaunchTemplate": Rate(100, 5),
    "ModifyNetworkInterfaceAttribute": Rate(100, 5),
    "ModifyVpcEndpoint": Rate(4, 0.3),
    "RunInstances": Rate(5, 2),
    "StartInstances": Rate(5, 2),
    "TerminateInstances": Rate(100, 5),
}
"""The "uncategorized actions" that a network or a computer may need."""

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests: all calls together, but these.
LAMBDA_ALL = Rate(15, 15)
LAMBDA_OWN: Mapping[str, Rate] = {"GetFunction": Rate(100, 100), "GetPolicy": Rate(15, 15)}

OWN: Mapping[tuple[str, str], Rate] = {
    **{("ec2", operation): rate for operation, rate in EC2_OWN.items()},
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, of the regions that have less.
    ("stepfunctions", "CreateStateMachine"): Rate(100, 1),
    ("stepfunctions", "DeleteStateMachine"): Rate(100, 1),
    ("stepfunctions", "DescribeExecution"): Rate(250, 10),
    ("stepfunctions", "DescribeStateMachine"): Rate(200, 20),
    ("stepfunctions", "GetExecutionHistory"): Rate(400, 20),
    ("stepfunctions", "ListExecutions"): Rate(100, 2),
    ("stepfunctions", "ListTagsForResource"): Rate(100, 1),
    ("stepfunctions", "StopExecution"): Rate(500, 25),
    ("stepfunctions", "TagResource"): Rate(200, 1),
    ("stepfunctions", "UntagResource"): Rate(200, 1),
    ("stepfunctions", "UpdateStateMachine"): Rate(100, 1),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    ("cloudwatch", "DeleteAlarms"): Rate(3, 3),
    ("cloudwatch", "DescribeAlarms"): Rate(9, 9),
    ("cloudwatch", "PutMetricAlarm"): Rate(3, 3),
    # https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, and so on: each page tells its own.
    ("sns", "ListSubscriptionsByTopic"): Rate(30, 30),
    ("sns", "Subscribe"): Rate(100, 100),
    ("sns", "Unsubscribe"): Rate(100, 100),
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html, and so on.
    ("dynamodb", "DescribeContinuousBackups"): Rate(10, 10),
    ("dynamodb", "ListTagsOfResource"): Rate(10, 10),
    ("dynamodb", "TagResource"): Rate(5, 5),
    ("dynamodb", "UntagResource"): Rate(5, 5),
    # https://docs.aws.amazon.com/general/latest/gr/arg.html
    ("resourcegroupstaggingapi", "GetResources"): Rate(15, 15),
    **{("lambda", operation): rate for operation, rate in LAMBDA_OWN.items()},
}
"""By service and operation, where AWS gives a number for that one alone."""

OTHER_READ = Rate(40, 10)
OTHER_WRITE = Rate(20, 5)
"""Where AWS documents no number: cautious, and corrected by what AWS answers."""


def shared_by(service: str, operation: str) -> str:
    """What a token bucket is for: one operation, or many that AWS counts together."""
    return "*" if service == "lambda" and operation not in LAMBDA_OWN else operation


def class_of(service: str, operation: str) -> str:
    """The class of an operation: ``own`` where AWS gives it a bucket of another size, else read or write."""
    if (service, operation) in OWN:
        return "own"
    return "read" if is_read(operation) else "write"


def rate_of(service: str, operation: str) -> Rate:
    """The token bucket of one operation in one account and region."""
    if service == "lambda" and operation not in LAMBDA_OWN:
        return LAMBDA_ALL
    read, write = (EC2_READ, EC2_WRITE) if service == "ec2" else (OTHER_READ, OTHER_WRITE)
    return OWN.get((service, operation)) or (read if is_read(operation) else write)
