"""A DataPipeline from `kubectl apply` to `kubectl delete`, with the operator's process and ordinary clients."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from awslab.local.demo import account
from tests.support.live import eventually
from tests.support.live_pipeline import LivePipeline, client
from tests.support.pipeline import GOOD, HEADER, SALES, Numbers

STEPS = ["ValidateData", "TransformData", "CalculateStatistics", "GenerateReport", "WriteOutput"]
RECORDS, SUMMARY = "output/processed_sales_data.json", "output/processing_summary.json"


@pytest.fixture(scope="module")
def sales(place, lab) -> LivePipeline:
    """The example, Ready; a queue gets its notices."""
    sales = LivePipeline.example(place, "datapipeline.yaml")
    assert sales.queue.name
    return sales.settled()


@pytest.fixture(scope="module")
def processed(sales) -> str:
    """The example's own file, dropped by `aws s3 cp` alone."""
    assert sales.processed(SALES) == "SUCCEEDED"
    return "input/sales_data.csv"


@pytest.fixture(scope="module")
def refused(sales, processed, tmp_path_factory) -> str:
    """A file with a word where a number should be."""
    path = tmp_path_factory.mktemp("files") / "broken.csv"
    path.write_text(HEADER + GOOD.splitlines()[1] + "\n" + GOOD.splitlines()[1].replace(",2,", ",many,") + "\n")
    assert sales.processed(path) == "FAILED"
    return "row 3: quantity is 'many', not a whole number"


def columns(sales) -> dict[str, str]:
    """What `kubectl get` prints, by the heads of the columns."""
    head, line = sales.kubectl("get", "datapipeline", "sales").splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", head)]
    ends = [*starts[1:], max(len(head), len(line))]
    return {head[a:b].strip(): line[a:b].strip() for a, b in zip(starts, ends, strict=True)}


# What people see of the example


def test_the_columns_tell_where_to_drop_files_and_what_it_costs(sales):
    seen = eventually(lambda: (told := columns(sales))["READY"] == "True" and told["DRIFT"] == "None" and told)

    assert list(seen) == ["NAME", "READY", "DRIFT", "BUCKET", "LAST-RUN", "SUCCEEDED", "FAILED", "COST/MO", "AGE"]
    assert [seen["READY"], seen["DRIFT"], seen["BUCKET"]] == ["True", "None", sales.bucket]
    assert re.fullmatch(r"\$\d+\.\d\d", seen["COST/MO"])


def test_the_status_names_what_there_is_and_the_events_tell_of_no_failure(sales):
    status = sales.status

    assert sorted(status["functionArns"]) == sorted(STEPS)
    assert sorted(status["topicArns"]) == ["failure", "success"]
    assert status["stateMachineArn"].startswith("arn:aws:states:us-east-1:123456789012:stateMachine:awslab-sales-")
    assert status["deadLetterQueueUrls"]["events"]
    assert status["dashboardUrl"].startswith("https://")
    assert sales.events("Failed") == []


def test_aws_s3_cp_alone_gives_both_outputs_with_the_right_numbers(sales, processed):
    records, summary, right = sales.read(RECORDS)["records"], sales.read(SUMMARY), Numbers.of(SALES.read_text())

    assert (len(records), sum(r["amount"] for r in records)) == (right.rows, right.amount)
    told = summary["statistics"]["CalculateStatistics"]
    assert (summary["records"], told["fields"]["quantity"]["sum"]) == (right.rows, right.quantity)
    assert {g["key"]["region"]: g["fields"]["amount"]["sum"] for g in told["groups"]} == right.amount_by_region


def test_a_notice_of_success_comes_to_who_subscribed(sales, processed):
    notice = sales.queue.about("input/sales_data.csv is processed: 1247 records")

    assert notice["TopicArn"] == sales.status["topicArns"]["success"]


def test_a_malformed_file_ends_in_the_alert_branch_with_row_and_reason(sales, refused):
    notice = sales.queue.about("input/broken.csv")

    assert notice["TopicArn"] == sales.status["topicArns"]["failure"]
    assert refused in notice["Message"]
    assert sorted(status for _, status in sales.runs()) == ["FAILED", "SUCCEEDED"]
    assert sales.keys("output/") == [RECORDS, SUMMARY]


def test_runs_are_told_in_columns_status_events_and_metrics(sales, refused, session_world):
    eventually(lambda: sales.events("RunFailed"))
    seen, (bad, good) = columns(sales), sales.status["executions"]

    assert seen["LAST-RUN"].startswith("FAILED 20")
    assert [seen["SUCCEEDED"], seen["FAILED"]] == ["1", "1"]
    assert {"status": "SUCCEEDED", "input": "input/sales_data.csv"}.items() <= good.items()
    told = {"status": "FAILED", "input": "input/broken.csv", "failedStep": "RejectFile", "error": "InvalidFile"}
    assert told.items() <= bad.items()
    assert (refused in bad["cause"], bad["start"] <= bad["stop"]) == (True, True)
    assert len(sales.events("RunSucceeded")) == 1
    assert counted(session_world, "awslab_runs_total") == {"Started": 2, "Succeeded": 1, "Failed": 1}


def counted(world, name):
    """The runs of the pipeline by what became of them."""
    with urllib.request.urlopen(f"{world.operator_endpoint}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    every = [sample for family in families for sample in family.samples if sample.name == name]
    return {s.labels["result"]: s.value for s in every if s.labels["name"] == "sales"}


# What people do with the commands


def test_run_uploads_follows_and_names_the_results(sales, processed):
    done = sales.awslab("run", "--file", str(SALES))

    said = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert said[0] == f"uploaded s3://{sales.bucket}/input/sales_data.csv"
    for step in (*STEPS, "IsValid", "Analyze", "SendSuccessNotification"):
        assert [line.split()[2] for line in said if line.split()[3:] == [step]] == ["→", "✓"]
    assert any(line.startswith("SUCCEEDED after ") for line in said)
    assert [line.split()[0] for line in said[-2:]] == [f"s3://{sales.bucket}/{key}" for key in (RECORDS, SUMMARY)]


HARD = {
    "empty.csv": ("", "the file is empty"),
    "header.csv": (HEADER, "the file has a header and no records"),
    "bom.csv": ("\ufeff" + GOOD, 1),
    "lines.csv": (GOOD.replace("Pencil", '"Pencil,\nred"'), 1),
}


@pytest.mark.parametrize("name", HARD)
def test_a_hard_file_is_right_or_refused_with_its_reason(sales, processed, tmp_path, name):
    text, wanted = HARD[name]
    (tmp_path / name).write_text(text)

    done = sales.awslab("run", "--file", str(tmp_path / name))

    if isinstance(wanted, int):
        assert done.returncode == 0
        assert len(sales.read(f"output/processed_{name.removesuffix('.csv')}.json")["records"]) == wanted
    else:
        assert done.returncode == 1
        assert f"RejectFile: InvalidFile: input/{name}: {wanted}" in done.stdout


def test_the_same_file_twice_gives_one_output(sales, processed):
    before = sales.keys("output/processed_sales")

    assert sales.processed(SALES) == "SUCCEEDED"

    assert sales.keys("output/processed_sales") == before == [RECORDS]


def test_runs_lists_the_last_ones_and_logs_shows_what_they_wrote(sales, refused):
    table = sales.awslab("runs").stdout.splitlines()
    told = json.loads(sales.awslab("runs", "-o", "json").stdout)
    logs = sales.awslab("logs", "--step", "ValidateData", "--grep", "1247").stdout.splitlines()

    assert table[0].split() == ["RUN", "FILE", "STATUS", "BEGAN", "TOOK", "WHAT", "FAILED"]
    (line,) = (line for line in table if "broken.csv" in line)
    assert f"RejectFile: InvalidFile: input/broken.csv: {refused}" in line
    assert [run["status"] for run in told if run["file"]["key"] == "input/broken.csv"] == ["FAILED"]
    assert all("ValidateData" in line and "1247 records" in line for line in logs)
    assert logs


def test_what_is_no_file_for_it_is_refused_before_it_is_uploaded(sales, tmp_path):
    (tmp_path / "notes.txt").write_text("no CSV")

    done = sales.awslab("run", "--file", str(tmp_path / "notes.txt"))

    assert done.returncode == 2
    assert "notes.txt does not end with .csv" in done.stderr
    assert sales.keys("input/notes") == []


# Changes


def test_what_somebody_changes_in_aws_is_told_and_put_back(sales):
    sales.patch({"spec": {"management": {"driftInterval": "2s"}}})
    sales.settled()
    function, functions = sales.status["functionArns"]["TransformData"], sales.client("lambda")
    timeout = functions.get_function_configuration(FunctionName=function)["Timeout"]

    sales.place.aws("lambda", "update-function-configuration", "--function-name", function, "--timeout", "7")

    eventually(lambda: sales.events("Repaired"))
    assert sales.events("Drifted") == [f"Function/TransformData timeout: want {timeout}, have 7"]
    assert functions.get_function_configuration(FunctionName=function)["Timeout"] == timeout


def test_a_step_that_is_removed_takes_its_function_role_and_log_with_it(sales):
    function, group = sales.status["functionArns"]["GenerateReport"], sales.status["logGroupNames"]["GenerateReport"]
    gone, since = {a for a in sales.ids() if a.endswith("GenerateReport")}, sales.place.control.last_call()

    sales.patch([{"op": "remove", "path": "/spec/steps/3/parallel/1"}])
    sales.settled()

    assert {"Function/GenerateReport", "Role/GenerateReport", "LogGroup/GenerateReport"} <= gone
    assert gone & set(sales.ids()) == set()
    assert group not in json.dumps(sales.place.aws("logs", "describe-log-groups"))
    assert sales.place.attempt("aws", "lambda", "get-function", "--function-name", function).returncode != 0
    writes = [call["action"] for call in sales.place.writes(since)]
    assert writes.index("UpdateStateMachine") < writes.index("DeleteFunction") < writes.index("DeleteRole")
    assert not {action for action in writes if action.startswith(("Create", "UpdateFunction"))}


# Its end


def test_a_bucket_with_objects_is_kept_until_it_is_said_otherwise(sales, processed):
    sales.delete(wait=False)
    blocked = eventually(lambda: (c := sales.condition("DeletionBlocked")).get("status") == "True" and c)
    kept = sales.keys("")

    assert f"{sales.bucket}" in blocked["message"]
    assert "set spec.deletion.emptyBuckets: true" in blocked["message"]
    assert {RECORDS, SUMMARY, "input/sales_data.csv"} <= set(kept)

    sales.patch({"spec": {"deletion": {"emptyBuckets": True}}})
    sales.kubectl("wait", "--for=delete", "datapipeline/sales", "--timeout=60s")

    left = account.of_pipelines(lambda service: client(sales.place, service))
    assert [name for name in left if "notices-of-" not in name] == []
