"""A world: a Kubernetes control plane, a local AWS and, if asked for, the operator, in one folder.

with World.create(Path("/tmp/w")) as world:
world.kubectl("get", "namespaces")
world.boto("ec2").describe_vpcs()
"""

import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
from filelock import FileLock, Timeout

from awslab.local import cloud, operator_process
from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes import given
from awslab.local.kubernetes.binaries import find_binaries
from awslab.local.kubernetes.client import TEST_LABEL, Cluster, Kubectl
from awslab.local.kubernetes.control_plane import PORTS, ControlPlane
from awslab.local.operator_process import Operator
from awslab.local.processes import Component, await_ready
from awslab.local.progress import Progress, Quiet
from awslab.local.supervisor import FILE, State, Supervisor

OPERATOR = "operator"
"""The operator's name among the components; replicas beside it are named by who starts them."""

_STOP_ORDER = (("kube-controller-manager", "kube-apiserver", "aws"), ("etcd",))  # after the operators


@dataclass(frozen=True)
class Options:
    """How a world is started; `None` for a port means a free one."""

    time_scale: float = 0.01  # of the times that AWS usually takes
    api_port: int | None = None
    aws_port: int | None = None
    aws_command: Sequence[str] = cloud.COMMAND


@dataclass(frozen=True)
class ComponentStatus:
    """What a component does now; memory in bytes, `since` in seconds since the epoch."""

    name: str
    state: str  # running | paused | gone
    pid: int
    endpoint: str
    since: float
    memory: int


class World:
    """One world; use `create` or `load`."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.folder = supervisor.folder
        self.kubeconfig = self.folder / "kubeconfig"

    @classmethod
    def create(cls, folder: Path, options: Options | None = None, progress: Progress | None = None) -> Self:
        """Start the world in `folder`, and return when all of it is ready.

        One that was stopped with `keep`, or whose machine was restarted, goes on with what it had;
        one that runs is returned. When anything fails, nothing stays behind.
        """
        folder = folder.resolve()
        new = _prepare(folder)
        with _locked(folder):
            state = State(folder.name) if new else State.read(folder)
            world = cls(Supervisor(folder, state))
            if not world._serves():
                world._bring_up(options or Options(), progress or Quiet(), new=new)
        return world

    @staticmethod
    def exists(folder: Path) -> bool:
        """Return whether there is a world in that folder, running or kept."""
        return (folder / FILE).exists()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the world of that folder."""
        folder = folder.resolve()
        return cls(Supervisor(folder, State.read(folder)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def down(self, *, keep: bool = False) -> None:
        """End every process; the folder goes too, unless its data is to be kept for the next time."""
        with _locked(self.folder):
            self._stop_all()
            if not keep:
                shutil.rmtree(self.folder)

    # --- what it offers

    @property
    def name(self) -> str:
        """The world's name."""
        return self._state.name

    @property
    def aws_endpoint(self) -> str:
        """The address of the local AWS."""
        return cloud.endpoint(self._state.ports["aws"])

    @property
    def operator_endpoint(self) -> str:
        """The address of the operator's metrics and health."""
        return f"http://127.0.0.1:{self._state.ports[OPERATOR]}"

    @property
    def kubectl(self) -> Kubectl:
        """Kubectl as administrator: `world.kubectl("get", "ns")` returns what it prints."""
        return Kubectl(Path(self._state.binaries["kubectl"]), self.kubeconfig)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which kubectl, aws and boto3 use this world."""
        return {"KUBECONFIG": str(self.kubeconfig)} | cloud.environment(self._state.ports["aws"])

    def boto(self, service: str, region: str = cloud.REGION) -> Any:
        """Return a boto3 client of the local AWS."""
        import boto3  # noqa: PLC0415 - half a second that `awslab local env` need not wait

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=self.aws_endpoint, **keys)

    def new_namespace(self, prefix: str = "test") -> str:
        """Make a namespace that the next reset deletes, and return its name."""
        name = f"{prefix}-{secrets.token_hex(4)}"
        self.kubectl("create", "namespace", name)
        self.kubectl("label", "namespace", name, f"{TEST_LABEL}=true")
        return name

    def is_up(self) -> bool:
        """Return whether everything that was started still runs."""
        processes = self._state.processes
        return bool(processes) and all(running.process() for running in processes.values())

    def status(self) -> list[ComponentStatus]:
        """Tell of every component that was started."""
        return [self._status(name) for name in self._state.processes]

    def log(self, component: str) -> Path:
        """Return where the component writes its log."""
        return self.folder / "logs" / f"{component}.log"

    def logs(self, component: str | None = None) -> list[Path]:
        """Return the log of the component, or all there are."""
        found = {log.stem: log for log in sorted((self.folder / "logs").glob("*.log"))}
        if component is None and found:
            return list(found.values())
        if component in found:
            return [found[component]]
        raise LocalWorldError(f"There is no log of {component or 'anything'}: there are {', '.join(found) or 'none'}.")

    # --- what can be done to it

    def reset(self) -> None:
        """Empty AWS and delete all custom resources, without the operator's finalizers; it restarts.

        In a cluster that was given only what is in the namespaces of `new_namespace` is deleted.
        """
        operated = [name for name in self._state.operators if self._supervisor.alive(name)]
        for name in operated:
            self.kill_operator(name)
        with Cluster(self.kubeconfig) as cluster:
            cluster.delete_objects(everywhere=self._state.own_cluster)
        cloud.reset(self._state.ports["aws"])
        for name in operated:
            self._run_operator(name)

    def restart_apiserver(self) -> None:
        """End the API server and start it again at the same address; returns when it is ready."""
        with self.outage("kube-apiserver"):
            pass

    @contextmanager
    def outage(self, *names: str) -> Iterator[None]:
        """Have the API server (`kube-apiserver`), `aws` or both gone while the block runs; they keep what they know.

        The controllers go with the API server, as they end in a real cluster when they lose their lease: left
        running, they would wait up to a minute before they look again.
        """
        if "kube-apiserver" in names and not self._state.own_cluster:
            raise LocalWorldError("This world uses a cluster that was given: restart its API server there.")
        plane = self._control_plane
        start = {
            "aws": self._aws,
            "kube-apiserver": plane.apiserver,
            "kube-controller-manager": plane.controller_manager,
        }
        if "kube-apiserver" in names:
            names = (*names, "kube-controller-manager")
        self._supervisor.stop(*names)
        try:
            yield
        finally:
            for name in names:
                self._supervisor.run(start[name]())

    @contextmanager
    def slowed(self, name: str, still: float = 0.6, running: float = 0.2) -> Iterator[None]:
        """Have one process stand still again and again while the block runs, for so many seconds: a slow disk, say."""
        done = threading.Event()

        def stutter() -> None:
            while not done.wait(running):
                self._supervisor.pause(name)
                done.wait(still)
                self._supervisor.resume(name)

        thread = threading.Thread(target=stutter, name=f"slowed-{name}")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def install(self, manifests: Path | None = None) -> None:
        """Apply CRDs and RBAC (of the repository's `manifests` by default) and wait until they work."""
        operator_process.install(self.kubectl, manifests or operator_process.default_manifests())

    def start_operator(
        self,
        name: str = OPERATOR,
        *,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        command: Sequence[str] = operator_process.COMMAND,
        wait: bool = True,
    ) -> None:
        """Start the operator as its ServiceAccount, and wait until it is ready; needs `install` before.

        Another `name` is a replica of it, a process with its own log, port and token.
        """
        if self._supervisor.alive(name):
            raise LocalWorldError(f"The {name} runs already: stop it first.")
        self._state.operators[name] = {"command": [*command, *args], "environment": dict(env or {})}
        self._run_operator(name, wait=wait)

    def ensure_operator(self, manifests: Path | None = None) -> None:
        """Install what the operator needs, and start it unless it runs."""
        self.install(manifests)
        if not self._supervisor.alive(OPERATOR):
            self.start_operator()

    def stop_operator(self, name: str = OPERATOR, signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask the operator to end, and return when it has."""
        self._supervisor.stop(name, number=signal)

    def kill_operator(self, name: str = OPERATOR) -> None:
        """End the operator with SIGKILL."""
        self._supervisor.kill(name)

    def kill_operators(self) -> None:
        """End the operator and all replicas of it with SIGKILL, and forget how they were started."""
        for name in list(self._state.operators):
            self.kill_operator(name)
            del self._state.operators[name]

    def pause_operator(self, name: str = OPERATOR) -> None:
        """Let the operator stand still (SIGSTOP), as a machine that hangs."""
        self._supervisor.pause(name)

    def resume_operator(self, name: str = OPERATOR) -> None:
        """Let the operator go on (SIGCONT)."""
        self._supervisor.resume(name)

    # --- how

    @property
    def _state(self) -> State:
        return self._supervisor.state

    @property
    def _control_plane(self) -> ControlPlane:
        return ControlPlane(self.folder, self._state.ports, self._state.binaries, self.kubeconfig)

    def _serves(self) -> bool:
        """Return whether Kubernetes and AWS run; the operator may come and go."""
        state = self._state
        processes = [running for name, running in state.processes.items() if name not in state.operators]
        return bool(processes) and all(running.process() for running in processes)

    def _bring_up(self, options: Options, progress: Progress, *, new: bool) -> None:
        try:
            self._stop_all()
            self._supervisor.save()
            self._start_all(options, progress)
        except BaseException:
            self._stop_all()
            if new:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start_all(self, options: Options, progress: Progress) -> None:
        state, supervisor = self._state, self._supervisor
        state.own_cluster = not given.is_asked_for()
        state.time_scale, state.aws_command = options.time_scale, list(options.aws_command)
        state.binaries = given.commands(progress) if given.is_asked_for() else _paths(progress)
        asked = {"aws": options.aws_port, "kube-apiserver": options.api_port}
        supervisor.choose_ports([*(PORTS if state.own_cluster else ()), "aws", OPERATOR], asked)
        with progress.task("Starting AWS and Kubernetes"):
            aws = self._aws()
            running = supervisor.start(aws)
            self._start_kubernetes()
            await_ready(aws, running)

    def _aws(self) -> Component:
        state = self._state
        return cloud.component(self.folder, state.ports["aws"], state.time_scale, state.aws_command)

    def _start_kubernetes(self) -> None:
        if not self._state.own_cluster:
            given.use(Kubectl(Path(self._state.binaries["kubectl"]), self.kubeconfig))
            return
        plane = self._control_plane
        plane.prepare()
        for component in (plane.etcd(), plane.apiserver(), plane.controller_manager()):
            self._supervisor.run(component)

    def _run_operator(self, name: str, *, wait: bool = True) -> None:
        state = self._state
        self._supervisor.choose_ports([name], {})
        operator = Operator(name, self.folder, self.kubectl, state.ports["aws"], state.ports[name], state.time_scale)
        how = state.operators[name]
        component = operator.component(how["command"], how["environment"])
        running = self._supervisor.start(component)
        if wait:
            await_ready(component, running)

    def _stop_all(self) -> None:
        for names in (tuple(self._state.operators), *_STOP_ORDER):
            self._supervisor.stop(*names)

    def _status(self, name: str) -> ComponentStatus:
        running = self._state.processes[name]
        try:
            if process := running.process():
                state = "paused" if running.is_paused() else "running"
                memory = process.memory_info().rss
                return ComponentStatus(name, state, running.pid, running.endpoint, running.started, memory)
        except psutil.NoSuchProcess:  # ended between two looks
            pass
        return ComponentStatus(name, "gone", running.pid, running.endpoint, running.started, 0)


def _paths(progress: Progress) -> dict[str, str]:
    return {name: str(path) for name, path in find_binaries(progress).items()}


def _prepare(folder: Path) -> bool:
    """Make the folder where it is missing; return whether there is no world in it yet."""
    if World.exists(folder):
        return False
    if folder.exists() and any(item.name != _LOCK for item in folder.iterdir()):
        raise LocalWorldError(f"{folder} holds something else than a world: choose a new or an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return True


_LOCK = "lock"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=1)
    except Timeout as error:
        raise LocalWorldError(f"Another command starts or stops the world in {folder}: wait for it.") from error
    try:
        yield
    finally:
        lock.release()
