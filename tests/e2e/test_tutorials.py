"""What the tutorials tell people to type does what the tutorials say.

All ``console`` blocks of a page are typed into one shell, but those below the comment OWN.  Lines that begin with
``$`` are commands and have to succeed; the lines below one are what it prints.  There ``…`` stands for any text, any
space for any other, and a line of three dots for any lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.live import BIN, ROOT

PAGES = ("your-first-network.md", "your-first-pipeline.md")
OWN = "<!-- in your own terminal -->"
BLOCK = re.compile(rf"^({OWN}\n)?```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "the end of a command:"


@dataclass
class Command:
    """A line to type, and the lines that it is said to print."""

    line: str
    printed: list[str] = field(default_factory=list)


def commands(text: str) -> Iterator[Command]:
    """The commands of a page, in order."""
    for own, block in BLOCK.findall(text):
        lines = [] if own else block.splitlines()
        found: list[Command] = []
        for line in lines:
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            else:
                found[-1].printed.append(line)
        yield from found


def pattern(printed: list[str]) -> str:
    """What the printed text has to match; how wide columns are is nobody's business."""
    return "".join(map(_pattern, printed))


def _pattern(line: str) -> str:
    if line == "...":
        return r"(?s:.*?\n)??"
    return r"[ \t]*" + r"[ \t]+".join(re.escape(word).replace("…", ".*?") for word in line.split()) + r"[ \t]*\n"


class Shell:
    """A shell in which one command is typed after the other."""

    def __init__(self, folder, environment) -> None:
        self._process = subprocess.Popen(
            ["/bin/bash"], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def type(self, line: str) -> tuple[int, str]:
        """The exit code of the line, and what it printed."""
        self._process.stdin.write(f'{line}\necho "\n{END} $?"\n')
        self._process.stdin.flush()
        said = ""
        for printed in self._process.stdout:
            if printed.startswith(END):
                return int(printed.split()[-1]), said.removesuffix("\n")
            said += printed
        raise AssertionError(f"the shell has ended: {said}")

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture
def shell(place, no_lab, session_world, tmp_path):
    """A shell as the page wants it, in a folder that can be littered, with a kubeconfig of its own."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    kubeconfig = shutil.copy(session_world.kubeconfig, tmp_path / "kubeconfig")
    path = os.pathsep.join([str(session_world.kubectl.command.parent), str(BIN), os.environ["PATH"]])
    more = {**place.environment, "KUBECONFIG": str(kubeconfig), "PATH": path, "AWS_PAGER": ""}
    shell = Shell(tmp_path, os.environ | more)
    yield shell
    shell.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_tutorial_does_what_the_tutorial_says(shell, page):
    wrong = []
    for command in commands((ROOT / "docs/tutorials" / page).read_text()):
        code, said = shell.type(command.line)
        if code or (command.printed and not re.fullmatch(pattern(command.printed), said)):
            wrong.append(f"{command.line} ended with {code} and printed\n{said}")

    assert not wrong, "\n".join(wrong)


def test_a_page_is_taken_apart_as_it_says():
    text = f"{OWN}\n```console\n$ make up\n```\n```console\n$ ls\na …\n...\nz\n$ true\n```\n```yaml\n$ no\n```\n"

    ls, true = commands(text)

    assert (ls.line, true) == ("ls", Command("true"))
    assert re.fullmatch(pattern(ls.printed), "a b\nc\nd\nz\n")
    assert not re.fullmatch(pattern(ls.printed), "a b\nc\nd\n")
