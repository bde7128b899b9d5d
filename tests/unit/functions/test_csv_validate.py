"""csv-validate judges whatever a file holds, and says what is wrong with it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from botocore.exceptions import ReadTimeoutError

from awslab.functions import csv_validate
from awslab.functions.errors import InputGone, InvalidEvent, InvalidSettings, TransientError
from tests.unit.functions.conftest import BUCKET, COLUMNS, SALES

HEADER = "date,region,product,quantity,price\n"


@pytest.fixture
def judge(pipeline):
    """Upload a content and return the verdict on it."""
    return lambda content, columns=COLUMNS, **settings: pipeline.call(
        csv_validate, pipeline.upload(content), columns=columns, **settings
    )


def reasons(verdict) -> list[str]:
    assert verdict["valid"] is False
    return [error["reason"] for error in verdict["errors"]]


def test_a_right_file_is_valid(judge):
    expected = {
        "builtin": "csv-validate",
        "valid": True,
        "rows": 3,
        "blankLines": 0,
        "columns": ["date", "region", "product", "quantity", "price"],
        "size": len(SALES),
        "errorCount": 0,
        "errors": [],
        "reason": "",
    }

    assert expected == judge(SALES)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeff" + SALES, id="BOM"),
        pytest.param(SALES.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(SALES.replace("\n", "\r"), id="CR"),
        pytest.param(SALES.rstrip("\n"), id="no newline at the end"),
        pytest.param(SALES.replace("gizmo, large", 'gizmo,\nlarge\r\n""very"""'[:-1]), id="quoted newlines and quotes"),
        pytest.param(SALES.replace("widget", "Gerät 🛠"), id="unicode"),
        pytest.param(SALES.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(SALES.replace(",region,", ", region ,"), id="spaces around a name"),
    ],
)
def test_ways_to_write_the_same_file_are_valid(judge, content):
    verdict = judge(content)

    assert (True, 3, "") == (verdict["valid"], verdict["rows"], verdict["reason"])


def test_blank_lines_are_counted(judge):
    assert 2 == judge(SALES.replace("2024-01-06", "\n2024-01-06") + "\n")["blankLines"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file holds nothing but blank lines"),
        ("\ufeff", "the file is empty"),
        (HEADER, "the file has a header and no records; at least 1 is needed"),
        (b"\x1f\x8b\x08\x00", "the file is a gzip archive, not CSV text"),
        (b"a,b\n\x00\x01,\x02\n", "the file holds binary data (zero bytes), not CSV text"),
        (SALES.encode("utf-16"), "the file is utf-16: save it as utf-8, or set encoding: utf-16"),
    ],
)
def test_a_file_without_records_is_refused(judge, content, reason):
    verdict = judge(content)

    assert [reason] == reasons(verdict)
    assert (0, f"input/sales_data.csv: {reason}") == (verdict["rows"], verdict["reason"])


def test_a_zip_named_csv_is_refused(judge):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("sales.csv", SALES)

    verdict = judge(archive.getvalue())

    assert ["the file is a zip archive (an .xlsx workbook is one too), not CSV text"] == reasons(verdict)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2024-01-05,north,a,1,abc", "price", "row 2: price is 'abc', not a decimal number"),
        ("2024-01-05,north,a,1,NaN", "price", "row 2: price is 'NaN', not a decimal number"),
        ("2024-01-05,north,a,1,1e5", "price", "row 2: price is '1e5', not a decimal number"),
        ("2024-01-05,north,a,1,1_0", "price", "row 2: price is '1_0', not a decimal number"),
        ("2024-01-05,north,a,1,٣", "price", "row 2: price is '٣', not a decimal number"),
        ("2024-01-05,north,a,1,-0.01", "price", "row 2: price is '-0.01', less than 0"),
        ("2024-01-05,north,a,1.5,1", "quantity", "row 2: quantity is '1.5', not a whole number"),
        ("2024-01-05,north,a,0,1", "quantity", "row 2: quantity is '0', less than 1"),
        ("2024-01-05,north,a,,1", "quantity", "row 2: quantity is empty"),
        ("2024-02-30,north,a,1,1", "date", "row 2: date is '2024-02-30', not a date such as 2024-12-31"),
        ("05.01.2024,north,a,1,1", "date", "row 2: date is '05.01.2024', not a date such as 2024-12-31"),
        ("2024-W01-1,north,a,1,1", "date", "row 2: date is '2024-W01-1', not a date such as 2024-12-31"),
        ("2024-01-05,west,a,1,1", "region", "row 2: region is 'west', not one of north, south"),
        ("2024-01-05,north,a,1", "", "row 2: 4 cells, and the header has 5"),
        ("2024-01-05,north,a,1,1,1", "", "row 2: 6 cells, and the header has 5"),
        ("2024-01-05,north,a,1,x\ty\x07", "price", r"row 2: price is 'x\ty\x07', not a decimal number"),
    ],
)
def test_a_wrong_cell_is_named_with_row_column_and_reason(judge, row, column, reason):
    verdict = judge(f"{HEADER}{row}\n")

    assert [{"row": 2, "column": column, "reason": reason}] == verdict["errors"]


def test_rows_are_numbered_as_a_spreadsheet_does_it(judge):
    content = HEADER + '2024-01-05,north,"two\nlines",1,1\n\n2024-01-05,north,a,1,oops\n'

    assert ["row 4: price is 'oops', not a decimal number"] == reasons(judge(content))


def test_latin_1_bytes_are_named_with_row_and_column(judge):
    content = SALES.replace("widget", "Gerät").encode("latin-1")

    assert ["row 2: product is not in the file's encoding (byte 0xe4)"] == reasons(judge(content))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_another_encoding_is_read_where_it_is_set(judge, encoding):
    verdict = judge(SALES.replace("widget", "Gerät").encode(encoding), encoding=encoding)

    assert (True, 3) == (verdict["valid"], verdict["rows"])


def test_a_byte_order_mark_of_utf_8_counts_more_than_the_setting(judge):
    assert judge(("\ufeff" + SALES).encode(), encoding="latin-1")["valid"]


def test_what_is_cut_within_a_character_of_the_encoding_is_refused(judge):
    verdict = judge(SALES.encode("utf-16") + b"\x00", encoding="utf-16")

    assert ["row 5: the text is not utf-16"] == reasons(verdict)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("date,region,product,quantity,quantity,price", ["row 1: column quantity is there twice"]),
        ("date,region,product,,quantity,price", ["row 1: column 4 has no name"]),
        (
            "date,region,product,quantity,Price",
            ["row 1: column price is missing; there is Price: case counts"],
        ),
        (
            "date;region",
            [
                f"row 1: column {name} is missing; there are date;region"
                for name in ("date", "region", "product", "quantity", "price")
            ],
        ),
    ],
)
def test_a_wrong_header_is_told_once_and_rows_are_not(judge, header, found):
    verdict = judge(f"{header}\n1,2,3,4,5,6\n")

    assert (found, 0) == (reasons(verdict), verdict["rows"])


def test_a_header_in_another_encoding_is_told(judge):
    verdict = judge("Gerät,Preis\n1,2\n".encode("latin-1"), columns=[])

    assert "not in the file's encoding (byte 0xe4)" in verdict["reason"]


def test_too_many_columns_are_refused(judge):
    verdict = judge(",".join(f"c{i}" for i in range(1001)) + "\n", columns=[])

    assert ["row 1: 1001 columns; 1000 is the most (is the delimiter right?)"] == reasons(verdict)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SALES + '2024-01-05,"north', "row 5: a quote is opened and not closed"),
        (SALES + '2024-01-05,"north"x,a,1,1\n', "row 5: text follows a closing quote"),
        (SALES + f'2024-01-05,"{"x" * 200_000}",a,1,1\n', "row 5: a quote is opened and not closed"),
        (SALES + "x" * 2_000_000, "row 5: this is not CSV: a line is longer than 1048576 characters"),
    ],
)
def test_where_csv_ends_the_row_is_named(judge, content, reason):
    (told,) = reasons(judge(content))

    assert told.startswith(reason)


def test_only_the_first_errors_are_kept_and_all_are_counted(judge):
    verdict = judge(HEADER + "2024-01-05,north,a,x,y\n" * 100, maxErrors=3)

    assert (200, 3, 100) == (verdict["errorCount"], len(verdict["errors"]), verdict["rows"])
    assert "input/sales_data.csv: row 2: quantity is 'x', not a whole number (and 199 more)" == verdict["reason"]


@pytest.mark.parametrize("sign", ["y", "é", "\U000f0000"])
def test_the_verdict_on_hostile_content_fits_into_the_state(judge, sign):
    """256 KB is what Step Functions takes, for all steps together."""
    names = [sign * 500 + str(number) for number in range(1000)]
    row = sign * 1000 + "," * 999

    columns = [{"name": names[0], "type": "integer"}]
    verdict = judge("\n".join([",".join(names), *[row] * 200]), columns=columns, maxErrors=100)

    assert (200, 100) == (verdict["errorCount"], len(verdict["errors"]))
    assert len(json.dumps(verdict, ensure_ascii=False).encode()) < 64 * 1024


def test_other_names_and_delimiters(judge):
    content = "Name des Käufers;Preis je Stück\nAnn;1\nBob;zwei\n"
    columns = [{"name": "Name des Käufers"}, {"name": "Preis je Stück", "type": "decimal"}]

    assert ["row 3: Preis je Stück is 'zwei', not a decimal number"] == reasons(judge(content, columns, delimiter=";"))


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ({"type": "boolean"}, ["true", "No", "1"], ["maybe", "2"]),
        (
            {"type": "timestamp", "min": "2024-01-01T00:00:00Z"},
            ["2024-01-01T00:00:00Z", "2024-01-01 01:30", "2024-06-01T00:00:00.123+02:00"],
            ["2024-01-01T00:00:00+01:00", "2024-01-01", "yesterday"],
        ),
        ({"type": "date", "format": "%d.%m.%Y", "max": "2024-12-31"}, ["31.12.2024"], ["01.01.2025", "2024-12-31"]),
        ({"type": "integer", "max": 10}, ["-5", "+7", "007"], ["11", "9" * 5000, "1,000"]),
        ({"type": "decimal", "max": 0.3}, ["0.3", ".1", "-3."], ["0.30000000000000000001"]),
        ({"pattern": "[A-Z]{3}", "required": False}, ["ABC", ""], ["ABCD", "abc"]),
        ({"min": 2, "max": 3}, ["ab", "äöü"], ["a", "abcd"]),
        ({"type": "decimal", "values": [1, "2.50"]}, ["1.0", "2.5"], ["3"]),
        ({"type": "Number", "minimum": 1.0, "maximum": 2.0}, ["1", "2"], ["0.9"]),
        ({"type": "DateTime", "format": "%d.%m.%Y %H:%M"}, ["31.12.2024 23:59"], ["31.12.2024"]),
    ],
)
def test_types_and_limits(judge, column, good, bad):
    columns = [{"name": "id"}, {"name": "value", **column}]

    verdict = judge("id,value\n" + "".join(f'1,"{cell}"\n' for cell in [*good, *bad]), columns)

    assert [len(good) + 2 + place for place in range(len(bad))] == [error["row"] for error in verdict["errors"]]


def test_a_column_beyond_the_schema_is_allowed_unless_refused(judge):
    assert judge(SALES, COLUMNS[:2])["valid"]
    assert "row 1: column product is not in the schema" == reasons(judge(SALES, COLUMNS[:2], extraColumns="refuse"))[0]


def test_a_header_alone_is_valid_where_no_records_are_needed(judge):
    assert judge(HEADER, minRows=0)["valid"]


def test_each_version_of_a_name_is_judged_by_itself(pipeline):
    first, second = pipeline.upload(SALES), pipeline.upload(HEADER + "broken\n")

    assert pipeline.call(csv_validate, first)["valid"]
    assert not pipeline.call(csv_validate, second)["valid"]


def test_without_versions_only_the_object_of_the_event_is_read(pipeline):
    state = pipeline.upload(SALES)
    state["input"]["version"] = ""
    assert pipeline.call(csv_validate, state)["valid"]

    pipeline.upload("replaced")

    with pytest.raises(InputGone, match="was it deleted or replaced"):
        pipeline.call(csv_validate, state)


def test_a_version_that_was_deleted_is_told(pipeline):
    state = pipeline.upload()
    pipeline.s3.delete_object(Bucket=BUCKET, Key="input/sales_data.csv", VersionId=state["input"]["version"])

    with pytest.raises(InputGone, match=r"input/sales_data\.csv"):
        pipeline.call(csv_validate, state)


def test_keys_with_spaces_and_unicode_are_read(pipeline):
    state = pipeline.upload(SALES, "input/Umsätze März + 100% ✓.csv")

    assert pipeline.call(csv_validate, state)["valid"]


@pytest.mark.parametrize(
    ("columns", "settings", "reason"),
    [
        ([{"name": "a", "type": "float"}], {}, "column a: needs a name, and a type of string, integer"),
        ([{"type": "string"}], {}, "column None: needs a name"),
        ([{"name": "a", "unique": True}], {}, "column a: unknown unique"),
        ([{"name": "a", "pattern": "["}], {}, "column a: a limit is unterminated"),
        ([{"name": "a", "type": "integer", "min": "x"}], {}, "column a: a limit is 'x'"),
        ([{"name": "a", "format": "%d"}], {}, "column a: a limit is a format"),
        ([{"name": "a"}, {"name": "a"}], {}, "two columns of the schema have one name"),
        ([], {"delimiter": ";;"}, "delimiter is ';;'"),
        ([], {"encoding": "utf-9"}, "encoding: unknown encoding: utf-9"),
        ([], {"encoding": "hex"}, "encoding: 'hex' is not a text encoding"),
        ([], {"maxErrors": 0}, "maxErrors is 0"),
        ([], {"extraColumns": "drop"}, "extraColumns is 'drop'"),
        ([], {"colour": "red"}, "unknown settings: colour; there are delimiter, encoding"),
    ],
)
def test_wrong_settings_are_the_authors_and_no_verdict(judge, columns, settings, reason):
    with pytest.raises(InvalidSettings, match=f"^{reason}"):
        judge(SALES, columns, **settings)


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"input": "x"}, [], None])
def test_what_is_no_state_is_refused(pipeline, event):
    with pytest.raises(InvalidEvent, match="no state of a pipeline"):
        pipeline.call(csv_validate, event)


def test_a_connection_that_breaks_is_worth_a_retry(pipeline, failing):
    state = pipeline.upload()
    failing("s3", "GetObject", ReadTimeoutError(endpoint_url="here"))

    with pytest.raises(TransientError, match=r"cannot read input/sales_data\.csv: the connection to AWS failed"):
        pipeline.call(csv_validate, state)
