"""A cluster and an AWS for the commands: the fake API server, and the strict local AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from awslab.cli.main import main
from tests.support.fakeapi import FakeApi
from tests.support.memory import MemoryHandle, lab_vpc, reconciler, until
from tests.support.shell import LAB, PIPELINE

SMALL = {"availabilityZones": 1, "natGateways": "None", "subnets": {"data": {"enabled": False}}}


@dataclass
class Cluster:
    """Objects in the fake API server, worked on by the reconciler in this process."""

    api: FakeApi

    def apply(self, handle: MemoryHandle) -> MemoryHandle:
        """Put the object there with its status, as the operator and the API server would have it."""
        meta = handle.obj["metadata"]
        if self.api.get("labvpcs", meta["namespace"], meta["name"]):
            self.api.vanish("labvpcs", meta["namespace"], meta["name"])
        stored = self.api.create("labvpcs", handle.obj)
        kept = {k: stored["metadata"][k] for k in ("resourceVersion", "uid")}
        self.api.objects["labvpcs", meta["namespace"], meta["name"]]["metadata"] |= {**meta, **kept}
        return handle

    def worked_on(self, passes=1, name="production", **spec) -> MemoryHandle:
        """A LabVpc after so many passes; 0 means until it is Ready."""
        handle, using = lab_vpc(name, **{**SMALL, **spec}), reconciler()
        for _ in range(passes):
            using.reconcile(handle)
        if not passes:
            until(handle, lambda: handle.ready, using)
        return self.apply(handle)

    def move_on(self, status, name="production"):
        """Have the operator write another status."""
        key = ("labvpcs", "lab", name)
        with self.api.changed:
            self.api._store(key, {**self.api.objects[key], "status": status}, "MODIFIED")

    def annotations(self, name="production"):
        return self.api.get("labvpcs", "lab", name)["metadata"].get("annotations", {})


@pytest.fixture
def cluster(local_aws, tmp_path, monkeypatch):
    with FakeApi((LAB, PIPELINE)) as api:
        api.create("namespaces", {"metadata": {"name": "lab"}})
        monkeypatch.setenv("KUBECONFIG", api.kubeconfig(tmp_path))
        yield Cluster(api)


@pytest.fixture
def awslab():
    """Run the command; what it printed and its exit code are in the result."""

    def run(*words, **how):
        result = CliRunner().invoke(main, [str(w) for w in words], **how)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
