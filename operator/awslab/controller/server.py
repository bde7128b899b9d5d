"""Metrics and health over HTTP: ``/metrics``, ``/healthz`` (start me anew?), ``/readyz`` (am I in step?).

Each check is a function that returns None, or one sentence that says what is wrong. The answer lists all
checks, as the API server's own does, with 200 or 503.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client.exposition import choose_encoder

from awslab import metrics

_log = logging.getLogger(__name__)

Check = Callable[[], str | None]


def report(checks: Mapping[str, Check]) -> tuple[bool, str]:
    """Run all checks: whether all are well, and one line for each."""
    found = {name: _result(check) for name, check in checks.items()}
    lines = [f"[-]{name}: {problem}" if problem else f"[+]{name} ok" for name, problem in found.items()]
    well = not any(found.values())
    return well, "\n".join([*lines, "ok" if well else "failed", ""])


def _result(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that fails is a check that fails
        return f"the check itself failed: {error!r}"


class Server:
    """Answers in a thread of its own."""

    def __init__(self, host: str, port: int, *, liveness: Mapping[str, Check], readiness: Mapping[str, Check]) -> None:
        """Port 0 takes a free one.

        Raises:
            OSError: when the address is not to be had.
        """
        self._checks = {"/healthz": liveness, "/livez": liveness, "/readyz": readiness}
        self._http = ThreadingHTTPServer((host, port), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="http", daemon=True)

    @property
    def address(self) -> str:
        """Where it listens, as host:port."""
        host, port = self._http.server_address[:2]
        return f"{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
        _log.info("metrics and health on http://%s/metrics, /healthz, /readyz", self.address)

    def stop(self) -> None:
        """Answer no more, and free the port."""
        if self._thread.is_alive():
            self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, accept: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, content type and body for one GET."""
        path = path.partition("?")[0]
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return HTTPStatus.OK, content_type, encode(metrics.REGISTRY)
        if path in self._checks:
            well, text = report(self._checks[path])
            status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            return status, "text/plain; charset=utf-8", text.encode()
        return HTTPStatus.NOT_FOUND, "text/plain", b"there are /metrics, /healthz and /readyz\n"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                accept = self.headers.get("Accept", "")
                status, content_type, body = server.answer(self.path, accept)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
                _log.debug(format, *args)

        return Handler
