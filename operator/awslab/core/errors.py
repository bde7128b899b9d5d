"""Our exceptions, by who has to act.

* LabError
  + Waits        nobody: something else has to be ready first
  + NotFound     nobody: to a delete it is success, elsewhere AWS does not show it yet
  + Retryable    nobody: it passes by itself (throttling, propagation, something still in use)
    - NotYet     nobody, and nothing failed: AWS is not as far as that
    - Working    nobody, and nothing failed: there is more to do than fits into this pass
  + Denied       the administrator: permissions, quotas, credentials
  + Rejected     the user: AWS will never accept this spec
"""

from __future__ import annotations

from .secrets import redacted


class LabError(Exception):
    """A failure that we understand; people read its message, so no secret is in it."""

    reason = "Failed"
    """A CamelCase word for conditions and events."""

    def __init__(self, message: str, code: str = "", operation: str = "") -> None:
        super().__init__(redacted(message))
        self.code = code
        self.operation = operation


class Waits(LabError):
    """Another object has to be there, or to be Ready, before anything can be done."""

    reason = "Waiting"


class NotFound(LabError):
    """AWS does not know, or not yet show, the id that we named."""

    reason = "NotFound"


class Retryable(LabError):
    """AWS refused for now; the same call will succeed later."""

    reason = "Retrying"


class NotYet(Retryable):
    """Nothing went wrong: AWS is not as far as that, as with a role that was made a moment ago."""

    reason = "Waiting"


class Working(Retryable):
    """Nothing failed: AWS is at work on the first part, and the rest is for a later pass."""

    reason = "Waiting"


class Uncertain(Retryable):
    """No answer came: the call may or may not have been carried out."""

    reason = "NoAnswer"


class InUse(Retryable):
    """AWS refuses because something else still uses it."""

    reason = "InUse"


class Fenced(Retryable):
    """This process may not write any more: another one leads."""

    reason = "Fenced"


class Throttled(Retryable):
    """AWS asks us to slow down."""

    reason = "Throttled"


class Denied(LabError):
    """AWS refuses this operator; an administrator has to change something."""

    reason = "Denied"


class QuotaReached(Denied):
    """The account has as many of these as AWS allows it."""

    reason = "QuotaReached"


class AccountNotFound(Denied):
    """The AwsAccount that an object is to use does not exist, or says nothing usable."""

    reason = "AccountNotFound"


class AccountNotAllowed(Denied):
    """The AwsAccount does not allow the object's namespace."""

    reason = "AccountNotAllowed"


class AccountChanged(Denied):
    """What the object has was made in another account than the one that it would use now."""

    reason = "AccountChanged"


class AssumeRoleFailed(Denied):
    """AWS does not let the operator assume the role of an AwsAccount."""

    reason = "AssumeRoleFailed"


class RegionNotAllowed(Denied):
    """The AwsAccount does not allow the region."""

    reason = "RegionNotAllowed"


class RegionDisabled(Denied):
    """The credentials are good, but not in this region: the account has not enabled it."""

    reason = "RegionDisabled"


class ReferenceNotAllowed(Denied):
    """The object that is referred to does not allow it."""

    reason = "ReferenceNotAllowed"


class Rejected(LabError):
    """AWS refuses this request; only a change to the spec can help."""

    reason = "Rejected"


class SpecError(Rejected):
    """The spec asks for something that cannot be; *field* says where."""

    reason = "InvalidSpec"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
