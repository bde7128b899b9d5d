"""Tell a person what is going on: bars on a terminal, plain lines in a pipe, nothing where nobody looks."""

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichBars
    from rich.progress import TaskID


class Task(Protocol):
    """One piece of work that is under way."""

    def update(self, detail: str, done: float | None = None) -> None:
        """Tell what is going on, and how much of it is done (0 to 1) where that is known."""


class Progress(ABC):
    """Where work tells how far it is."""

    @abstractmethod
    def note(self, line: str) -> None:
        """Tell something that stays to be read."""

    @abstractmethod
    def task(self, title: str) -> AbstractContextManager[Task]:
        """Show `title` while the block runs, and how long it took."""


class Quiet(Progress):
    """Tells nobody."""

    def note(self, line: str) -> None:
        """Say nothing."""

    @contextmanager
    def task(self, title: str) -> Iterator[Task]:
        """Say nothing."""
        del title
        yield _Silence()


class Lines(Progress):
    """Plain lines: at the start, every `every` seconds, and at the end."""

    def __init__(self, stream: TextIO | None = None, every: float = 15) -> None:
        self._stream = stream or sys.stderr
        self._every = every

    def note(self, line: str) -> None:
        """Print the line."""
        self._stream.write(f"{line}\n")
        self._stream.flush()

    @contextmanager
    def task(self, title: str) -> Iterator[Task]:
        """Print when it starts, how it goes and when it ends."""
        self.note(f"{title} ...")
        task, ended, start = _LastWord(), threading.Event(), time.monotonic()
        teller = threading.Thread(target=self._tell, args=(title, task, ended, start), daemon=True)
        teller.start()
        end = "not done after"
        try:
            yield task
            end = "done in"
        finally:
            ended.set()
            teller.join()  # so that nothing comes behind the end
            self.note(f"{title}: {end} {time.monotonic() - start:.1f} s")

    def _tell(self, title: str, task: "_LastWord", ended: threading.Event, start: float) -> None:
        while not ended.wait(self._every):
            self.note(f"{title}: {time.monotonic() - start:.0f} s {task.words}".rstrip())


class Bars(Progress):
    """A bar for each task, on a terminal."""

    def note(self, line: str) -> None:
        """Print the line."""
        sys.stderr.write(f"{line}\n")

    @contextmanager
    def task(self, title: str) -> Iterator[Task]:
        """Show a spinner, a bar where the end is known, and the time."""
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs rich
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - as above
        from rich.progress import Progress as RichBars  # noqa: PLC0415 - as above

        columns = (
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
        )
        detail = TextColumn("[dim]{task.fields[detail]}")
        with RichBars(*columns, TimeElapsedColumn(), detail, console=Console(stderr=True)) as bars:
            bar = bars.add_task(title, total=None, detail="")
            yield _Bar(bars, bar)
            bars.update(bar, total=1, completed=1, detail="")


class _Silence:
    def update(self, detail: str, done: float | None = None) -> None:
        del detail, done


class _LastWord:
    words = ""

    def update(self, detail: str, done: float | None = None) -> None:
        self.words = detail if done is None else f"({done:.0%}) {detail}"


class _Bar:
    def __init__(self, bars: "RichBars", bar: "TaskID") -> None:
        self._bars, self._bar = bars, bar

    def update(self, detail: str, done: float | None = None) -> None:
        if done is not None:
            self._bars.update(self._bar, total=1, completed=min(done, 1))
        self._bars.update(self._bar, detail=detail[-60:])


def on_stderr() -> Progress:
    """Return bars where stderr is a terminal, and plain lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
