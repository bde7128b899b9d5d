"""Queries of Logs Insights: what they find in flow logs and in JSON."""

import pytest

from awslab.kinds.flow_logs import BASTION_TRAFFIC, QUERIES

rule = pytest.mark.rule
NOW = 1_790_000_000
LINES = (
    "2 123456789012 eni-0a 203.0.113.9 10.0.0.5 40001 22 6 3 180 1790000000 1790000060 REJECT OK",
    "2 123456789012 eni-0a 203.0.113.9 10.0.0.5 40002 22 6 9 540 1790000000 1790000060 REJECT OK",
    "2 123456789012 eni-0a 10.0.0.5 10.0.16.7 50000 80 6 10 9000 1790000000 1790000060 ACCEPT OK",
    "2 123456789012 eni-0a - - - - - - - 1790000000 1790000060 - NODATA",
)


@pytest.fixture
def logs(aws):
    client = aws.client("logs")
    client.create_log_group(logGroupName="flows")
    client.create_log_stream(logGroupName="flows", logStreamName="eni-0a-all")
    return client


def write(logs, aws, *messages):
    stamp = int(aws.clock.now * 1000)
    events = [{"timestamp": stamp + n, "message": text} for n, text in enumerate(messages)]
    logs.put_log_events(logGroupName="flows", logStreamName="eni-0a-all", logEvents=events)


def asked(logs, aws, text, **more):
    wish = {"logGroupName": "flows", "startTime": int(aws.clock.now) - 60, "endTime": int(aws.clock.now) + 60} | more
    id_ = logs.start_query(queryString=text, **wish)["queryId"]
    aws.tick(4)
    answer = logs.get_query_results(queryId=id_)
    assert "Complete" == answer["status"]
    return [{one["field"]: one["value"] for one in row} for row in answer["results"]]


@rule("insights-fields")
def test_the_saved_queries_find_what_they_are_named_for(aws, logs):
    write(logs, aws, *LINES)

    rejected, talkers, ports = (asked(logs, aws, text) for text in QUERIES.values())
    bastion = asked(logs, aws, BASTION_TRAFFIC)

    refused = {"srcAddr": "203.0.113.9", "dstAddr": "10.0.0.5", "dstPort": "22", "protocol": "6", "packets": "12"}
    assert [refused] == rejected
    assert {"srcAddr": "10.0.0.5", "dstAddr": "10.0.16.7", "bytes": "9000"} == talkers[0]
    assert [("80", "ACCEPT", "9000"), ("22", "REJECT", "720")] == [
        (row["dstPort"], row["action"], row["bytes"]) for row in ports[:2]
    ]
    assert [("203.0.113.9", "720")] == [(row["srcAddr"], row["bytes"]) for row in bastion]


@rule("insights-fields")
def test_json_is_known_by_its_fields_and_text_by_likeness(aws, logs):
    write(logs, aws, '{"level": "ERROR", "at": {"line": 7}}', '{"level": "INFO"}', "plain text")

    deep = asked(logs, aws, "fields level, at.line | filter ispresent(at.line) and level not in ['INFO']")
    plain = asked(logs, aws, "filter @message like /pl.in/ | fields @message | limit 1")
    counted = asked(logs, aws, "stats count(*) as lines, count_distinct(level) by @log")

    assert [{"level": "ERROR", "at.line": "7"}] == deep
    assert [{"@message": "plain text"}] == plain
    assert [{"@log": "123456789012:flows", "lines": "3", "count_distinct(level)": "2"}] == counted


@rule("insights-syntax")
@pytest.mark.parametrize(
    "text", ["find everything", "filter a ~ 3", "stats total(bytes)", "limit 3 4", "filter (a = 1"]
)
def test_a_query_that_cannot_be_read_is_refused(aws, logs, refused, text):
    refused("MalformedQueryException", logs.start_query, logGroupName="flows", startTime=0, endTime=1, queryString=text)


@rule("query-started")
def test_a_query_is_asked_of_groups_that_are_there_within_a_time(aws, logs, refused):
    write(logs, aws, *LINES)
    ask = {"queryString": "fields @message"}

    refused("ResourceNotFoundException", logs.start_query, logGroupName="none", startTime=0, endTime=1, **ask)
    refused("InvalidParameterException", logs.start_query, logGroupName="flows", startTime=2, endTime=1, **ask)

    assert 4 == len(asked(logs, aws, "fields @message"))
    assert [] == asked(logs, aws, "fields @message", startTime=0, endTime=1)
    assert 2 == len(asked(logs, aws, "fields @message", limit=2))


@rule("query-running", "query-stopped")
def test_a_query_runs_for_a_while_and_can_be_stopped_until_it_ends(aws, logs, refused):
    write(logs, aws, *LINES)
    wish = {"logGroupName": "flows", "startTime": int(aws.clock.now) - 9, "endTime": int(aws.clock.now) + 9}
    first, second = (logs.start_query(queryString="fields @message", **wish)["queryId"] for _ in range(2))

    running = logs.get_query_results(queryId=first)
    logs.stop_query(queryId=second)
    aws.tick(4)

    assert ("Running", []) == (running["status"], running["results"])
    assert "Complete" == logs.get_query_results(queryId=first)["status"]
    assert "Cancelled" == logs.get_query_results(queryId=second)["status"]
    refused("InvalidParameterException", logs.stop_query, queryId=first)
    refused("ResourceNotFoundException", logs.get_query_results, queryId="none")
