"""Text into one object of S3, in parts, so that it is never all in memory."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from botocore.exceptions import BotoCoreError, ClientError

from . import logs
from .clients import client
from .errors import doing

PART = 8 << 20
"""Size of a part in characters: above S3's least (5 MiB), and 10,000 of them hold 80 GB."""


class Upload:
    """An object that is being written; it is there once ``finish`` returns, and never in part."""

    def __init__(self, bucket: str, key: str, kind: str, metadata: Mapping[str, str] | None = None) -> None:
        self.target = {"Bucket": bucket, "Key": key}
        self.about = {"ContentType": kind, "Metadata": dict(metadata or {})}
        self.size = 0
        self._pieces: list[str] = []
        self._length = 0
        self._id = ""
        self._parts: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        """Add text."""
        self._pieces.append(text)
        self._length += len(text)
        if self._length >= PART:
            self._send()

    def finish(self, **condition: str) -> None:
        """Make the object, on a condition if one is given; after a refusal it may be tried on another one.

        Raises the ClientError of a condition that does not hold.
        """
        if not self._id:
            self._put(condition)
            return
        if self._pieces:
            self._send()
        parts = {"Parts": self._parts}
        client("s3").complete_multipart_upload(**self.target, UploadId=self._id, MultipartUpload=parts, **condition)
        self._id = ""

    def _put(self, condition: Mapping[str, str]) -> None:
        body = "".join(self._pieces).encode()
        client("s3").put_object(**self.target, **self.about, Body=body, **condition)
        self.size = len(body)

    def _send(self) -> None:
        """Send what was gathered as a part.

        S3 wants the checksum of each part again at the end, once clients send any, as newer ones do unasked.
        """
        body = "".join(self._pieces).encode()
        number = len(self._parts) + 1
        with doing(f"write {self.target['Key']}"):
            if not self._id:
                begun = client("s3").create_multipart_upload(**self.target, **self.about, ChecksumAlgorithm="CRC32")
                self._id = begun["UploadId"]
            part = {"PartNumber": number, "ChecksumCRC32": base64.b64encode(crc32(body).to_bytes(4)).decode()}
            sent = client("s3").upload_part(**self.target, **part, UploadId=self._id, Body=body)
        self._parts.append({**part, "ETag": sent["ETag"]})
        self.size += len(body)
        self._pieces, self._length = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Drop the parts of an object that was not finished; where even that fails, the bucket's lifecycle does it."""
        if self._id:
            try:
                client("s3").abort_multipart_upload(**self.target, UploadId=self._id)
            except client("s3").exceptions.NoSuchUpload:
                pass  # S3 itself drops the parts when two writers meet (409 ConditionalRequestConflict)
            except (ClientError, BotoCoreError) as failure:
                logs.error(f"cannot drop the parts of {self.target['Key']}: {failure}")
            self._id = ""


def put(bucket: str, key: str, kind: str, text: str) -> None:
    """Write a text that is small enough to be sent at once."""
    with doing(f"write {key}"):
        client("s3").put_object(Bucket=bucket, Key=key, ContentType=kind, Body=text.encode())
