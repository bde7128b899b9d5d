"""`python -m awslab.local.aws`: run a strict local AWS until told to stop."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
import threading
from pathlib import Path

from awslab.local.aws import state
from awslab.local.aws.server import HOST, Server
from awslab.local.aws.world import Settings, World

log = logging.getLogger("awslab.local.aws")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then save the state; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if options.access_log else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    for noisy in ("werkzeug", "botocore", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    world = World(Settings(options.time_scale, options.latency_ms, options.quota_scale))
    try:
        kept = not options.discard_state and options.state_dir and state.load(world, options.state_dir)
        server = Server(world, options.port)
    except (state.StateError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence for a person; a traceback would hide it
        return 1
    _serve(server, kept=bool(kept))
    if options.state_dir:
        log.info("state saved in %s", state.save(world, options.state_dir))
    return 0


def _serve(server: Server, *, kept: bool) -> None:
    gc.freeze()  # moto's tables stay as long as the process
    gc.set_threshold(100_000, 50, 100)  # with many thousands of resources a full collection takes half a second
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    log.info("local AWS ready at %s%s", server.endpoint, " with the state it had" if kept else "")
    stop.wait()
    server.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m awslab.local.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help=f"port on {HOST}; 0 finds a free one")
    parser.add_argument("--state-dir", type=Path, help="folder to keep the state in; none keeps nothing")
    parser.add_argument("--discard-state", action="store_true", help="begin empty, whatever the folder holds")
    parser.add_argument("--time-scale", type=float, default=0.01, help="of AWS's usual delays (default 1/100)")
    parser.add_argument("--latency-ms", type=float, default=0, help="to add to every call")
    parser.add_argument("--quota-scale", type=float, default=1, help="of AWS's default quotas (default 1)")
    parser.add_argument("--access-log", action="store_true", help="write every call to stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
