"""Code for AWS Lambda, as zips whose bytes follow from their content alone.

Nothing is compressed, since what compression gives differs between versions of zlib: the same sources are the same
hash on every machine, and a function is uploaded again only when its code has changed.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files as resources
from pathlib import PurePosixPath

FOLDER = "awslab_functions"
"""The package of the shipped functions within their zips."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o100644
_INDEX = {"python": "index.py", "nodejs": "index.js"}


@dataclass(frozen=True)
class Package:
    """A zip for Lambda; sha256 is what AWS calls CodeSha256."""

    handler: str
    body: bytes
    sha256: str

    @classmethod
    def of(cls, handler: str, sources: Mapping[str, str]) -> Package:
        """Zip sources by name; raises ValueError for a name that leads out of the zip."""
        body = _zipped(sources)
        return cls(handler, body, base64.b64encode(hashlib.sha256(body).digest()).decode())


def inline(source: str, runtime: str, handler: str = "index.handler") -> Package:
    """Zip one source that a spec holds; raises ValueError for a runtime that runs no source."""
    language = runtime.rstrip("0123456789.x")
    if language not in _INDEX:
        raise ValueError(f"{runtime} runs no inline source; {' and '.join(_INDEX)} do")
    return Package.of(handler, {_INDEX[language]: source})


def several(sources: Mapping[str, str], handler: str) -> Package:
    """Zip the files of a ConfigMap, by name; raises ValueError where there is none."""
    if not sources:
        raise ValueError("there is no file to make a function of")
    return Package.of(handler, sources)


@lru_cache(maxsize=256)
def builtin(name: str, step: str = "") -> Package:
    """Zip a shipped function with the shared modules that it imports; raises KeyError for an unknown name.

    ``step`` is what AWSLAB_STEP would hold, for a schema too long for a variable: all of them together have 4 KB.
    """
    module = BUILTINS[name].module
    sources = {f"{FOLDER}/{each}.py": _source(each) for each in ["__init__", *sorted(_needed(module))]}
    settings = {f"{FOLDER}/step.json": step} if step else {}
    return Package.of(f"{FOLDER}.{module}.handler", sources | settings)


def _needed(module: str) -> set[str]:
    """Return a module and all that it imports of its package, directly or not."""
    needed, waiting = set[str](), {module}
    while waiting:
        needed |= waiting
        waiting = {found for each in waiting for found in _imports(each)} - needed
    return needed


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


@cache
def _source(module: str) -> str:
    return (resources("awslab") / "functions" / f"{module}.py").read_text("utf-8")


def _zipped(sources: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(sources):
            _refuse_escape(name)
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = _UNIX, _READABLE << 16
            archive.writestr(entry, sources[name].encode())
    return buffer.getvalue()


def _refuse_escape(name: str) -> None:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} is no name for a file in a zip")


class Part(StrEnum):
    """What of a pipeline a function may touch."""

    INPUT = "input"
    WORK = "work"
    OUTPUT = "output"
    TABLE = "table"
    MACHINE = "machine"


class When(StrEnum):
    """In which pipelines a function needs an access."""

    ALWAYS = "always"
    VERSIONED = "versioned"
    UNVERSIONED = "unversioned"
    EXPRESS = "express"


@dataclass(frozen=True)
class Access:
    """One action of IAM on one part; without it the function fails."""

    action: str
    part: Part
    when: When = When.ALWAYS


@dataclass(frozen=True)
class Builtin:
    """A shipped function: its module, the names in its ``with``, and all that it does in AWS."""

    module: str
    settings: frozenset[str]
    accesses: tuple[Access, ...]


_READ_INPUT = (
    Access("s3:GetObjectVersion", Part.INPUT, When.VERSIONED),
    Access("s3:GetObject", Part.INPUT, When.UNVERSIONED),
)
_READ_WORK = Access("s3:GetObject", Part.WORK)
_WRITE_WORK = Access("s3:PutObject", Part.WORK)
_CSV = frozenset({"delimiter", "quote", "encoding"})
_TOTALS = frozenset({"fields", "groupBy", "decimals", "maxGroups"})

BUILTINS: Mapping[str, Builtin] = {
    "csv-validate": Builtin("csv_validate", _CSV | {"maxErrors", "minRows", "extraColumns"}, _READ_INPUT),
    "csv-transform": Builtin(
        "csv_transform",
        _CSV | {"compute", "select", "rename"},
        (*_READ_INPUT, _WRITE_WORK, Access("s3:AbortMultipartUpload", Part.WORK)),
    ),
    "csv-statistics": Builtin("csv_statistics", _TOTALS, (_READ_WORK, _WRITE_WORK)),
    "csv-report": Builtin("csv_report", _TOTALS | {"title", "format"}, (_READ_WORK, _WRITE_WORK)),
    "write-output": Builtin(
        "write_output",
        frozenset({"files"}),
        (
            _READ_WORK,
            Access("s3:GetObject", Part.OUTPUT),
            Access("s3:PutObject", Part.OUTPUT),
            Access("s3:AbortMultipartUpload", Part.OUTPUT),
            Access("dynamodb:UpdateItem", Part.TABLE),
        ),
    ),
    "start": Builtin(
        "start",
        frozenset(),
        (
            Access("states:StartExecution", Part.MACHINE),
            Access("dynamodb:UpdateItem", Part.TABLE, When.EXPRESS),
        ),
    ),
}
"""Each action that a function calls and none besides; the tests hold this table against the calls."""


def accesses(name: str, *, versioned: bool = True, express: bool = False) -> tuple[Access, ...]:
    """Return what a shipped function needs in one pipeline; raises KeyError for an unknown name."""
    held = {When.ALWAYS, When.VERSIONED if versioned else When.UNVERSIONED} | ({When.EXPRESS} if express else set())
    return tuple(access for access in BUILTINS[name].accesses if access.when in held)
