"""The namespaces that passes ask about: read when asked, and then known for a minute.

They are not watched: what they say of accounts matters when an object is new or an AwsAccount chooses its
namespaces by labels, and a minute of delay harms nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from awslab.controller.kube import ApiGone, Kube
from awslab.controller.objects import Object

KNOWN_SECONDS = 60.0


class Namespaces:
    """What is known of each namespace, and since when. Safe for many threads."""

    def __init__(self, kube: Kube, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube, self._clock = kube, clock
        self._known: dict[str, tuple[float, Object]] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Object:
        """The namespace, empty where it is gone; raises an ``ApiError`` where that cannot be told."""
        with self._lock:
            asked, found = self._known.get(name, (-KNOWN_SECONDS, {}))
        if self._clock() - asked < KNOWN_SECONDS:
            return found
        try:
            found = self._kube.request("get", "GET", f"/api/v1/namespaces/{name}")
        except ApiGone:
            found = {}
        with self._lock:
            self._known[name] = (self._clock(), found)
        return found
