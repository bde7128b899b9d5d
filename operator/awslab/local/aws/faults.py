"""Faults on purpose: throttling, errors, lost replies, hidden resources, calls that hang."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from awslab.local.aws.call import Call

KINDS = (
    "throttle",  # refused with RequestLimitExceeded (EC2) or Throttling
    "error",  # refused with the given status and code
    "deny",  # refused as by an IAM policy
    "lose-before",  # the connection is closed, the call not carried out
    "lose-after",  # the call is carried out, then the connection is closed
    "hang-before",  # waits until released, then is carried out
    "hang-after",  # is carried out, then waits until released
    "hide",  # what the call makes is not shown for some seconds
    "hide-tags",  # what the call makes is shown without its tags for some seconds
)


@dataclass
class Fault:
    """One fault: which calls it hits, how often, and what it does to them."""

    kind: str
    service: str = "*"
    action: str = "*"
    probability: float = 1.0
    count: int | None = None  # hits left; None is without end
    seconds: float = 5.0  # of hiding, real time
    status: int = HTTPStatus.SERVICE_UNAVAILABLE
    code: str = "InternalError"
    message: str = "A fault that was asked for."
    id: str = ""
    hits: int = 0
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    def matches(self, call: Call) -> bool:
        """Tell whether the call is of the service and action that this fault is for."""
        if self.count == 0 or not fnmatchcase(call.service, self.service):
            return False
        return fnmatchcase(call.action, self.action) and random.random() < self.probability  # noqa: S311 - no secret

    def shown(self) -> dict[str, Any]:
        """Return the fault as JSON can carry it."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "released"}


class Faults:
    """The faults that are set; each call asks which of them hit it."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, wish: dict[str, Any]) -> str:
        """Set a fault and return its id; raises ValueError with a sentence for a wish that makes no sense."""
        if wish.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        known = {"kind", "service", "action", "probability", "count", "seconds", "status", "code", "message"}
        if unknown := set(wish) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
        fault = Fault(**wish)
        with self._lock:
            fault.id = f"fault-{next(self._numbers)}"
            self._faults[fault.id] = fault
        return fault.id

    def remove(self, fault_id: str | None = None) -> int:
        """Take one fault away, or all of them; whoever hangs in it goes on. Returns how many there were."""
        with self._lock:
            gone = [fault_id] if fault_id else list(self._faults)
            faults = [self._faults.pop(name) for name in gone if name in self._faults]
        for fault in faults:
            fault.released.set()
        return len(faults)

    def shown(self) -> list[dict[str, Any]]:
        """Return all faults with how often each hit."""
        with self._lock:
            return [fault.shown() for fault in self._faults.values()]

    def hitting(self, call: Call) -> list[Fault]:
        """Return the faults that hit this call, and count the hit."""
        if not self._faults:
            return []
        with self._lock:
            hit = [fault for fault in self._faults.values() if fault.matches(call)]
            for fault in hit:
                fault.hits += 1
                fault.count = None if fault.count is None else fault.count - 1
            return hit


def refusal_of(fault: Fault, call: Call) -> AwsError | None:
    """Return the error with which this fault refuses the call, if it is of that kind."""
    if fault.kind == "throttle":
        if call.service == "ec2":
            return AwsError("RequestLimitExceeded", "Request limit exceeded.", HTTPStatus.SERVICE_UNAVAILABLE)
        return AwsError("Throttling", "Rate exceeded", HTTPStatus.BAD_REQUEST)
    if fault.kind == "deny":
        code = "UnauthorizedOperation" if call.service == "ec2" else "AccessDenied"
        return AwsError(code, "You are not authorized to perform this operation.", HTTPStatus.FORBIDDEN)
    if fault.kind == "error":
        return AwsError(fault.code, fault.message, fault.status)
    return None
