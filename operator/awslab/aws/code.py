"""The code of a function: told by what it is, with the bytes at hand where they are to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from awslab.core.ownership import PREFIX
from awslab.core.values import FrozenMap

MARK = PREFIX + "code"
"""The tag of a function with code from S3: which object it was, and the hash of what Lambda took from there."""


@dataclass(frozen=True)
class Code:
    """Two are equal if the same code runs on the same kind of processor."""

    is_leaf: ClassVar[bool] = True

    identity: str
    """Lambda's CodeSha256 of a zip, the URI of an image, or what stands for an object in S3."""
    architecture: str = "x86_64"
    sent: Mapping[str, Any] = field(default_factory=FrozenMap, compare=False, repr=False)
    """As Lambda takes it: ``{"ZipFile": ...}``; nothing in what was found."""

    @classmethod
    def zipped(cls, body: bytes, sha256: str, architecture: str = "x86_64") -> Code:
        """A zip; *sha256* in base64, as Lambda tells it."""
        return cls(sha256, architecture, FrozenMap({"ZipFile": body}))

    @classmethod
    def stored(cls, bucket: str, key: str, version: str = "", architecture: str = "x86_64") -> Code:
        """A zip in S3: without a version, another object under the same key is not noticed."""
        identity = "s3-" + hashlib.sha256(f"{bucket}/{key}?{version}".encode()).hexdigest()[:16]
        which = {"S3ObjectVersion": version} if version else {}
        return cls(identity, architecture, FrozenMap({"S3Bucket": bucket, "S3Key": key, **which}))

    @classmethod
    def image(cls, uri: str, architecture: str = "x86_64") -> Code:
        """A container image."""
        return cls(uri, architecture, FrozenMap({"ImageUri": uri}))

    @property
    def packaging(self) -> str:
        """As Lambda says PackageType."""
        return "Image" if "ImageUri" in self.sent else "Zip"

    def __str__(self) -> str:
        return f"{self.identity} ({self.architecture})"


def found(answer: Mapping[str, Any]) -> Code:
    """The code that GetFunction tells of."""
    configuration = answer["Configuration"]
    (architecture,) = configuration.get("Architectures") or ("x86_64",)
    if configuration.get("PackageType") == "Image":
        return Code(answer["Code"]["ImageUri"], architecture)
    sha256 = configuration["CodeSha256"]
    identity, _, then = answer.get("Tags", {}).get(MARK, "").partition(" ")
    return Code(identity if then == sha256 else sha256, architecture)


def marks(code: Code, sha256: str) -> dict[str, str]:
    """The tag that lets *found* know *code* again, where Lambda's hash does not."""
    return {MARK: f"{code.identity} {sha256}"} if "S3Bucket" in code.sent else {}
