"""Distributed maps over S3."""

import json

import pytest

rule = pytest.mark.rule
S3 = {"Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]}
START = {"Action": ["states:StartExecution", "states:DescribeExecution", "states:StopExecution"]}
EACH = {"Type": "Pass", "End": True}
NEGATIVE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.amount", "StringMatches": "-*", "Next": "Bad"}],
    "Default": "Good",
}


def distributed(reader, *more, **fields):
    states = {"Each": EACH} if not more else dict(more)
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    processor |= {"StartAt": next(iter(states)), "States": states}
    return {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True} | fields


def csv(bucket="data", key="in.csv"):
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": key},
    }


def filled(flow, rows):
    flow.s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lines = ["id,amount", *(f"{number},{amount}" for number, amount in enumerate(rows))]
    flow.s3.put_object(Bucket="data", Key="in.csv", Body="\n".join(lines).encode())


def output(execution):
    assert "SUCCEEDED" == execution["status"], execution
    return json.loads(execution["output"])


@rule("map-reads-all")
def test_a_map_reads_a_csv_file_row_by_row(flow):
    filled(flow, range(30))

    ran = flow.ran({"Map": distributed(csv())}, {}, S3, START)

    assert [{"amount": str(number), "id": str(number)} for number in range(30)] == output(ran)


@rule("map-reads-all")
def test_a_map_goes_over_all_objects_of_a_prefix(flow):
    filled(flow, [1])
    for number in range(5):
        flow.s3.put_object(Bucket="data", Key=f"parts/{number}.json", Body=b"{}")
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "data", "Prefix": "parts/"}}

    ran = flow.ran({"Map": distributed(reader)}, {}, S3, START)

    assert [f"parts/{number}.json" for number in range(5)] == [one["Key"] for one in output(ran)]


@rule("map-reads-all")
def test_a_file_that_cannot_be_read_fails_the_map(flow):
    filled(flow, [1])

    ran = flow.ran({"Map": distributed(csv(key="gone.csv"))}, {}, S3, START)

    assert ("FAILED", "States.ItemReaderFailed") == (ran["status"], ran["error"])


@rule("map-role")
@pytest.mark.parametrize("missing", ["states:DescribeExecution", "states:StopExecution"])
def test_a_map_needs_the_right_to_follow_executions(flow, missing):
    filled(flow, [1])
    rest = {"states:StartExecution", "states:DescribeExecution", "states:StopExecution"} - {missing}

    ran = flow.ran({"Map": distributed(csv())}, {}, S3, {"Action": sorted(rest)})

    assert "FAILED" == ran["status"]
    assert missing in ran["cause"]


@rule("map-writes-results")
def test_a_result_writer_needs_the_right_to_abort(flow):
    filled(flow, [1])
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "data", "Prefix": "out"}}
    narrow = {"Action": ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:ListBucket"]}

    ran = flow.ran({"Map": distributed(csv(), ResultWriter=writer)}, {}, narrow, START)

    assert ("FAILED", "States.ResultWriterFailed") == (ran["status"], ran["error"])
    assert "s3:AbortMultipartUpload" in ran["cause"]


@rule("machine-tracing")
@pytest.mark.parametrize("traced", [True, False])
def test_a_traced_machine_uses_its_right_to_send_traces(flow, traced):
    states = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = flow.machine(states, tracingConfiguration={"enabled": traced})

    flow.run(machine)

    asked = {one["action"] for one in flow.aws.control.authorizations() if one["action"].startswith("xray:")}
    assert traced == ("xray:PutTraceSegments" in asked)


@rule("map-role")
def test_a_map_needs_the_right_to_start_executions(flow):
    filled(flow, [1])

    ran = flow.ran({"Map": distributed(csv())}, {}, S3)

    assert "FAILED" == ran["status"]
    assert "states:StartExecution" in ran["cause"]


BRANCHES = (("Sign", NEGATIVE), ("Good", {"Type": "Succeed"}), ("Bad", {"Type": "Fail", "Error": "Negative"}))


@rule("map-tolerance")
@pytest.mark.parametrize(("tolerated", "status"), [({}, "FAILED"), ({"ToleratedFailurePercentage": 30}, "SUCCEEDED")])
def test_a_map_fails_over_more_than_it_tolerates(flow, tolerated, status):
    filled(flow, [1, -1, 3, 4])

    ran = flow.ran({"Map": distributed(csv(), *BRANCHES, **tolerated)}, {}, S3, START)

    assert status == ran["status"], ran
    assert ("States.ExceedToleratedFailureThreshold" if status == "FAILED" else None) == ran.get("error")


@rule("map-writes-results")
def test_results_are_written_with_a_manifest(flow):
    filled(flow, [1, -1, 3, 4])
    where = {"Bucket": "data", "Prefix.$": "States.Format('{}/rows', $.work)"}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": where}
    state = distributed(csv(), *BRANCHES, ToleratedFailureCount=1, ResultWriter=writer)
    parts = {"Action": ["s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]}

    told = output(flow.ran({"Map": state}, {"work": "out"}, S3, START, parts))["ResultWriterDetails"]

    def read(key):
        return json.loads(flow.s3.get_object(Bucket="data", Key=key)["Body"].read())

    assert told["Key"].startswith("out/rows/")
    files = read(told["Key"])["ResultFiles"]
    assert ["0", "2", "3"] == [json.loads(one["Output"])["id"] for one in read(files["SUCCEEDED"][0]["Key"])]
    assert ["Negative"] == [one["Error"] for one in read(files["FAILED"][0]["Key"])]


def test_a_map_of_many_items_needs_few_threads(flow):
    filled(flow, range(1500))

    ran = flow.ran({"Map": distributed(csv(), ResultSelector={"count.$": "States.ArrayLength($)"})}, {}, S3, START)

    assert {"count": 1500} == output(ran)
