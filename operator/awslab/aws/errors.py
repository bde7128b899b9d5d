"""Translate AWS's errors into ours, by who has to act.  The only table of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from awslab.core.errors import (
    Denied,
    InUse,
    LabError,
    NotFound,
    NotYet,
    QuotaReached,
    Rejected,
    Retryable,
    Throttled,
    Uncertain,
)

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
THROTTLED = frozenset(
    {"RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
     "RequestThrottled", "RequestThrottledException", "SlowDown", "EC2ThrottledException", "BandwidthLimitExceeded"}
)  # fmt: skip
IN_USE = frozenset(
    {"DependencyViolation", "InvalidIPAddress.InUse", "InvalidNetworkInterface.InUse", "ResourceInUse",
     "ResourceInUseException", "InvalidAllocationID.InUse", "DeleteConflict", "VolumeInUse", "InvalidGroup.InUse",
     "BucketNotEmpty", "InvalidCidrBlock.InUse"}
)  # fmt: skip
RETRYABLE = frozenset(
    {"IncorrectState", "IncorrectInstanceState", "InvalidState", "OperationAborted", "ConcurrentModification",
     "Resource.AlreadyAssociated", "RequestTimeTooSkewed", "PendingVerification", "ConcurrentTagAccess",
     "InsufficientAddressCapacity", "InsufficientInstanceCapacity", "ConcurrentModificationException",
     "ConcurrentAccess", "ConflictException", "StaleTag", "StateMachineDeleting", "QueueDeletedRecently",
     "AWS.SimpleQueueService.QueueDeletedRecently", "ContinuousBackupsUnavailableException",
     "ResourceConflictException", "PreconditionFailedException", "EntityTemporarilyUnmodifiable",
     "OperationAbortedException", "ResourceNotReadyException", "InvalidTarget"}
)  # fmt: skip
UNCERTAIN = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "Unavailable",
     "ServiceUnavailableException", "ServiceFailure", "ServiceException", "RequestTimeout",
     "RequestTimeoutException", "500", "502", "503", "504"}
)  # fmt: skip
DENIED = frozenset(
    {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthFailure",
     "OptInRequired", "Blocked", "InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken",
     "ExpiredTokenException", "RequestExpired", "SignatureDoesNotMatch", "IncompleteSignature",
     "MissingAuthenticationToken", "NotAuthorized"}
)  # fmt: skip
GONE = ("NotFound", "NotFoundException", "NotFoundError", "DoesNotExist", "NonExistentQueue")
AMBIGUOUS: dict[tuple[str, str], type[LabError]] = {
    # What AWS answers while a NAT gateway that is being deleted still has the address.
    ("ReleaseAddress", "AuthFailure"): InUse,
    ("DisassociateAddress", "AuthFailure"): InUse,
    # What the spec names, and nobody here will make.
    **{
        (f"{verb}Listener", code): Rejected
        for verb in ("Create", "Modify")
        for code in ("CertificateNotFound", "SSLPolicyNotFound")
    },
}
"""By operation and code, the codes that elsewhere mean something else."""
NOT_YET = re.compile(
    r"cannot be assumed|role does not have permissions to call|Invalid principal in policy"
    r"|is authorized to assume the provided role|IAM Role is not authorized to access the Log Dest"
    r"|TimeToLive has been modified multiple times|TimeToLive is being",
    re.IGNORECASE,
)
"""What AWS says, with the codes of refusals for ever, of roles made a moment ago and of what is changed too often.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

NO_ANSWER = (
    boto.ReadTimeoutError, boto.ConnectionClosedError, boto.IncompleteReadError, boto.ResponseStreamingError,
    ResponseParserError,
)  # fmt: skip
NO_CREDENTIALS = (
    boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError, boto.TokenRetrievalError,
    boto.ProfileNotFound, boto.NoRegionError, boto.SSOError,
)  # fmt: skip


@contextmanager
def translated() -> Iterator[None]:
    """Raise our exceptions in place of botocore's."""
    try:
        yield
    except boto.ClientError as error:
        raise _from_answer(error) from error
    except NO_CREDENTIALS as error:
        hint = "give the operator AWS credentials (IRSA, Pod Identity, environment or profile)"
        raise Denied(f"no usable AWS credentials: {error}; {hint}", type(error).__name__) from error
    except NO_ANSWER as error:
        raise Uncertain(f"no answer from AWS: {error}", type(error).__name__) from error
    except boto.BotoCoreError as error:
        raise Retryable(f"AWS cannot be reached: {error}", type(error).__name__) from error


def _from_answer(error: boto.ClientError) -> LabError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = AMBIGUOUS.get((error.operation_name, code)) or classify(code, status)
    kind = NotYet if NOT_YET.search(message) else kind
    sentence = f"{error.operation_name}: {_ENCODED.sub('', message)} ({code})"
    if permission := _permission(code, message, error.operation_name):
        sentence += f"{ALLOW} {permission}"
    return kind(sentence, code, error.operation_name)


ALLOW = "; an administrator has to allow"
# Another text with each answer, for `aws sts decode-authorization-message`: no news, and a condition may not flap.
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
_NOT_AUTHORIZED = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9]+)")


def _permission(code: str, message: str, operation: str) -> str:
    """The IAM action that is missing: as the message names it; EC2 does not always."""
    if named := _NOT_AUTHORIZED.search(message):
        return named[1]
    return f"ec2:{operation}" if code == "UnauthorizedOperation" else ""


def classify(code: str, status: int = 400) -> type[LabError]:
    """The exception for an AWS error code; *status* is the answer's HTTP status."""
    table: tuple[tuple[Any, type[LabError]], ...] = (
        (THROTTLED, Throttled), (IN_USE, InUse), (RETRYABLE, Retryable), (UNCERTAIN, Uncertain), (DENIED, Denied),
    )  # fmt: skip
    for codes, kind in table:
        if code in codes:
            return kind
    if code.startswith("NoSuch") or code.endswith(GONE):
        return NotFound
    if code.endswith(
        (
            "LimitExceeded",
            "LimitExceededException",
            "QuotaExceeded",
            "StorageExceededException",
            "TooManyBuckets",
            "TooManyLoadBalancers",
            "TooManyTargetGroups",
            "TooManyListeners",
            "TooManyTargets",
        )
    ):
        return QuotaReached
    return Uncertain if status >= 500 else Rejected  # noqa: PLR2004 - HTTP's own limit
