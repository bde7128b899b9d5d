"""The HTTP server of a local AWS: one thread a connection, on loopback unless another address is asked for."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from awslab.local.aws.app import LocalAws

if TYPE_CHECKING:
    from awslab.local.aws.world import World

HOST = "127.0.0.1"
IDLE_SECONDS = 60.0


class Handler(MotoRequestHandler):  # type: ignore[misc] # moto has no types for us
    """Keeps connections open, sends at once, and leaves logging to the application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def setup(self) -> None:
        """Remember the connection, so that it ends with the server."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request, and let the connection live.

        werkzeug's own closes it, for fear of a request that was not read to its end; our application reads each.
        """
        try:
            body = b"".join(self.server.app(self.make_environ(), self._begin))
            self._headers_buffer.append(body if self.command != "HEAD" else b"")
            self.flush_headers()
        except OSError:  # hung up, by us or by the client
            self.close_connection = True

    def _begin(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self._headers_buffer.append(b"\r\n")

    def log(self, *_: object) -> None:
        """Say nothing: the call log tells more."""


class Http(ThreadedWSGIServer):  # type: ignore[misc] # werkzeug is known by moto's leave only
    """One thread a connection; when it closes, so do they."""

    def __init__(self, *arguments: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(*arguments)

    def server_close(self) -> None:
        """Close, and hang up on everybody."""
        super().server_close()
        for connection in [*self.connections]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed already


class Server:
    """A local AWS that serves; also within another process, as tests do."""

    def __init__(self, world: World, port: int = 0, host: str = HOST) -> None:
        """*host* is for a bridge to containers of this machine; a local AWS lets in everybody who reaches it."""
        self.world = world
        self._host = host
        self._http = Http(host, port, LocalAws(world), Handler)
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
