"""Things kept small, where there are many that look alike."""

from __future__ import annotations

import zlib

BITS = 14
WINDOW = 1 << BITS
"""Bytes of a sample that deflate refers to; its most are 32 KiB, https://www.rfc-editor.org/rfc/rfc1951 ."""

MEMORY = 6
"""Of a compressor: with the window some 100 KB for a moment, https://www.zlib.net/manual.html#Advanced ."""


class Packer:
    """Compresses texts that look alike by what they differ in from a sample of them.

    Some 200 bytes instead of 2,000 for an object of which there are thousands.
    """

    def __init__(self, sample: bytes) -> None:
        """*sample*: one of the texts; others may differ from it in anything."""
        self._sample = sample[-WINDOW:]

    def pack(self, text: bytes) -> bytes:
        """Make *text* small."""
        squeezer = zlib.compressobj(wbits=BITS, memLevel=MEMORY, zdict=self._sample)
        return squeezer.compress(text) + squeezer.flush()

    def unpack(self, packed: bytes) -> bytes:
        """Bring back the text that this very packer made small."""
        return zlib.decompressobj(wbits=BITS, zdict=self._sample).decompress(packed)
