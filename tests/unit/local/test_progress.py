import io
import time

import pytest

from awslab.local.progress import Bars, Lines, on_stderr


def test_a_pipe_gets_plain_lines_at_start_now_and_then_and_at_the_end():
    told = io.StringIO()

    with Lines(told, every=0.05).task("Building") as task:
        task.update("compiling x", 0.5)
        time.sleep(0.2)

    lines = told.getvalue().splitlines()
    assert lines[0] == "Building ..."
    assert lines[1] == "Building: 0 s (50%) compiling x"
    assert lines[-1].startswith("Building: done in 0.")


def test_work_that_failed_is_not_called_done():
    told = io.StringIO()

    with pytest.raises(ValueError, match="no"), Lines(told).task("Building"):
        raise ValueError("no")

    assert told.getvalue().splitlines()[-1].startswith("Building: not done after")


def test_who_does_not_watch_on_a_terminal_gets_lines():
    assert isinstance(on_stderr(), Lines)


def test_a_terminal_gets_bars(capsys):
    with Bars().task("Building") as task:
        task.update("half", 0.5)

    assert "Building" in capsys.readouterr().err
