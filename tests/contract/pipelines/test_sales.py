"""examples/datapipeline.yaml: every file that is dropped ends in the right output, or in a notice that says why not."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.pipeline import GOOD, HEADER, SALES, Numbers, eventually

MANY = 100
OUTPUTS_IN_STATUS = (
    "bucketName", "outputBucketName", "stateMachineArn", "functionArns", "topicArns", "deadLetterQueueUrls",
    "dashboardUrl", "logGroupNames",
)  # fmt: skip


@pytest.fixture(scope="module")
def sales(aws):
    return aws.example("datapipeline.yaml").ready()


@pytest.fixture(scope="module")
def processed(sales):
    """The example's own file, dropped and processed."""
    run = sales.upload("sales_data.csv", SALES.read_bytes())
    assert {run: "SUCCEEDED"} == sales.ended(run)
    return run


def row(**cells):
    """A line of a file that is good but for these cells."""
    good = dict(zip(HEADER.strip().split(","), GOOD.splitlines()[1].split(","), strict=True))
    return ",".join({**good, **cells}.values()) + "\n"


# The right numbers


def test_its_runs_are_looked_for_from_the_first_moment(sales):
    assert {"lastRun", "succeeded", "failed"} <= sales.status["summary"].keys()


def test_a_second_look_writes_nothing(sales):
    since = sales.account.control.last_call()

    sales.account.using.reconcile(sales.handle)

    assert {} == sales.writes(since)


def test_what_aws_is_not_as_far_as_yet_is_told_as_waiting_and_not_as_a_failure(sales):
    assert [] == [message for _, reason, message in sales.handle.events if reason == "Failed"]


def test_a_second_look_tells_the_same(sales):
    outputs = {name: sales.status[name] for name in OUTPUTS_IN_STATUS}

    sales.account.using.reconcile(sales.handle)

    assert outputs == {name: sales.status.get(name) for name in OUTPUTS_IN_STATUS}


def test_the_records_are_those_of_the_file_with_their_amounts(sales, processed):
    written = sales.read("output/processed_sales_data.json")

    records, numbers = written["records"], Numbers.of(SALES.read_text())
    assert (1247, numbers.rows) == (len(records), len(records))
    assert numbers.amount == sum(record["amount"] for record in records)
    first = {"order_id": "SO-00001", "date": "2024-10-01", "region": "East", "product": "Pencil", "quantity": 2}
    assert first.items() <= records[0].items()
    assert "input/sales_data.csv" == written["source"]["key"]


def test_the_summary_has_the_numbers_and_where_they_come_from(sales, processed):
    summary = sales.read("output/processing_summary.json")

    numbers, told = Numbers.of(SALES.read_text()), summary["statistics"]["CalculateStatistics"]
    assert (numbers.rows, numbers.rows, 0) == (summary["records"], *summary["validation"].values())
    assert numbers.amount == told["fields"]["amount"]["sum"]
    assert numbers.quantity == told["fields"]["quantity"]["sum"]
    groups = {group["key"]["region"]: group["fields"]["amount"]["sum"] for group in told["groups"]}
    assert numbers.amount_by_region == groups
    assert (processed, "sales") == (summary["run"], summary["pipeline"])


def test_a_notice_of_success_goes_to_its_topic(sales, processed):
    message = sales.notice("sales_data.csv is processed: 1247 records")

    assert message in sales.notices_of("success")
    assert f"s3://{sales.bucket}/output/" in message


def test_each_function_tells_its_log_what_it_did(sales, processed):
    group = sales.status["logGroupNames"]["ValidateData"]

    def said():
        events = sales.account("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events if "Found 1247 records, all valid" in event["message"]]

    assert 1 == len(eventually(said))


# Hard inputs

OUTPUTS = {
    "bom.csv": b"\xef\xbb\xbf" + GOOD.encode(),
    "crlf.csv": GOOD.replace("\n", "\r\n"),
    "commas.csv": HEADER + row(product='"Paper, A4"'),
    "lines.csv": HEADER + row(product='"Paper,\nA4"') + row(),
    "a name with spaces+and ünïcødé 表.csv": GOOD,
}
REFUSALS = {
    "empty.csv": ("", "the file is empty"),
    "header.csv": (HEADER, "the file has a header and no records"),
    "short.csv": (HEADER + row() + "SO-00002,2024-10-01,East\n", "row 3: 3 cells"),
    "words.csv": (HEADER + row(quantity="many"), "row 2: quantity is 'many', not a whole number"),
    "latin.csv": ((HEADER + row(product="Caf\xe9")).encode("latin-1"), "row 2: product is not in the file's encoding"),
    "column.csv": (GOOD.replace("quantity", "number"), "quantity"),
}


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("sales.csv", GOOD)
    return file.getvalue()


REFUSALS["zipped.csv"] = (zipped(), "a zip archive")


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_file_that_is_unusual_and_right_is_processed(sales, name):
    body = OUTPUTS[name]

    status, state = sales.run(name, body)

    assert "SUCCEEDED" == status
    assert f"input/{name}" == state["input"]["key"]
    text = body if isinstance(body, str) else body.decode("utf-8-sig")
    records = sales.read(f"output/processed_{name.removesuffix('.csv')}.json")["records"]
    assert Numbers.of(text).rows == len(records)
    assert Numbers.of(text).amount == sum(record["amount"] for record in records)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_that_is_wrong_ends_in_a_notice_that_says_why(sales, name):
    body, reason = REFUSALS[name]

    status, error = sales.run(name, body)

    assert ("FAILED", "InvalidFile") == (status, error["Error"])
    assert reason in error["Cause"]
    notice = sales.notice(f"input/{name}")
    assert reason in notice
    assert {} == sales.versions(f"output/processed_{name.removesuffix('.csv')}")


def test_the_notice_names_row_column_and_reason_of_each_error(sales):
    body = HEADER + row() + row(quantity="0") + row(unit_price="free", region="Center")

    sales.run("three.csv", body)

    _, _, errors = sales.notice("input/three.csv").partition("the first of them: ")
    assert [(3, "quantity"), (4, "region"), (4, "unit_price")] == [(e["row"], e["column"]) for e in json.loads(errors)]


def test_what_is_not_a_csv_file_below_input_begins_nothing(sales):
    before = len(sales.runs())

    for key in ("input/notes.txt", "elsewhere/sales.csv", "output/results.csv"):
        sales.account("s3").put_object(Bucket=sales.bucket, Key=key, Body=GOOD)
    sales.run("afterwards.csv")

    assert before + 1 == len(sales.runs())


# Once, and none is lost


def event(sales, run):
    """The event of an upload that was processed, as EventBridge has sent it."""
    given = json.loads(sales.execution(run)["input"])["input"]
    item = {"key": given["key"], "size": given["size"], "etag": given["etag"], "sequencer": given["sequencer"]}
    item["version-id"] = given["version"]
    detail = {"bucket": {"name": sales.bucket}, "object": item}
    return {"detail-type": "Object Created", "source": "aws.s3", "time": given["time"], "detail": detail}


def test_an_event_that_comes_again_begins_no_second_run(sales, processed):
    before, outputs = sales.runs(), sales.versions("output/processed_sales_data.json")
    start = next(one for address, one in sales.ids().items() if address == "Function/start-run")

    said = sales.account("lambda").invoke(
        FunctionName=start, Qualifier="live", Payload=json.dumps(event(sales, processed))
    )

    told = json.load(said["Payload"])["runs"]
    assert [{"key": "input/sales_data.csv", "run": processed, "new": False}] == told
    assert (before, outputs) == (sales.runs(), sales.versions("output/processed_sales_data.json"))


def test_the_same_file_twice_at_once_gives_one_output(sales):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: sales.upload("twice.csv"), range(2))

    assert {first: "SUCCEEDED", second: "SUCCEEDED"} == sales.ended(first, second)
    records = sales.read("output/processed_twice.json")["records"]
    assert 1 == len(records)
    outcomes = [
        json.loads(sales.execution(run)["output"])["steps"]["WriteOutput"]["outcome"] for run in (first, second)
    ]
    assert "written" in outcomes


def test_of_two_files_of_one_name_the_later_one_stays(sales):
    other = HEADER + row(quantity="7") + row(quantity="8")

    first, second = sales.upload("name.csv"), sales.upload("name.csv", other)

    assert {first: "SUCCEEDED", second: "SUCCEEDED"} == sales.ended(first, second)
    assert [7, 8] == [record["quantity"] for record in sales.read("output/processed_name.json")["records"]]


def test_a_step_that_fails_in_passing_after_it_wrote_is_tried_again_and_writes_no_second_output(sales):
    hurt = sales.account.control.fault("error", service="dynamodb", count=6)  # a call and its five retries

    status, _ = sales.run("again.csv")

    sales.account.control.heal(hurt)
    assert "SUCCEEDED" == status
    kinds = Counter(event["type"] for event in sales.history(next(iter(sales.runs()))))
    assert (1, 5) == (kinds["LambdaFunctionFailed"], kinds["LambdaFunctionSucceeded"])
    assert {"output/processed_again.json": 1} == sales.versions("output/processed_again")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_many_files_at_once_none_is_lost(sales):
    bad = {f"many-{n}.csv" for n in range(0, MANY, 10)}
    dead = sales.dead_letters()

    with ThreadPoolExecutor(8) as pool:
        names = [f"many-{n}.csv" for n in range(MANY)]
        runs = list(pool.map(lambda name: sales.upload(name, HEADER if name in bad else GOOD), names))
    ended = sales.ended(*runs, seconds=500)

    outputs = sales.versions("output/processed_many-")
    refused = [run for run, status in ended.items() if status == "FAILED"]
    eventually(lambda: sum("input/many-" in m for m in sales.notices_of("failure")), lambda n: n >= len(bad))
    alerts = {m.split(":")[0] for m in sales.notices_of("failure") if "input/many-" in m}
    assert {f"input/{name}" for name in bad} == alerts
    assert (len(bad), MANY - len(bad)) == (len(refused), len(outputs))
    assert MANY == len(outputs) + len(alerts) + sales.dead_letters() - dead
