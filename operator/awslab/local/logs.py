"""Read the logs of a world, one or all of them, once or as they grow."""

import time
from collections.abc import Iterator
from pathlib import Path

_POLL = 0.2  # seconds


def lines(logs: list[Path], *, follow: bool) -> Iterator[str]:
    """Yield each line, after the component's name where there are several logs."""
    width = max(len(log.stem) for log in logs)
    files = [(f"{log.stem:<{width}} | " if len(logs) > 1 else "", log.open(errors="replace")) for log in logs]
    try:
        while True:
            for prefix, file in files:
                yield from (f"{prefix}{line.rstrip()}" for line in file)
            if not follow:
                return
            time.sleep(_POLL)
    finally:
        for _, file in files:
            file.close()
