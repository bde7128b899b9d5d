"""Our exceptions, by who has to act.

* LabError
  + NotFound     nobody: to a delete it is success, elsewhere AWS does not show it yet
  + Retryable    nobody: it passes by itself (throttling, propagation, something still in use)
  + Denied       the administrator: permissions, quotas, credentials
  + Rejected     the user: AWS will never accept this spec
"""

from __future__ import annotations


class LabError(Exception):
    """A failure that we understand."""

    reason = "Failed"
    """A CamelCase word for conditions and events."""

    def __init__(self, message: str, code: str = "", operation: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.operation = operation


class NotFound(LabError):
    """AWS does not know, or not yet show, the id that we named."""

    reason = "NotFound"


class Retryable(LabError):
    """AWS refused for now; the same call will succeed later."""

    reason = "Retrying"


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


class Rejected(LabError):
    """AWS refuses this request; only a change to the spec can help."""

    reason = "Rejected"


class SpecError(Rejected):
    """The spec asks for something that cannot be; *field* says where."""

    reason = "InvalidSpec"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
