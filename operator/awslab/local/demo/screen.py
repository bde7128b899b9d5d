"""Where the demonstration shows itself: colour and a moving bar on a terminal, plain lines in a pipe."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from awslab.local.demo.telling import State, by_type

_LINES = 6  # of waiting shown below the bar
_BAR = 30  # columns
_NAMES = 3  # of a type


class Board(Protocol):
    """What moves while something is followed."""

    def news(self, line: str) -> None:
        """Say what happened, with the time that has passed."""

    def show(self, state: State) -> None:
        """Show how far it is."""


class Screen:
    """Everything that is said; `failed` and `checks` count for the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self.checks = 0
        self._scenes = 0

    def scene(self, title: str) -> None:
        """Begin a part of the story."""
        self._scenes += 1
        self.console.print(Text(f"\n{self._scenes}. {title}", "bold cyan"))

    def say(self, text: str) -> None:
        """Say what a person should know."""
        self.console.print(Text(text))

    def command(self, line: str) -> None:
        """Show a command line as a person types it."""
        self.console.print(Text("$ ", "dim").append(line, "bold not dim"))

    def output(self, text: str) -> None:
        """Show what a command printed."""
        if text.strip():
            self.console.print(Text(text.rstrip(), "default"))

    def holds(self, sentence: str) -> None:
        """Say what was checked and is true."""
        self.checks += 1
        self.console.print(Text("  ✓ ", "bold green").append(sentence, "green"))

    def failed(self, sentence: str) -> None:
        """Say what was checked and is not true."""
        self.console.print(Text("  ✗ ", "bold red").append(sentence, "red"))

    def tree(self, title: str, state: State) -> None:
        """Show the resources, type by type."""
        tree = Tree(Text(title, "bold"), guide_style="dim")
        subnets = {entry["id"]: f"{entry['cidr']}  {entry['zone']}" for entry in state.status.get("subnets", ())}
        for type_, addresses in by_type(state.resources).items():
            branch = tree.add(Text(type_, "cyan"))
            width = max(len(address) for address in addresses) - len(type_) - 1
            for address in addresses:
                branch.add(_leaf(address, width, state, subnets))
        self.console.print(tree)

    def types(self, title: str, state: State) -> None:
        """Show how many resources of each type there are, and the first names, a line each."""
        grid = Table.grid(padding=(0, 2))
        for type_, addresses in by_type(state.resources).items():
            names = [address.partition("/")[2] for address in addresses]
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            grid.add_row(Text(f"  {len(names):>2}"), Text(type_, "cyan"), Text(", ".join(names[:_NAMES]) + more, "dim"))
        self.console.print(Text(title, "bold"))
        self.console.print(grid)

    @contextmanager
    def following(self) -> Iterator[Board]:
        """Follow something: a bar on a terminal, lines in a pipe."""
        if not self.console.is_terminal:
            yield _Lines(self.console)
            return
        with Live(console=self.console, transient=True, refresh_per_second=10) as live:
            yield _Moving(live)


def _leaf(address: str, width: int, state: State, subnets: dict[str, str]) -> Text:
    entry = state.resources[address]
    id_, name = entry.get("id", "-"), address.partition("/")[2]
    colour = "green" if entry["state"] == "Ready" else "yellow"
    about = f"  {subnets[id_]}" if id_ in subnets else ""
    return Text(f"{name:<{width}}  ").append(entry["state"], colour).append(f"  {id_}{about}", "dim")


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._start = console, time.monotonic()

    def news(self, line: str) -> None:
        passed = time.monotonic() - self._start
        self._console.print(Text(f"  {passed:5.1f} s  ", "dim").append(line, "default not dim"))

    def show(self, state: State) -> None:
        """Lines tell only what is new."""


class _Moving(_Lines):
    def __init__(self, live: Live) -> None:
        super().__init__(live.console)
        self._live = live
        self._spinner = Spinner("dots")

    def show(self, state: State) -> None:
        self._live.update(Group(self._bar(state), *_below(state)))

    def _bar(self, state: State) -> RenderableType:
        total = len(state.resources)
        row = Table.grid(padding=(0, 1))
        passed = Text(f"{time.monotonic() - self._start:5.1f} s", "cyan")
        bar = ProgressBar(total=total or None, completed=state.done, width=_BAR, pulse=not total)
        row.add_row(self._spinner, passed, bar, Text(f"{state.done} of {total} ready" if total else ""))
        return row


def _below(state: State) -> list[Text]:
    """What is waited for and why, in as many lines as there is room for."""
    width = shutil.get_terminal_size().columns - 10
    lines = [Text(f"         {line[:width]}", "dim", no_wrap=True) for line in state.waits()]
    more = [Text(f"         and {len(lines) - _LINES} more", "dim")] if len(lines) > _LINES else []
    return lines[:_LINES] + more
