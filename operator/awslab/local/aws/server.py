"""The HTTP server of a local AWS: one thread a connection, on loopback unless another address is asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from awslab.local.aws.app import LocalAws

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from awslab.local.aws.world import World

HOST = "127.0.0.1"


class Handler(MotoRequestHandler):  # type: ignore[misc] # moto has no types for us
    """Keeps connections open, sends at once, and leaves logging to the application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go in two writes: Nagle would wait 40 ms in between

    def log(self, *_: object) -> None:
        """Say nothing: the call log tells more."""


class Server:
    """A local AWS that serves; also within another process, as tests do."""

    def __init__(self, world: World, port: int = 0, host: str = HOST) -> None:
        """*host* is for a bridge to containers of this machine; a local AWS lets in everybody who reaches it."""
        self.world = world
        self._host = host
        self._http: BaseWSGIServer = make_server(host, port, LocalAws(world), threaded=True, request_handler=Handler)
        world.endpoint = self.endpoint
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        """Return the address to give to boto3 as `endpoint_url`."""
        return f"http://{self._host}:{self._http.port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()
        for resume in self.world.resumers:
            resume()

    def stop(self) -> None:
        """Stop serving; calls that hang are let go."""
        self.world.faults.remove()
        self.world.quiet()
        self._http.shutdown()
        self.world.quiet()  # what a last call may have begun
        self._http.server_close()
