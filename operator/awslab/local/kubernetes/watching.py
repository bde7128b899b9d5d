"""Every state that an object goes through, as `kubectl get --watch` shows it.

A state may live for a tenth of a second only; who looks now and then misses it.
"""

import json
import os
import queue
import subprocess
import threading
from typing import Any, Self

from awslab.local.kubernetes.client import Kubectl

Object = dict[str, Any]


class Watch:
    """The states of one object from now on; each is given once, None stands for its end."""

    def __init__(self, kubectl: Kubectl, kind: str, namespace: str, name: str) -> None:
        """The object need not exist yet."""
        only = f"--field-selector=metadata.name={name}"
        how = ("--watch", "--output-watch-events", "--output=json")
        # S603: kubectl is the world's own
        self._process = subprocess.Popen(  # noqa: S603
            [str(kubectl.command), "get", kind, f"--namespace={namespace}", only, *how],
            env=os.environ | {"KUBECONFIG": str(kubectl.kubeconfig)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._states: queue.Queue[Object | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="watch", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def next(self, seconds: float) -> Object | None:
        """Return the next state; raises queue.Empty when there is none within so many seconds."""
        return self._states.get(timeout=seconds)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        for line in self._process.stdout:  # an event each
            event = json.loads(line)
            self._states.put(None if event["type"] == "DELETED" else event["object"])
