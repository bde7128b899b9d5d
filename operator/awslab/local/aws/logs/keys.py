"""The keys of KMS with which log groups are encrypted: who names one must have let CloudWatch Logs use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.kms.models import kms_backends

from awslab.local.aws.policies import Request, says
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.services import Asked

book = Book("logs")
SEE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
USES = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")


def _group(asked: Asked) -> str:
    return str(asked.params.get("logGroupName", ""))


@book.refuses(
    "log-group-key-arn",
    "CreateLogGroup",
    code="InvalidParameterException",
    does="The key of a log group is named by its ARN; neither its id nor an alias will do.",
    see=SEE,
)
def key_arn(asked: Asked) -> str | None:
    """Refuse other names of a key."""
    named = asked.params.get("kmsKeyId")
    if not named or ":key/" in named:
        return None
    return f"The specified KMS Key Id could not be found. '{_group(asked)}'"


@book.refuses(
    "log-group-key",
    "CreateLogGroup",
    code="AccessDeniedException",
    does="The key of a log group is there, in the same region, enabled, and its policy lets CloudWatch Logs use it"
    " for the group.",
    see=SEE,
)
def key_usable(asked: Asked) -> str | None:
    """Refuse a key that the service may not use."""
    named = asked.params.get("kmsKeyId")
    if not named or _lets(asked, _key(asked, str(named))):
        return None
    arn = _arn(asked)
    return f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"


def _arn(asked: Asked) -> str:
    return f"arn:aws:logs:{asked.call.region}:{asked.call.account}:log-group:{_group(asked)}"


def _key(asked: Asked, arn: str) -> Any:
    keys = kms_backends[asked.call.account][asked.call.region].keys.values()
    return next((key for key in keys if key.arn == arn and key.key_state == "Enabled"), None)


def _lets(asked: Asked, key: Any) -> bool:
    service = f"logs.{asked.call.region}.amazonaws.com"
    context = {"kms:encryptioncontext:aws:logs:arn": [_arn(asked)]}
    asked_of = (Request(action, key.arn, context, frozenset({service})) for action in USES if key)
    return key is not None and all(says(key.policy, request) for request in asked_of)
