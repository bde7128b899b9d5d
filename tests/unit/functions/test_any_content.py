"""Whatever a file holds: csv-validate gives a verdict, and csv-transform agrees with it."""

from __future__ import annotations

import io
import json
import os
from decimal import Decimal
from unittest import mock

import pytest
from botocore.response import StreamingBody
from hypothesis import example, given, settings
from hypothesis import strategies as st

from awslab.functions import csv_transform, csv_validate
from awslab.functions.errors import InvalidData

COLUMNS = [{"name": "a", "type": "integer"}, {"name": "b", "type": "decimal", "required": False}]
STATE = {
    "pipeline": "p",
    "run": "r",
    "input": {"bucket": "b", "key": "input/x.csv", "version": "1"},
    "output": {"bucket": "b", "prefix": "output/"},
    "work": {"bucket": "b", "prefix": "work/r/"},
}

cells = st.sampled_from(
    ["1", "-2.5", "", "x", '"', '""', '"1"', "é", "\ufeff", " ", "1\n", "٣", "\x00", "a", "b", "NaN"]
)
texts = st.lists(st.sampled_from(["a,b\n", ",", "\n", "\r\n", "\r", "a,b,c\n"]) | cells, max_size=30).map("".join)
latin = texts.map(lambda text: f"a,b\n{text}".encode("latin-1", "replace"))
contents = st.binary(max_size=60) | texts.map(str.encode) | latin


class Memory:
    """S3 with one object to read, and what is written."""

    def __init__(self, content: bytes) -> None:
        self.content, self.written = content, b""

    def get_object(self, **_):
        return {"Body": StreamingBody(io.BytesIO(self.content), len(self.content))}

    def put_object(self, Body, **_):  # noqa: N803 - boto3's name
        self.written = Body


def call(function, memory):
    step = {"name": "S", "columns": COLUMNS, "with": {"minRows": 0} if function is csv_validate else {}}
    with (
        mock.patch.dict(os.environ, AWSLAB_STEP=json.dumps(step)),
        mock.patch("awslab.functions.table.client", return_value=memory),
        mock.patch("awslab.functions.upload.client", return_value=memory),
    ):
        return function.handler(STATE, None)


@settings(max_examples=300, deadline=None)
@given(contents)
@example(b'a,b\n"1\n')
@example(b"a,b\n1,2\n\xe4,3\n")
@example(b"PK\x03\x04a,b\n")
def test_every_content_has_a_verdict_with_which_the_transformation_agrees(content):
    memory = Memory(content)
    verdict = call(csv_validate, memory)

    if verdict["valid"]:
        assert verdict["rows"] == call(csv_transform, memory)["rows"]
        records = [json.loads(line, parse_float=Decimal) for line in memory.written.decode().split("\n")[:-1]]
        assert verdict["rows"] == len(records)
    else:
        assert verdict["reason"]
        assert verdict["errors"]
        with pytest.raises(InvalidData):
            call(csv_transform, memory)
