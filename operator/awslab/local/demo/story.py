"""How a story is told: commands are the real ones, run as they are shown; an object is followed; checks are said."""

import os
import queue
import shlex
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from awslab.local.demo.screen import Screen
from awslab.local.demo.telling import State, news
from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes.watching import Watch
from awslab.local.world import World

NAMESPACE = "lab"
PATIENCE = 60.0  # seconds for each step
LOOK = 0.1


class CheckError(LocalWorldError):
    """Something that was promised does not hold; the message is a sentence about it."""


@dataclass
class Story(ABC):
    """Tells the story of one object in one world; `repository` is where the examples are."""

    kind: ClassVar[str]
    name: ClassVar[str]

    world: World
    repository: Path
    screen: Screen
    watch: Watch
    state: State = field(default_factory=State)

    @classmethod
    def watching(cls, world: World) -> Watch:
        """What the story has to be given to see its object by."""
        return Watch(world.kubectl, cls.kind, NAMESPACE, cls.name)

    @abstractmethod
    def scenes(self) -> Iterable[Callable[[], None]]:
        """Its parts, in order."""

    def tell(self) -> None:
        """Go through all of it; raises CheckError at the first thing that does not hold."""
        for scene in self.scenes():
            scene()

    # --- how

    @cached_property
    def folder(self) -> Path:
        """Where commands are run."""
        return self.repository

    @property
    def _object(self) -> str:
        return f"{self.kind} {self.name} -n {NAMESPACE}"

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        """That of the person's shell, in which the world's kubectl and our aws are found first."""
        folders = (self.world.kubectl.command.parent, Path(sys.executable).parent)
        path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
        return os.environ | self.world.environment | {"PATH": path, "AWS_PAGER": ""}

    def _run(self, line: str, meanwhile: Callable[[], object] = lambda: None, most: int = 0) -> str:
        """Show the command line, run just that, and show what it says, or its first lines.

        Returns what it said; raises CheckError when it fails.
        """
        self.screen.command(line)
        command = shlex.split(line)
        # S603: the lines are those of the stories
        with subprocess.Popen(  # noqa: S603
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                meanwhile()
                said, _ = process.communicate(timeout=PATIENCE)
            except BaseException:
                process.kill()
                raise
        self.screen.output(_head(said, most))
        if process.returncode:
            raise CheckError(f"`{line}` ended with {process.returncode}.")
        return said

    def _patch(self, change: str, how: str = "merge") -> str:
        return f"kubectl patch {self._object} --type={how} -p '{change}'"

    def _follow(self, done: Callable[[State], bool], aim: str) -> float:
        """Show each state until `done`; returns the seconds that it took, raises CheckError after PATIENCE."""
        start = time.monotonic()
        with self.screen.following() as board:
            while True:
                if time.monotonic() - start > PATIENCE:
                    where = self.state.message or "nothing"
                    raise CheckError(f"{self.name} was not {aim} within {PATIENCE:.0f} s; its status says: {where}")
                try:
                    state = State(self.watch.next(LOOK))
                except queue.Empty:
                    board.show(self.state)
                    continue
                for line in news(self.state, state):
                    board.news(line)
                self.state = state
                if done(state):
                    return time.monotonic() - start

    def _follow_to_ready(self, aim: str = "Ready") -> float:
        """Show each state until the spec that is there now is carried out; what was seen before says nothing of it."""
        ask = ("get", *self._object.split(), "--output=jsonpath={.metadata.generation}")
        generation = int(self.world.kubectl(*ask))
        return self._follow(lambda state: state.generation >= generation and state.is_ready, aim)

    def _await_events(self, *reasons: str) -> None:
        """Events are posted behind the pass; wait until each of these is there."""
        deadline = time.monotonic() + PATIENCE
        ask = ("get", "events", f"--namespace={NAMESPACE}", "--output=jsonpath={.items[*].reason}")
        while missing := set(reasons) - set(self.world.kubectl(*ask).split()):
            if time.monotonic() > deadline:
                raise CheckError(f"Nobody posted the event {', '.join(sorted(missing))}.")
            time.sleep(LOOK)

    def _check(self, holds: bool, sentence: str, *found: str) -> None:  # noqa: FBT001 - it is what the check is about
        if not holds:
            more = f" (found: {', '.join(found)})" if found else ""
            self.screen.failed(sentence + more)
            raise CheckError(f"This does not hold: {sentence}{more}.")
        self.screen.holds(sentence)


def _head(text: str, most: int) -> str:
    """The first lines, and how many follow."""
    lines = text.splitlines()
    if not most or len(lines) <= most:
        return text
    return "\n".join([*lines[:most], f"... ({len(lines) - most:,} more lines)"])
