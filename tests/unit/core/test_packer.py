"""What was packed comes back as it was, and what looks alike takes little."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awslab.core.packer import WINDOW, Packer


@given(sample=st.binary(), text=st.binary())
def test_whatever_was_packed_comes_back(sample, text):
    packer = Packer(sample)

    assert text == packer.unpack(packer.pack(text))


def test_what_looks_like_the_sample_takes_a_fraction_of_what_it_takes_alone():
    fields = {f"field {n}": f"{n * 7919:x}" for n in range(50)}
    texts = [json.dumps(fields | {"id": f"vpc-{m:08x}", "subnet": f"subnet-{m:08x}"}).encode() for m in range(9)]
    packer = Packer(texts[0])

    assert sum(len(packer.pack(t)) for t in texts[1:]) < sum(len(zlib.compress(t)) for t in texts[1:]) / 2


def test_of_a_long_sample_the_end_serves():
    text = bytes(range(256)) * 4
    packer = Packer(b"x" * WINDOW + text)

    assert text == packer.unpack(packer.pack(text))


def test_another_packer_does_not_understand():
    with pytest.raises(zlib.error):
        Packer(b"one sample").unpack(Packer(b"another sample").pack(b"a text"))
