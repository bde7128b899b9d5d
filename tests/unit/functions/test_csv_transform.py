"""csv-transform makes typed records of every row, or fails."""

from __future__ import annotations

import base64
import csv
import io
import json
from decimal import Decimal

import pytest
from botocore.exceptions import ConnectionClosedError

from awslab.functions import clients, csv_transform, upload
from awslab.functions.errors import InvalidData, InvalidSettings, TransientError
from tests.unit.functions.conftest import BUCKET, COLUMNS, SALES


@pytest.fixture
def transform(pipeline):
    """Upload a content, transform it, and return its records."""

    def transformed(content, columns=COLUMNS, **settings):
        result = pipeline.call(csv_transform, pipeline.upload(content), columns=columns, **settings)
        lines = pipeline.read(result["key"]).split("\n")[:-1]
        assert result["rows"] == len(lines)
        return [json.loads(line, parse_float=Decimal) for line in lines]

    return transformed


def test_each_row_becomes_a_record_with_types(transform):
    expected = [
        {
            "date": row["date"],
            "region": row["region"],
            "product": row["product"],
            "quantity": int(row["quantity"]),
            "price": Decimal(row["price"]),
        }
        for row in csv.DictReader(io.StringIO(SALES))
    ]

    assert expected == transform(SALES)


def test_the_result_says_where_the_records_are(pipeline):
    state = pipeline.upload()

    result = pipeline.call(csv_transform, state)

    expected = {
        "builtin": "csv-transform",
        "bucket": BUCKET,
        "key": f"work/{state['run']}/records.ndjson",
        "rows": 3,
        "fields": ["date", "region", "product", "quantity", "price"],
        "bytes": len(pipeline.read(result["key"]).encode()),
    }
    assert expected == result


def test_fields_are_computed_one_from_another(transform):
    compute = {"total": "quantity * price", "gross": "round(total * 1.19, 2)", "month": "month(date)"}

    records = transform(SALES, compute=compute)

    totals = [int(row["quantity"]) * Decimal(row["price"]) for row in csv.DictReader(io.StringIO(SALES))]
    assert totals == [record["total"] for record in records]
    assert [Decimal("71.36"), Decimal("297.50"), Decimal("1.19")] == [record["gross"] for record in records]
    assert ["2024-01", "2024-01", "2024-02"] == [record["month"] for record in records]


def test_every_digit_is_kept(transform):
    digits = ["0.1", "123456789012345678901234567890.12345678901234567890", "-0.000000000000000000001", "007.50"]

    records = transform("n\n" + "\n".join(digits) + "\n", [{"name": "n", "type": "decimal"}])

    assert [Decimal(text) for text in digits] == [record["n"] for record in records]


def test_values_of_all_types(transform):
    columns = [
        {"name": "b", "type": "boolean"},
        {"name": "t", "type": "timestamp"},
        {"name": "d", "type": "date", "format": "%d.%m.%Y"},
        {"name": "i", "type": "integer", "required": False},
    ]

    records = transform('b,t,d,i,s\nyes,2024-01-01T01:00:00+01:00,31.12.2024,,"a ""b""\n\\c\u2028é"\n', columns)

    expected = {"b": True, "t": "2024-01-01T00:00:00Z", "d": "2024-12-31", "i": None, "s": 'a "b"\n\\c\u2028é'}
    assert [expected] == records


def test_fields_are_selected_and_renamed_in_order(transform):
    records = transform(
        SALES, compute={"total": "quantity * price"}, select=["total", "region"], rename={"total": "sum"}
    )

    assert ["sum", "region"] == list(records[0])


def test_a_computed_field_may_take_the_place_of_a_column(transform):
    assert ["NORTH", "SOUTH", "NORTH"] == [
        row["region"] for row in transform(SALES, compute={"region": "upper(region)"})
    ]


@pytest.mark.parametrize(
    ("content", "settings", "reason"),
    [
        (SALES + "2024-01-01,north,a,1,abc\n", {}, "row 5: price is 'abc', not a decimal number"),
        (SALES + "2024-01-01,north,a,1\n", {}, "row 5: 4 cells, and the header has 5"),
        (SALES.replace("price", "cost"), {}, "row 1: column price is missing"),
        (SALES + '"', {}, "input/sales_data.csv: row 5: a quote is opened"),
        (b"PK\x03\x04", {}, "input/sales_data.csv: the file is a zip"),
        ("", {}, "input/sales_data.csv: the file is empty"),
        (SALES, {"compute": {"x": "price / (quantity - 1)"}}, "row 3: cannot compute x: division by zero"),
        (SALES, {"compute": {"x": "region + 1"}}, "row 2: cannot compute x: 'north' is not a number"),
    ],
)
def test_a_row_that_cannot_be_a_record_fails_the_step_and_leaves_nothing(
    pipeline, transform, content, settings, reason
):
    with pytest.raises(InvalidData, match=f"^{reason}"):
        transform(content, **settings)

    assert [] == pipeline.keys("work/")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"compute": {"x": "missing * 2"}}, "'missing \\* 2': there is no column 'missing'"),
        ({"select": ["total"]}, "there is no field 'total'; there are date"),
        ({"rename": {"total": "x"}}, "there is no field 'total'"),
        ({"rename": {"date": "region"}}, "select and rename give two fields one name"),
        ({"compute": ["x"]}, "compute is "),
        ({"select": "date"}, "select is 'date'"),
    ],
)
def test_wrong_settings_are_named(transform, settings, reason):
    with pytest.raises(InvalidSettings, match=f"^{reason}"):
        transform(SALES, **settings)


def test_a_file_of_a_header_gives_no_records(transform):
    assert [] == transform(SALES.splitlines()[0])


def test_twice_gives_the_same_bytes(pipeline):
    state = pipeline.upload()
    first = pipeline.read(pipeline.call(csv_transform, state)["key"])

    assert first == pipeline.read(pipeline.call(csv_transform, state)["key"])


@pytest.fixture
def large(monkeypatch) -> str:
    """A file whose records take several parts (S3 wants 5 MiB of each but the last)."""
    monkeypatch.setattr(upload, "PART", 5 << 20)
    return "id,text\n" + "".join(f"{number},{'x' * 1000}\n" for number in range(12_000))


def test_large_files_are_written_in_parts(transform, large):
    records = transform(large, [{"name": "id", "type": "integer"}])

    assert list(range(12_000)) == [record["id"] for record in records]


def test_the_checksum_of_each_part_is_told_again_at_the_end(transform, large):
    """S3 refuses to complete an upload with checksums otherwise; moto does not look."""
    completed = []
    client = clients.client("s3")
    client.meta.events.register(
        "provide-client-params.s3.CompleteMultipartUpload", lambda params, **_: completed.append(params)
    )

    transform(large, [])
    clients.client.cache_clear()

    parts = completed[0]["MultipartUpload"]["Parts"]
    assert [1, 2, 3] == [part["PartNumber"] for part in parts]
    assert {4} == {len(base64.b64decode(part["ChecksumCRC32"])) for part in parts}


def test_parts_of_a_failed_step_are_dropped_and_a_retry_ends_right(pipeline, large, failing):
    state = pipeline.upload(large)
    failing("s3", "UploadPart", ConnectionClosedError(endpoint_url="s3"), nth=2)

    with pytest.raises(TransientError, match="cannot write work/"):
        pipeline.call(csv_transform, state, columns=[])

    assert ([], None) == (pipeline.keys("work/"), pipeline.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"))
    assert 12_000 == pipeline.call(csv_transform, state, columns=[])["rows"]
