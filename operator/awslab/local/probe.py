"""Ask a local server whether it is ready."""

import ssl
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

_TIMEOUT = 2.0  # seconds


def answers(url: str, authority: Path | None = None, method: str = "GET") -> bool:
    """Return whether the URL answers 200, trusting `authority` where it is https."""
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    request = urllib.request.Request(url, method=method)  # noqa: S310 - a server of ours on loopback
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),  # loopback is never behind a proxy
        urllib.request.HTTPSHandler(context=context),
    )
    try:
        with opener.open(request, timeout=_TIMEOUT) as reply:
            return bool(reply.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
