"""What must never be told, whoever puts it into a text: into a status, an event, a log or a plan."""

from __future__ import annotations

import re

HIDDEN = "***"

_SECRETS = (
    re.compile(r"(?i)(?P<name>bearer\s+)[\w.~+/=-]{8,}"),
    re.compile(r"(?P<name>)\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    re.compile(
        r"(?i)(?P<name>(?:secret_?(?:access_?)?key|session_?token|security-?token|password)[\\\"']*\s*[:=]\s*[\\\"']*)"
        r"[^\s\\\"',}]{6,}"
    ),
    re.compile(r"(?P<name>://)[^/\s@]+(?=@)"),
)
"""Tokens, secret keys behind their usual names, and who asks in a URL."""


def redacted(text: str) -> str:
    """The text with every secret in it replaced by ``***``."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\g<name>{HIDDEN}", text)
    return text
