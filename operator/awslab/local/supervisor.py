"""What a world runs, written down in its folder, so that any later command finds it and ends it."""

import json
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes.kubeconfig import write_private
from awslab.local.ports import asked_port, free_port, is_free
from awslab.local.processes import Component, Running, await_ready, start

FILE = "world.json"
_FORMAT = 2
_GRACE = 45.0  # seconds a process has to end by itself; the operator finishes its calls, AWS writes its state
_GRACES = {"kube-apiserver": 3.0}  # waits a minute for open watches, but all that it promised is in etcd


@dataclass
class State:
    """What `world.json` says."""

    name: str
    created: float = field(default_factory=time.time)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, Running] = field(default_factory=dict)
    binaries: dict[str, str] = field(default_factory=dict)  # path by command
    own_cluster: bool = True
    time_scale: float = 0.01
    aws_command: list[str] = field(default_factory=list)
    operators: dict[str, dict[str, Any]] = field(default_factory=dict)  # how each was started: command, environment
    format: int = _FORMAT

    @classmethod
    def read(cls, folder: Path) -> "State":
        """Read the state of the world in `folder`."""
        try:
            content = json.loads((folder / FILE).read_text())
        except FileNotFoundError as error:
            raise LocalWorldError(f"There is no world in {folder}: start one with `awslab local up`.") from error
        except ValueError as error:
            raise LocalWorldError(f"{folder / FILE} cannot be read: delete {folder} and start anew.") from error
        if content.get("format") != _FORMAT:
            raise LocalWorldError(
                f"The world in {folder} was made by another version of awslab: `awslab local down` with that "
                f"version, or end its processes and delete {folder}."
            )
        processes = {
            name: Running(**record | {"command": tuple(record["command"])})
            for name, record in content.pop("processes").items()
        }
        return cls(**content, processes=processes)


class Supervisor:
    """Starts and stops components, and writes each change down before it goes on."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.state = state

    def save(self) -> None:
        """Write the state down."""
        write_private(self.folder / FILE, json.dumps(asdict(self.state), indent=2) + "\n")

    def choose_ports(self, names: Iterable[str], asked: dict[str, int | None]) -> None:
        """Settle a port for each name: the one asked for, else the one it had, else a free one."""
        ports = self.state.ports
        for name in names:
            if wanted := asked.get(name):
                ports[name] = asked_port(wanted, "--aws-port" if name == "aws" else "--api-port")
            elif name not in ports or not is_free(ports[name]):
                ports[name] = free_port(taken=[*ports.values(), *(port for port in asked.values() if port)])
        self.save()

    def start(self, component: Component) -> Running:
        """Start the component without waiting for it."""
        running = start(component, self.folder)
        self.state.processes[component.name] = running
        self.save()
        return running

    def run(self, component: Component) -> Running:
        """Start the component and wait until it is ready."""
        running = self.start(component)
        await_ready(component, running)
        return running

    def alive(self, name: str) -> bool:
        """Return whether the process of that name lives."""
        running = self.state.processes.get(name)
        return bool(running and running.process())

    def stop(self, *names: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End these processes, side by side, and forget them."""
        self._end(names, lambda running: running.stop(_GRACES.get(running.name, _GRACE), number))

    def pause(self, name: str) -> None:
        """Let this process stand still."""
        self.state.processes[name].pause()

    def resume(self, name: str) -> None:
        """Let this process go on."""
        self.state.processes[name].send(signal.SIGCONT)

    def kill(self, name: str) -> None:
        """End this process at once."""
        self._end([name], Running.kill)

    def _end(self, names: Iterable[str], end: Callable[[Running], None]) -> None:
        known = [self.state.processes[name] for name in names if name in self.state.processes]
        with ThreadPoolExecutor(max_workers=max(len(known), 1)) as pool:
            list(pool.map(end, known))
        for running in known:
            del self.state.processes[running.name]
        self.save()
