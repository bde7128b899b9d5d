"""Loopback ports that nobody uses."""

import random
import socket
from collections.abc import Collection

from awslab.local.errors import LocalWorldError

LOOPBACK = "127.0.0.1"
_RANGE = range(20000, 32000)  # below what systems hand to outgoing connections, so that none takes it in between
_TRIES = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = ()) -> int:
    """Return a free port that is not in `taken`."""
    for port in random.sample(_RANGE, _TRIES):
        if port not in taken and is_free(port):
            return port
    raise LocalWorldError(
        f"No free port on {LOOPBACK} between {_RANGE.start} and {_RANGE.stop}: end what listens there."
    )


def asked_port(port: int, option: str) -> int:
    """Return the port that the user asked for, or say that it is taken."""
    if is_free(port):
        return port
    raise LocalWorldError(
        f"Port {port} is taken by another process: end that one, choose another port with {option}, "
        f"or leave {option} out for a free one."
    )
