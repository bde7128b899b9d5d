"""Execution environments: started cold, kept warm a while, never shared by two invocations."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awslab.local.aws import identity
from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import runtime
from awslab.local.aws.lambda_.processes import Process, Reply, Start, Zygote, start_node

if TYPE_CHECKING:
    from awslab.local.aws.identity import Session
    from awslab.local.aws.lambda_.model import Deployed, LayerVersion, Target
    from awslab.local.aws.world import World

IDLE_SECONDS = 60.0
IDLE_MOST = 32
AT_WORK_MOST = max(8, 4 * (os.cpu_count() or 1))
SLOT_SECONDS = 5.0  # then it goes on without: who waits for it may be one that it waits for
INIT_SECONDS = 30.0  # AWS gives 10, on machines that are not as busy


@dataclass
class Environment:
    """A process with a function in it, its credentials and its place in the log."""

    key: str
    process: Process
    session: Session
    group: str
    stream: str
    scratch: Path
    init: Reply
    used: float = 0.0
    is_new: bool = True


class Pool:
    """All execution environments of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.epoch = 0  # counts the resets
        self.slots = threading.BoundedSemaphore(AT_WORK_MOST)
        self._folders = runtime.Folders()
        self._zygote: Zygote | None = None
        self._idle: list[Environment] = []
        self._busy: dict[int, Environment] = {}
        self._lock = threading.Lock()
        self._sweep: threading.Timer | None = None

    def take(self, target: Target, deployed: Deployed, layers: list[LayerVersion], epoch: int) -> Environment:
        """Return an environment for one invocation: a warm one where there is, else a new one.

        `epoch` is that in which the invocation was let in; what a reset has overtaken gets none.
        """
        key = f"{target.function.arn}:{target.version.number}:{deployed.revision}"
        with self._lock:
            if epoch != self.epoch:
                raise AwsError("ServiceException", "The local AWS was reset meanwhile.", 500)
            warm = [one for one in self._idle if one.key == key and one.process.alive]
            if warm:
                found = warm[-1]
                self._idle.remove(found)
                self._busy[id(found)] = found
                return found
        made = self._start(key, target, deployed, layers)
        with self._lock:
            self._busy[id(made)] = made
        return made

    def give_back(self, environment: Environment) -> None:
        """Keep an environment warm, or bury it where its process has ended."""
        with self._lock:
            known = self._busy.pop(id(environment), None)
        if known is None or not environment.process.alive:
            self._bury(environment)
            return
        environment.used, environment.is_new = time.monotonic(), False
        with self._lock:
            self._idle.append(environment)
            if self._sweep is None:
                self._sweep = self._timer()
        self._end_old()

    def close(self) -> None:
        """End everything; what comes later starts anew."""
        with self._lock:
            self.epoch += 1
            gone, self._idle = [*self._idle, *self._busy.values()], []
            self._busy.clear()
            zygote, self._zygote = self._zygote, None
            sweep, self._sweep = self._sweep, None
        if sweep:
            sweep.cancel()
        for one in gone:
            one.process.end()
        if zygote:
            zygote.close()
        self._folders.clear()

    def _timer(self) -> threading.Timer:
        timer = threading.Timer(IDLE_SECONDS / 4, self._swept)
        timer.daemon = True
        timer.start()
        return timer

    def _swept(self) -> None:
        self._end_old()
        with self._lock:
            if self._sweep is not None:
                self._sweep = self._timer() if self._idle else None

    def _end_old(self) -> None:
        limit = time.monotonic() - IDLE_SECONDS
        with self._lock:
            keep = [one for one in self._idle[-IDLE_MOST:] if one.used > limit]
            old = [one for one in self._idle if one not in keep]
            self._idle = keep
        for one in old:
            self._bury(one)

    def _bury(self, environment: Environment) -> None:
        environment.process.close()
        shutil.rmtree(environment.scratch, ignore_errors=True)
        with self.world.lock:
            identity.end(self.world, environment.session)

    def _start(self, key: str, target: Target, deployed: Deployed, layers: list[LayerVersion]) -> Environment:
        function, settings = target.function, deployed.settings
        stream = f"{time.strftime('%Y/%m/%d')}/[{target.version.number}]{secrets.token_hex(16)}"
        session = self._assume(deployed.role, function.name)
        scratch = self._folders.scratch()
        root = self._folders.unpacked("code", deployed.code.digest, deployed.code.data)
        opt = [self._folders.unpacked("layers", one.code.digest, one.code.data) for one in layers]
        group = settings["LoggingConfig"]["LogGroup"]
        variables = self._variables(target, deployed, session, root, scratch) | {
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        }
        process = self._process(deployed, _start(settings, variables, root, opt))
        init = process.ask(None, INIT_SECONDS)
        return Environment(key, process, session, group, stream, scratch, init)

    def _assume(self, role: str, name: str) -> Session:
        with self.world.lock:
            try:
                return identity.assume(self.world, role, "lambda.amazonaws.com", session=name)
            except AwsError as error:
                sentence = "The role defined for the function cannot be assumed by Lambda."
                raise AwsError("AccessDeniedException", sentence, 403) from error

    def _variables(
        self, target: Target, deployed: Deployed, session: Session, root: Path, scratch: Path
    ) -> dict[str, str]:
        """Return all that the code finds in its environment; its own variables first, Lambda's over them."""
        settings, function = deployed.settings, target.function
        own: dict[str, str] = (settings.get("Environment") or {}).get("Variables", {})
        return (
            own
            | session.environment()
            | {
                "AWS_ENDPOINT_URL": self.world.endpoint,
                "AWS_REGION": function.region,
                "AWS_DEFAULT_REGION": function.region,
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.get('Runtime')}",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_VERSION": target.version.number,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "_HANDLER": str(settings.get("Handler")),
                "LAMBDA_TASK_ROOT": str(root),
                "LAMBDA_RUNTIME_DIR": str(self._folders.runtime()),
                "HOME": str(scratch),
                "TMPDIR": str(scratch),
                "LANG": "en_US.UTF-8",
                "TZ": ":UTC",
                "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            }
        )

    def _process(self, deployed: Deployed, start: Start) -> Process:
        kind = str(deployed.settings.get("Runtime"))
        if kind.startswith("nodejs"):
            node = shutil.which("node")
            if node is None:
                sentence = f"To run {kind}, the local AWS needs `node` on its PATH."
                raise AwsError("InvalidRuntimeException", sentence, 502)
            return start_node(node, start)
        if not kind.startswith("python3"):
            what = "images" if deployed.code.image else kind
            sentence = f"The local AWS does not run {what}: it has no Docker: use python3.x or nodejs."
            raise AwsError("InvalidRuntimeException", sentence, 502)
        try:
            return self._copied().start(start)
        except ConnectionError:  # the one that is copied was killed, by whomever
            with self._lock:
                self._zygote = None
            return self._copied().start(start)

    def _copied(self) -> Zygote:
        with self._lock:
            if self._zygote is None:
                self._zygote = Zygote(self._folders.runtime())
            return self._zygote


def _start(settings: dict[str, Any], variables: dict[str, str], root: Path, layers: list[Path]) -> Start:
    wish = settings["LoggingConfig"]
    return Start(
        environment=variables,
        root=str(root),
        path=[str(root), *(path for one in reversed(layers) for path in runtime.python_paths(one))],
        memory_mb=settings["MemorySize"],
        json_logs=wish.get("LogFormat") == "JSON",
        log_level=LEVELS.get(wish.get("ApplicationLogLevel", ""), "WARNING"),
    )


LEVELS = {"TRACE": "DEBUG", "DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARNING", "ERROR": "ERROR", "FATAL": "CRITICAL"}
