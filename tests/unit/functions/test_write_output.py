"""write-output writes once, in the right order, and ends right whenever it is called again."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from awslab.functions import (
    csv_report,
    csv_statistics,
    csv_transform,
    csv_validate,
    outputs,
    upload,
    write_output,
)
from awslab.functions.errors import InvalidSettings, OutputTaken, TransientError
from tests.unit.functions.conftest import BUCKET, SALES

RECORDS, SUMMARY = "output/processed_sales_data.json", "output/processing_summary.json"
LOST = ConnectionClosedError(endpoint_url="aws")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch, request):
    """Nobody waits for another writer, but where there are others."""
    if "at_once" not in request.node.name:
        monkeypatch.setattr(outputs, "_PAUSE", 0)


@pytest.fixture
def ready(pipeline):
    """Upload a file and bring it to the step before the output."""

    def prepared(content=SALES, key="input/sales_data.csv", **given):
        state = pipeline.upload(content, key, **given)
        state = pipeline.step(csv_validate, state, "ValidateData")
        state = pipeline.step(csv_transform, state, "TransformData", compute={"total": "quantity * price"})
        numbers = pipeline.call(csv_statistics, state, "CalculateStatistics", groupBy=["region"])
        report = pipeline.call(csv_report, state, "GenerateReport", title="Sales")
        branches = [{"steps": {"CalculateStatistics": numbers}}, {"steps": {"GenerateReport": report}}]
        return {**state, "steps": {**state["steps"], "Parallel": branches}}

    return prepared


@pytest.fixture
def write(pipeline):
    """Call write-output; return its outcome."""
    return lambda state, **settings: pipeline.call(write_output, state, "WriteOutput", **settings)["outcome"]


def exact(text):
    return json.loads(text, parse_float=Decimal)


def changes(pipeline) -> dict[str, int]:
    """How many versions there are of each output."""
    found: dict[str, int] = {}
    for item in pipeline.s3.list_object_versions(Bucket=BUCKET, Prefix="output/")["Versions"]:
        found[item["Key"]] = found.get(item["Key"], 0) + 1
    return found


def test_the_records_are_those_of_the_file(pipeline, ready, write):
    state = ready()

    assert "written" == write(state)

    source = {name: state["input"][name] for name in ("bucket", "key", "version", "etag", "size")}
    records = [
        {
            **row,
            "quantity": int(row["quantity"]),
            "price": Decimal(row["price"]),
            "total": int(row["quantity"]) * Decimal(row["price"]),
        }
        for row in csv.DictReader(io.StringIO(SALES))
    ]
    assert {"source": source, "records": records} == exact(pipeline.read(RECORDS))


def test_the_summary_has_the_numbers_and_where_they_come_from(pipeline, ready, write, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "awslab-sales-WriteOutput")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    state = ready()

    write(state)

    told = exact(pipeline.read(SUMMARY))
    totals = [int(row["quantity"]) * Decimal(row["price"]) for row in csv.DictReader(io.StringIO(SALES))]
    numbers = told["statistics"]["CalculateStatistics"]
    assert ("sales", state["run"], 3) == (told["pipeline"], told["run"], told["records"])
    assert {"rows": 3, "errors": 0} == told["validation"]
    assert sum(totals) == numbers["fields"]["total"]["sum"]
    assert [("north", totals[0] + totals[2]), ("south", totals[1])] == [
        (group["key"]["region"], group["fields"]["total"]["sum"]) for group in numbers["groups"]
    ]
    assert state["input"]["version"] == told["source"]["version"]
    assert {"bucket": BUCKET, "records": RECORDS} == told["output"]
    assert {"function": "awslab-sales-WriteOutput", "version": "7"} == told["code"]


def test_the_result_says_where_the_outputs_are(pipeline, ready):
    expected = {
        "builtin": "write-output",
        "outcome": "written",
        "bucket": BUCKET,
        "rows": 3,
        "records": RECORDS,
        "summary": SUMMARY,
    }

    assert expected == pipeline.call(write_output, ready())


def test_the_run_is_marked_as_done(pipeline, ready, write):
    state = ready()

    write(state)

    item = pipeline.item(state["run"])
    assert ("done", "sales", "written") == (item["status"], item["pipeline"], item["outcome"])
    assert 90 * 24 * 3600 == int(item["expires"]) - int(item["finished"])


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("input/sales_data.csv", ""),
        ("input/2024/q1/sales_data.csv", "2024/q1/"),
        ("input/März 2024/sales_data.csv", "März 2024/"),
    ],
)
def test_sub_folders_are_kept(pipeline, ready, write, key, folder):
    write(ready(key=key))

    names = [f"output/{folder}{name}" for name in ("processed_sales_data.json", "processing_summary.json")]
    assert names == pipeline.keys("output/")


@pytest.mark.parametrize(
    ("prefix", "key", "output"),
    [
        ("input/sales_", "input/sales_data.csv", "output/processed_sales_data.json"),
        ("", "a/b.csv", "output/a/processed_b.json"),
        (None, "a/b.csv", "output/processed_b.json"),
        ("input/", "input/noending", "output/processed_noending.json"),
        ("input/", "input/.csv", "output/processed_.csv.json"),
        ("input/", "input/a.b.csv", "output/processed_a.b.json"),
    ],
)
def test_the_output_is_named_after_the_file(pipeline, ready, write, prefix, key, output):
    write(ready(key=key, prefix=prefix))

    assert output in pipeline.keys("output/")


def test_files_are_named_as_the_settings_say(pipeline, ready, write):
    files = {"records": "{name}.{version}.json", "summary": "{pipeline}/{stem}-{suffix}.json", "report": "{stem}.md"}
    state = ready()

    write(state, files=files)

    version = state["input"]["version"]
    names = ["sales/sales_data-csv.json", "sales_data.csv." + version + ".json", "sales_data.md"]
    assert [f"output/{name}" for name in names] == pipeline.keys("output/")
    assert pipeline.read("output/sales_data.md").startswith("# Sales\n")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"records": "{date}.json"}, "there is no {date}; there are name"),
        ({"record": "x"}, "files: unknown record; there are records, summary, report"),
        ({"summary": ""}, "files: records and summary need a name"),
        ({"records": "x", "summary": "x"}, "files: two outputs have one name"),
        ("x", "files is 'x'"),
    ],
)
def test_wrong_names_are_told(ready, write, files, reason):
    with pytest.raises(InvalidSettings, match=reason):
        write(ready(), files=files)


def test_a_report_that_no_step_wrote_is_told(pipeline, ready, write):
    state = ready()
    del state["steps"]["Parallel"]

    with pytest.raises(InvalidSettings, match="no csv-report step"):
        write(state, files={"report": "r.md"})


def test_a_second_run_of_a_version_changes_nothing(pipeline, ready, write):
    state = ready()
    write(state)
    before = pipeline.read(SUMMARY), pipeline.item(state["run"])

    assert "unchanged" == write(state)

    assert {RECORDS: 1, SUMMARY: 1} == changes(pipeline)
    assert before == (pipeline.read(SUMMARY), pipeline.item(state["run"]))


def test_the_next_version_of_a_name_replaces_the_output(pipeline, ready, write):
    write(ready(sequencer="0A", time="2024-01-01T00:00:00Z"))

    assert "written" == write(ready(SALES + "2024-03-01,south,a,1,1\n", sequencer="0B", time="2024-01-01T00:00:01Z"))

    assert 4 == len(exact(pipeline.read(RECORDS))["records"])
    assert 4 == exact(pipeline.read(SUMMARY))["records"]


def test_an_older_version_that_ends_later_changes_nothing(pipeline, ready, write):
    older = ready(sequencer="0A", time="2024-01-01T00:00:00Z")
    newer = ready(SALES + "2024-03-01,south,a,1,1\n", sequencer="0B", time="2024-01-01T00:00:01Z")
    write(newer)

    assert "superseded" == write(older)

    assert {RECORDS: 1, SUMMARY: 1} == changes(pipeline)
    assert newer["run"] == exact(pipeline.read(SUMMARY))["run"]
    assert "superseded" == pipeline.item(older["run"])["outcome"]


@pytest.mark.parametrize(
    ("mine", "theirs", "older"),
    [
        ("0A", "0B", True),
        ("0B", "0A", False),
        ("0A", "0A", False),
        ("00F", "1", True),
        ("1", "10", False),
        ("1", "0F", False),
        ("0a", "0B", True),
        ("", "0B", False),
        ("0A", "", False),
    ],
)
def test_sequencers_are_compared_as_s3_documents_it(mine, theirs, older):
    mark = outputs.Mark(run="a", source="s", sequencer=mine)

    assert older == mark.older_than(outputs.Mark(run="b", source="s", sequencer=theirs))


def test_between_inputs_the_time_of_the_event_counts():
    early = outputs.Mark("a", "one", "FF", "2024-01-01T00:00:00Z")
    late = outputs.Mark("b", "two", "00", "2024-01-01T00:00:01Z")

    assert (True, False) == (early.older_than(late), late.older_than(early))


def test_the_summary_is_that_of_the_latest_file(pipeline, ready, write):
    early = ready(key="input/early.csv", time="2024-01-01T00:00:00Z")
    late = ready(key="input/late.csv", time="2024-01-01T00:00:01Z")

    assert ["written", "written"] == [write(late), write(early)]

    assert late["run"] == exact(pipeline.read(SUMMARY))["run"]
    assert ["output/processed_early.json", "output/processed_late.json", SUMMARY] == pipeline.keys("output/")


def test_two_inputs_never_share_an_output(pipeline, ready, write):
    write(ready(key="input/sales_data.csv"))

    with pytest.raises(OutputTaken, match=f"{RECORDS} is another input's output"):
        write(ready(key="input/sales_data.CSV"))

    assert {RECORDS: 1, SUMMARY: 1} == changes(pipeline)


def test_what_somebody_else_put_there_is_replaced_and_kept_as_a_version(pipeline, ready, write):
    pipeline.s3.put_object(Bucket=BUCKET, Key=RECORDS, Body=b"by hand")

    assert "written" == write(ready())

    assert {RECORDS: 2, SUMMARY: 1} == changes(pipeline)


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_write_is_mended_by_the_retry(pipeline, ready, write, failing, nth, after):
    state = ready()
    failing("s3", "PutObject", LOST, nth=nth, after=after)
    with pytest.raises(TransientError):
        write(state)

    write(state)

    assert {RECORDS: 1, SUMMARY: 1} == changes(pipeline)
    assert (3, state["run"]) == (len(exact(pipeline.read(RECORDS))["records"]), exact(pipeline.read(SUMMARY))["run"])
    assert "done" == pipeline.item(state["run"])["status"]


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_before_the_run_is_marked_is_mended_by_the_retry(pipeline, ready, write, failing, after):
    state = ready()
    failing("dynamodb", "UpdateItem", LOST, after=after)
    with pytest.raises(TransientError):
        write(state)

    write(state)

    assert ({RECORDS: 1, SUMMARY: 1}, "done") == (changes(pipeline), pipeline.item(state["run"])["status"])


def test_a_newer_output_that_comes_between_look_and_write_is_kept(pipeline, ready, write, monkeypatch):
    """The races that conditional writes are for: somebody writes after our look."""
    first = ready(sequencer="0A")
    write(first)
    ours, newer = ready(sequencer="0B"), ready(sequencer="0C")
    look = outputs._look

    def look_and_lose(target):
        found = look(target)
        monkeypatch.setattr(outputs, "_look", look)
        write(newer)
        return found

    monkeypatch.setattr(outputs, "_look", look_and_lose)

    assert "superseded" == write(ours)

    assert newer["run"] == exact(pipeline.read(SUMMARY))["run"]
    assert 2 == changes(pipeline)[RECORDS]


def test_an_output_that_vanishes_between_is_written_again(pipeline, ready, write, monkeypatch):
    write(ready(sequencer="0A"))
    look = outputs._look

    def look_and_delete(target):
        found = look(target)
        monkeypatch.setattr(outputs, "_look", look)
        pipeline.s3.delete_object(Bucket=BUCKET, Key=target["Key"])
        return found

    monkeypatch.setattr(outputs, "_look", look_and_delete)

    assert "written" == write(ready(sequencer="0B"))
    assert 3 == len(exact(pipeline.read(RECORDS))["records"])


def test_an_output_that_others_write_all_the_time_is_a_matter_of_a_retry(pipeline, ready, write, monkeypatch):
    write(ready(sequencer="0A"))
    monkeypatch.setattr(outputs, "_finish", lambda *_: "412")

    with pytest.raises(TransientError, match=r"others write output/processed_sales_data\.json all the time"):
        write(ready(sequencer="0B"))


@pytest.fixture
def large(monkeypatch) -> str:
    """A file whose output takes several parts."""
    monkeypatch.setattr(upload, "PART", 5 << 20)
    row = "2024-01-05,north," + "x" * 1000 + ",1,1\n"
    return SALES.splitlines(keepends=True)[0] + row * 6000


def test_large_outputs_keep_the_same_promises(pipeline, ready, write, large):
    first, second = ready(large, sequencer="0A"), ready(large, sequencer="0C")

    outcomes = [write(first), write(first), write(second), write(ready(large, sequencer="0B"))]

    assert ["written", "unchanged", "written", "superseded"] == outcomes
    assert 6000 == len(exact(pipeline.read(RECORDS))["records"])
    assert {RECORDS: 2, SUMMARY: 2} == changes(pipeline)
    assert None is pipeline.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")


def test_without_a_table_the_step_says_so(ready, write, monkeypatch):
    state = ready()
    monkeypatch.delenv("AWSLAB_TABLE")

    with pytest.raises(InvalidSettings, match="AWSLAB_TABLE is not set"):
        write(state)


def test_versions_that_end_at_once_leave_the_newest(pipeline, ready):
    row = "2024-03-01,south,a,1,1\n"
    states = [ready(SALES + row * n, sequencer=f"{n:04X}", time=f"2024-01-01T00:00:0{n}Z") for n in range(8)]
    pipeline.monkeypatch.setenv("AWSLAB_STEP", "{}")

    with ThreadPoolExecutor(len(states)) as pool:
        outcomes = [told["outcome"] for told in pool.map(lambda state: write_output.handler(state, None), states)]

    assert "written" == outcomes[-1]
    assert 3 + 7 == len(exact(pipeline.read(RECORDS))["records"])
    assert states[-1]["run"] == exact(pipeline.read(SUMMARY))["run"]
    assert ["done"] * 8 == [pipeline.item(state["run"])["status"] for state in states]


def refusal(code):
    return ClientError({"Error": {"Code": code}}, "write")


def test_a_conflict_of_two_writers_is_tried_again(pipeline, ready, write, failing):
    state = ready()
    failing("s3", "PutObject", refusal("ConditionalRequestConflict"))

    assert "written" == write(state)

    assert {RECORDS: 1, SUMMARY: 1} == changes(pipeline)


def test_a_conflict_after_which_s3_drops_the_parts_is_a_matter_of_a_retry(pipeline, ready, write, failing, large):
    state = ready(large)
    failing("s3", "CompleteMultipartUpload", refusal("ConditionalRequestConflict"), nth=1)
    failing("s3", "CompleteMultipartUpload", refusal("NoSuchUpload"), nth=1)  # the next call

    with pytest.raises(TransientError, match="NoSuchUpload"):
        write(state)

    assert "written" == write(state)
    assert 6000 == len(exact(pipeline.read(RECORDS))["records"])
