"""Clients with which a service of the local AWS calls another: signed as anybody's, but without a socket.

A call goes through the same door as one from outside, so that faults hit it, IAM is asked and the log shows it.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.core.botocore_stubber import MockRawResponse
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from botocore.awsrequest import AWSPreparedRequest

    from awslab.local.aws.world import World

ADDRESS = "http://127.0.0.1"
CLIENTS_KEPT = 64
CONFIG = Config(
    retries={"total_max_attempts": 1},
    parameter_validation=False,
    inject_host_prefix=False,
    s3={"addressing_style": "path"},
)
_making = threading.Lock()  # a session of boto3 must not make two clients at once
Key = tuple[str, str, str | None]


def client(world: World, service: str, region: str, key: Key) -> Any:
    """Return boto3's client of a service; `key` is access key, secret and session token."""
    with _making:
        return _client(world, service, region, key)


@functools.lru_cache(maxsize=CLIENTS_KEPT)
def _client(world: World, service: str, region: str, key: Key) -> Any:
    made = _session().client(
        service,
        region_name=region,
        endpoint_url=world.endpoint or ADDRESS,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=key[2],
        config=CONFIG,
    )
    made.meta.events.register("before-send", functools.partial(_send, world))
    return made


@functools.lru_cache(maxsize=1)
def _session() -> boto3.Session:
    return boto3.Session()


def _send(world: World, request: AWSPreparedRequest, **_: object) -> AWSResponse:
    """Carry a request to the application of this world, instead of to the network."""
    status, headers, body = call_application(world.application, request)
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


def call_application(
    application: WSGIApplication | None, request: AWSPreparedRequest
) -> tuple[int, HTTPHeaders, bytes]:
    """Ask a WSGI application; returns its status, headers and body."""
    if application is None:
        raise RuntimeError("this world has no application yet")
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        told.update(status=int(status.split(maxsplit=1)[0]), headers=headers)
        return lambda _: None

    body = b"".join(application(_environ(request), start))
    headers = HTTPHeaders()
    for name, value in told["headers"]:
        headers[name] = value
    return told["status"], headers, body


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    data = body.encode() if isinstance(body, str) else bytes(body)
    headers = {name: _text(value) for name, value in request.headers.items()}
    address, _, path = request.url.partition("://")[2].partition("/")
    path, _, query = path.partition("?")
    builder = EnvironBuilder(
        path="/" + path,
        query_string=query,
        base_url=f"http://{address}",
        method=request.method,
        headers=headers,
        data=data,
    )
    environ: dict[str, Any] = builder.get_environ()
    return environ | {"RAW_URI": f"/{path}", "REQUEST_URI": f"/{path}"}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def service_key(principal: str) -> Key:
    """Return the key of an AWS service, as `events.amazonaws.com`, that acts by itself; the log shows its name."""
    return principal, "local", None


def queue_url(world: World, arn: str) -> str:
    """Return the address of a queue."""
    _, _, _, _, account, name = arn.split(":", 5)
    return f"{world.endpoint or ADDRESS}/{account}/{name}"
