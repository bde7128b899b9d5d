"""One AWS account and region, and what is done there on behalf of one owner."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from awslab.core.ownership import OWNER_TAG, Owner
from awslab.core.resource import Resource

from .calls import CallObserver, Gate, instrument, no_gate, no_observer
from .limits import UNLIMITED, Limiter, limited
from .retries import retrying

T = TypeVar("T")

CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=64,
    # Retrying is our business, where every call is counted: what is safe at once (retries.py), the rest by the queue.
    retries={"total_max_attempts": 1, "mode": "standard"},
    user_agent_extra="awslab-operator",
)

FACTS_LAST = 3600.0
"""Seconds for which a looked-up fact is taken as still true."""


class Clients:
    """The boto3 clients of one account and region, made when first used and shared by all threads."""

    def __init__(
        self,
        region: str,
        session: boto3.Session | None = None,
        *,
        observer: CallObserver = no_observer,
        gate: Gate = no_gate,
        limiter: Limiter = UNLIMITED,
        endpoint: str | None = None,
    ) -> None:
        self.region = region
        self._session = session or boto3.Session()
        self._observer = observer
        self._gate = gate
        self._limiter = limiter
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # boto3 sessions are not thread-safe, clients are
        self._facts: dict[str, tuple[float, Any]] = {}
        self._shared: dict[Any, Any] = {}

    def client(self, service: str, region: str = "") -> Any:
        """The client of *service*, its calls counted and fenced; *region* only where it is not the account's work."""
        where = (service, region or self.region)
        with self._lock:
            if where not in self._clients:
                client = self._session.client(service, region_name=where[1], endpoint_url=self._endpoint, config=CONFIG)
                limited(client, self._limiter)  # before the gate: who waited long may not write any more
                instrument(client, self._observer, self._gate)
                retrying(client, self._observer, self._gate, self._limiter)
                self._clients[where] = client
            return self._clients[where]

    def fact(self, name: str, look_up: Callable[[Clients], Any]) -> Any:
        """What *look_up* told of this account and region within the last hour."""
        asked, value = self._facts.get(name, (-FACTS_LAST, None))
        if time.monotonic() - asked >= FACTS_LAST:
            value = look_up(self)
            self._facts[name] = (time.monotonic(), value)
        return value

    def shared(self, make: Callable[[Clients], T]) -> T:
        """What *make* made of these clients, once for all who use them."""
        with self._lock:
            if make not in self._shared:
                self._shared[make] = make(self)
            found: T = self._shared[make]
            return found


@dataclass(frozen=True)
class Aws:
    """AWS as one owner uses it: the clients, and the tags and tokens that say whose work it is."""

    clients: Clients
    owner: Owner
    stamps: Mapping[str, str] = field(default_factory=dict)
    """By address, what makes the client token of a creation its own: when it was intended."""

    on_delete: Mapping[str, Any] = field(default_factory=dict)
    """What the object's spec says in ``deletion``: what becomes of data and of running work."""

    @property
    def ec2(self) -> Any:
        """The EC2 client."""
        return self.clients.client("ec2")

    def client(self, service: str) -> Any:
        """The client of *service*."""
        return self.clients.client(service)

    @property
    def owned(self) -> list[dict[str, Any]]:
        """The EC2 filter that finds what is the owner's."""
        return [{"Name": f"tag:{OWNER_TAG}", "Values": [self.owner.key]}]

    def token(self, resource: Resource) -> str:
        """The client token of *resource*'s creation: the same after a crash, another for the next one.

        At most 64 ASCII characters:
        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
        """
        text = f"{self.owner.key}|{resource.address}|{self.stamps.get(resource.address, '')}"
        return hashlib.sha256(text.encode()).hexdigest()

    def tagged(self, resource: Resource, noun: str) -> list[dict[str, Any]]:
        """The TagSpecifications of *resource*'s creation."""
        tags = [{"Key": k, "Value": v} for k, v in sorted(self.owner.birth_tags(resource).items())]
        return [{"ResourceType": noun, "Tags": tags}]
