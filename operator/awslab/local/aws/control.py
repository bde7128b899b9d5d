"""The client of a local AWS's control address: look at its calls, hurt it, empty it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any, Literal, NotRequired, TypedDict

Kind = Literal[
    "throttle",
    "error",
    "deny",
    "lose-before",
    "lose-after",
    "hang-before",
    "hang-after",
    "hide",
    "hide-tags",
]


class CallEntry(TypedDict):
    """One call, as the log shows it."""

    n: int
    time: float
    service: str
    action: str
    region: str
    account: str
    who: str
    user_agent: str
    resources: list[str]
    params: dict[str, Any]
    result: str
    status: int
    ms: float


class Authorization(TypedDict):
    """One decision about a permission; `by` names the statement that decided, empty where none did."""

    n: int
    principal: str
    session: str
    action: str
    resource: str
    allowed: bool
    by: str


class FaultEntry(TypedDict):
    """One fault that is set, and how often it hit."""

    id: str
    kind: Kind
    service: str
    action: str
    probability: float
    count: int | None
    seconds: float
    status: int
    code: str
    message: str
    hits: int


class SettingsWish(TypedDict):
    """What can be changed while the local AWS runs."""

    time_scale: NotRequired[float]
    latency_ms: NotRequired[float]
    quota_scale: NotRequired[float]
    quotas: NotRequired[dict[str, int]]


class ControlError(Exception):
    """The local AWS does not answer, or refused a control call; the message says what to do."""


class Control:
    """Controls the local AWS at an endpoint such as `http://127.0.0.1:4566`."""

    def __init__(self, endpoint: str, *, timeout: float = 30) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.timeout = timeout

    def health(self) -> dict[str, Any]:
        """Return `status`, `pid` and `settings`."""
        return self._ask("GET", "health")

    def wait(self, seconds: float = 30) -> None:
        """Return once the local AWS answers; raises ControlError after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.health()
            except ControlError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def reset(self) -> None:
        """Take away every resource, fault and log entry; the settings stay."""
        self._ask("POST", "reset")

    def configure(self, wish: SettingsWish) -> dict[str, Any]:
        """Change settings and return all of them."""
        return self._ask("POST", "config", dict(wish))

    def settings(self) -> dict[str, Any]:
        """Return the settings."""
        return self._ask("GET", "config")

    def fault(self, kind: Kind, action: str = "*", **wish: Any) -> str:
        """Set a fault and return its id.

        `action` and `service` are globs; further: probability, count, seconds, status, code, message.
        """
        return str(self._ask("POST", "faults", {"kind": kind, "action": action} | wish)["id"])

    def faults(self) -> list[FaultEntry]:
        """Return the faults that are set, with their hits."""
        faults: list[FaultEntry] = self._ask("GET", "faults")["faults"]
        return faults

    def heal(self, fault_id: str = "") -> int:
        """Take one fault away, or all; returns how many there were. Whoever hangs goes on."""
        return int(self._ask("DELETE", f"faults/{fault_id}".rstrip("/"))["removed"])

    def calls(self, since: int = 0) -> list[CallEntry]:
        """Return the calls after number `since`, oldest first."""
        calls: list[CallEntry] = self._ask("GET", f"calls?since={since}")["calls"]
        return calls

    def last_call(self) -> int:
        """Return the number of the newest call, to give to `calls` later."""
        return int(self._ask("GET", f"calls?since={2**62}")["next"])

    def forget_calls(self) -> None:
        """Empty the log."""
        self._ask("DELETE", "calls")

    def authorizations(self, since: int = 0) -> list[Authorization]:
        """Return the decisions about permissions of roles and services after number `since`, oldest first."""
        found: list[Authorization] = self._ask("GET", f"authorizations?since={since}")["authorizations"]
        return found

    def last_authorization(self) -> int:
        """Return the number of the newest decision, to give to `authorizations` later."""
        return int(self._ask("GET", f"authorizations?since={2**62}")["next"])

    def forget_authorizations(self) -> None:
        """Empty the record of decisions."""
        self._ask("DELETE", "authorizations")

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.endpoint}/_awslab/{path}"
        data = json.dumps(body).encode() if body is not None else b""
        request = urllib.request.Request(url, data or None, {"Content-Type": "application/json"}, method=verb)  # noqa: S310 - an address of our own
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310 - as above
                result: dict[str, Any] = json.load(answer)
                return result
        except urllib.error.HTTPError as error:
            raise ControlError(f"the local AWS refused {verb} {path}: {error.read().decode()}") from error
        except OSError as error:
            raise ControlError(f"no local AWS answers at {self.endpoint} ({error}); is it running?") from error
