"""An operator in a process of its own, for tests of signals: NAME JOURNAL SECONDS KUBECONFIG POLL.

Each pass takes so many seconds and then, if the fence is open, writes its name into the journal, as if that were
a call to AWS.
"""

import sys
import time
from pathlib import Path

from awslab.controller import logs
from awslab.controller.operator import Operator
from awslab.settings import Settings
from tests.support.shell import LAB, keep


class Journal:
    def __init__(self, name: str, path: Path, seconds: float) -> None:
        self.name, self.path, self.seconds = name, path, seconds

    def reconcile(self, handle) -> float:
        self.write("begin")
        time.sleep(self.seconds)
        keep(handle)
        if handle.may_write():
            self.write("call")
        return 0.05

    def write(self, what: str) -> None:
        with self.path.open("a") as file:
            file.write(f"{self.name} {what}\n")


if __name__ == "__main__":
    name, path, seconds, kubeconfig, poll = sys.argv[1:]
    logs.configure("console", "info")
    settings = Settings(
        kubeconfig=kubeconfig,
        metrics_address="127.0.0.1:0",
        lease_namespace="awslab-system",
        lease_duration=2,
        lease_renew=0.4,
        lease_poll=float(poll),
        grace=5,
    )
    sys.exit(Operator(settings, (LAB,), Journal(name, Path(path), float(seconds))).run())
