"""csv-statistics and csv-report tell the right numbers of the records."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal

import pytest

from awslab.functions import csv_report, csv_statistics, csv_transform
from awslab.functions.errors import InvalidData, InvalidSettings
from tests.unit.functions.conftest import BUCKET, SALES

COMPUTE = {"total": "quantity * price"}
MANY = "date,region,product,quantity,price\n" + "".join(
    f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d},{'south' if i % 3 else 'north'},p{i % 7},{i % 9 + 1},{i}.{i % 100:02d}\n"
    for i in range(1000)
)


@pytest.fixture
def ready(pipeline):
    """The state after csv-transform."""
    return pipeline.step(csv_transform, pipeline.upload(MANY), "TransformData", compute=COMPUTE)


def rows(content=MANY):
    return [
        {**row, "quantity": int(row["quantity"]), "total": int(row["quantity"]) * Decimal(row["price"])}
        for row in csv.DictReader(io.StringIO(content))
    ]


def exact(text):
    return json.loads(text, parse_float=Decimal)


def test_numbers_are_those_that_are_computed_naively(pipeline, ready):
    result = pipeline.call(csv_statistics, ready, "CalculateStatistics", groupBy=["region"])

    told = exact(pipeline.read(result["key"]))
    totals = [row["total"] for row in rows()]
    expected = {
        "count": 1000,
        "empty": 0,
        "sum": sum(totals),
        "mean": sum(totals) / 1000,
        "min": min(totals),
        "max": max(totals),
    }
    assert (1000, expected) == (told["rows"], told["fields"]["total"])


def test_groups_are_told_in_order_with_their_numbers(pipeline, ready):
    result = pipeline.call(csv_statistics, ready, groupBy=["region", "product"], fields=["total"])

    sums = defaultdict(Decimal)
    for row in rows():
        sums[row["region"], row["product"]] += row["total"]
    groups = exact(pipeline.read(result["key"]))["groups"]
    assert sorted(sums.items()) == [
        ((group["key"]["region"], group["key"]["product"]), group["fields"]["total"]["sum"]) for group in groups
    ]
    assert len(sums) == result["groups"]


def test_the_state_gets_the_numbers_and_where_the_rest_is(pipeline, ready):
    result = pipeline.call(csv_statistics, ready, "CalculateStatistics", fields=["quantity", "region"])

    quantities = [row["quantity"] for row in rows()]
    total = sum(quantities)
    numbers = {"count": 1000, "empty": 0, "sum": total, "mean": total / 1000, "min": 1, "max": 9}
    expected = {
        "builtin": "csv-statistics",
        "step": "CalculateStatistics",
        "bucket": BUCKET,
        "key": f"work/{ready['run']}/CalculateStatistics.json",
        "rows": 1000,
        "groups": 0,
        "fields": {"quantity": numbers},
    }
    assert expected == result


def test_dates_have_a_first_and_a_last_and_texts_a_count(pipeline, ready):
    told = exact(pipeline.read(pipeline.call(csv_statistics, ready)["key"]))["fields"]

    dates = [row["date"] for row in rows()]
    assert {"count": 1000, "empty": 0, "min": min(dates), "max": max(dates)} == told["date"]
    assert {"count": 1000, "empty": 0} == told["product"]


def test_sums_are_exact_where_floats_are_not(pipeline):
    columns = [{"name": "n", "type": "decimal", "required": False}]
    state = pipeline.upload("n,x\n" + "0.1,a\n" * 10 + "1e0,a\n".replace("e0", "0000000000000000000000") + ",a\n")
    state["steps"]["T"] = pipeline.call(csv_transform, state, columns=columns)

    told = exact(pipeline.read(pipeline.call(csv_statistics, state, columns=columns)["key"]))["fields"]["n"]

    assert (Decimal("10000000000000000000001.0"), 11, 1) == (told["sum"], told["count"], told["empty"])


def test_means_are_rounded_to_the_places_that_are_set(pipeline):
    state = pipeline.upload("n\n1\n1\n0\n")
    columns = [{"name": "n", "type": "integer"}]
    pipeline.call(csv_transform, state, columns=columns)

    default, two = (
        exact(pipeline.read(pipeline.call(csv_statistics, state, columns=columns, **settings)["key"]))
        for settings in ({}, {"decimals": 2})
    )

    assert (Decimal("0.666667"), Decimal("0.67")) == (default["fields"]["n"]["mean"], two["fields"]["n"]["mean"])


def test_groups_of_any_values_have_an_order(pipeline):
    columns = [{"name": "k", "type": "integer", "required": False}]
    state = pipeline.upload("k,x\n10,a\n,a\n9,a\n")
    pipeline.call(csv_transform, state, columns=columns)

    told = exact(pipeline.read(pipeline.call(csv_statistics, state, columns=columns, groupBy=["k"])["key"]))

    assert [9, 10, None] == [group["key"]["k"] for group in told["groups"]]


def test_no_records_have_no_numbers(pipeline):
    state = pipeline.upload(SALES.splitlines()[0])
    pipeline.call(csv_transform, state)

    assert (0, {}) == ((result := pipeline.call(csv_statistics, state))["rows"], result["fields"])


def test_too_many_groups_are_refused(pipeline, ready):
    with pytest.raises(InvalidData, match="there are more than 5 groups by product; see maxGroups"):
        pipeline.call(csv_statistics, ready, groupBy=["product"], maxGroups=5)


@pytest.mark.parametrize("function", [csv_statistics, csv_report])
def test_an_unknown_field_is_named(pipeline, ready, function):
    with pytest.raises(InvalidSettings, match="there is no field 'country' in the records; there are date, region"):
        pipeline.call(function, ready, groupBy=["country"])


@pytest.mark.parametrize("function", [csv_statistics, csv_report])
def test_without_csv_transform_before_it_a_step_says_so(pipeline, function):
    with pytest.raises(InvalidSettings, match="has a csv-transform step run before this one"):
        pipeline.call(function, pipeline.upload())


def test_a_report_is_markdown_for_people(pipeline):
    state = pipeline.step(csv_transform, pipeline.upload(), "TransformData", compute=COMPUTE)

    result = pipeline.call(csv_report, state, "GenerateReport", title="Sales", fields=["total"], groupBy=["region"])

    expected = f"""\
# Sales

3 records of input/sales\\_data.csv, version {state["input"]["version"].replace("_", chr(92) + "_")}.

## Fields

| field | count | sum | min | max | mean |
|---|---|---|---|---|---|
| total | 3 | 310.97 | 1.00 | 250.00 | 103.656667 |

## By region

| region | records | total (sum) | total (mean) |
|---|---|---|---|
| north | 2 | 60.97 | 30.485 |
| south | 1 | 250.00 | 250 |
"""
    assert expected == pipeline.read(result["key"])


def test_a_report_is_json_for_programs(pipeline, ready):
    result = pipeline.call(csv_report, ready, "GenerateReport", fields=["total"])

    told = exact(pipeline.read(result["json"]))
    assert ("Report on sales_data.csv", sum(row["total"] for row in rows())) == (
        told["title"],
        told["fields"]["total"]["sum"],
    )


@pytest.mark.parametrize(
    ("chosen", "written"), [("json", ["R.json"]), ("markdown", ["R.md"]), ("both", ["R.json", "R.md"])]
)
def test_a_report_is_written_in_the_formats_that_are_asked_for(pipeline, ready, chosen, written):
    pipeline.call(csv_report, ready, "R", format=chosen)

    assert [f"work/{ready['run']}/{name}" for name in [*written, "records.ndjson"]] == pipeline.keys("work/")


def test_what_a_file_holds_does_not_break_the_report(pipeline):
    state = pipeline.upload('name,n\n"a|b\n<script>*",1\n')
    pipeline.call(csv_transform, state, columns=[])

    report = pipeline.read(pipeline.call(csv_report, state, columns=[], groupBy=["name"])["key"])

    assert r"| a\|b \<script\>\* | 1 |" in report


def test_a_number_that_no_double_holds_is_a_text_in_the_state(pipeline):
    columns = [{"name": "n", "type": "decimal"}]
    state = pipeline.upload("n\n" + "9" * 100 + "\n" + "." + "1" * 100 + "\n")
    compute = {"n": "n * n * n * n * n", "tiny": "n - n + 0.5"}
    pipeline.call(csv_transform, state, columns=columns, compute=compute)

    told = pipeline.call(csv_statistics, state, columns=columns)["fields"]

    assert int("9" * 100) ** 5 == int(Decimal(told["n"]["max"]))
    assert 1 == told["tiny"]["sum"]


def test_a_sum_with_too_many_digits_is_no_wrong_number(pipeline):
    state = pipeline.upload("n\n1\n")
    key = f"{state['work']['prefix']}records.ndjson"
    pipeline.s3.put_object(Bucket=BUCKET, Key=key, Body=f'{{"n": {"7" * 1500}.0}}\n{{"n": 0.{"7" * 1500}}}\n'.encode())

    with pytest.raises(InvalidData, match="record 2: the sum has too many digits"):
        pipeline.call(csv_statistics, state, columns=[])
