"""What a function raises, by who has to act; Step Functions knows an error by the name of its class.

* InvalidData      who sends the file: its content cannot be processed
* InputGone        who sends the file: the version that the event named is not there any more
* InvalidSettings  who wrote the pipeline: a setting, a name or an order of steps cannot work
* InvalidEvent     who wrote the pipeline: what the function was called with is not what it understands
* OutputTaken      who wrote the pipeline: two inputs have one output
* AccessDenied     the administrator: the role lacks a permission (for some seconds also a role that is new)
* TransientError   nobody: the same call will succeed later
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import ClientError, FlexibleChecksumError, HTTPClientError, IncompleteReadError


class PipelineError(Exception):
    """A failure that we understand; people read its message."""


class InvalidData(PipelineError):
    """The file's content cannot be processed, now or later."""


class InputGone(PipelineError):
    """The version that the event named is not there any more."""


class InvalidSettings(PipelineError):
    """A setting of the step, or its place in the flow, cannot work."""


class InvalidEvent(PipelineError):
    """The function was called with something that it does not understand."""


class OutputTaken(PipelineError):
    """The output belongs to another input."""


class AccessDenied(PipelineError):
    """AWS refused for lack of a permission."""


class TransientError(PipelineError):
    """AWS could not do it now; a retry will succeed."""


_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
_GONE = frozenset({"NoSuchVersion", "NoSuchKey", "404", "405", "MethodNotAllowed", "PreconditionFailed", "412"})
_TRANSIENT = frozenset(
    {
        "ConditionalRequestConflict",
        "ExecutionLimitExceeded",
        "InternalError",
        "NoSuchUpload",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


def code_of(error: ClientError) -> str:
    """Return AWS's code of an error, such as ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def doing(what: str, *, absent: type[PipelineError] = InvalidSettings, hint: str = "") -> Iterator[None]:
    """Turn AWS's errors into ours: ``what`` continues "cannot", ``absent`` is for an object that is not there."""
    try:
        yield
    except ClientError as error:
        raise _meaning(error, what, absent, hint) from error
    except (HTTPClientError, IncompleteReadError, FlexibleChecksumError) as error:
        raise TransientError(f"cannot {what}: the connection to AWS failed ({error})") from error


def _meaning(error: ClientError, what: str, absent: type[PipelineError], hint: str) -> PipelineError:
    code = code_of(error)
    told = f"cannot {what}: {code}: {error.response.get('Error', {}).get('Message', '')}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return TransientError(told)
    if code in _DENIED:
        return AccessDenied(f"{told}{hint and f' ({hint})'}")
    if code in _GONE:
        return absent(f"{told}{hint and f' ({hint})'}")
    return InvalidSettings(told)
