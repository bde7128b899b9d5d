"""Log lines are JSON and say which run and request they are of."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from awslab.functions import clients, csv_transform, csv_validate
from awslab.functions.errors import InvalidData, InvalidEvent

CONTEXT = SimpleNamespace(aws_request_id="request-1")


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_names_function_request_run_and_step(pipeline, monkeypatch, capsys):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "validate-data")
    monkeypatch.setenv("AWSLAB_STEP", '{"name": "ValidateData"}')
    state = pipeline.upload()

    csv_validate.handler(state, CONTEXT)

    told = lines(capsys)
    common = {"level": "INFO", "function": "validate-data", "requestId": "request-1", "run": state["run"]}
    assert ["Validating input/sales_data.csv", "Found 3 records, all valid"] == [line["message"] for line in told]
    assert all({**common, "step": "ValidateData"}.items() <= line.items() for line in told)


def test_a_failure_is_logged_with_its_name(pipeline, monkeypatch, capsys):
    monkeypatch.setenv("AWSLAB_STEP", '{"name": "T", "columns": [{"name": "price", "type": "integer"}]}')

    with pytest.raises(InvalidData):
        csv_transform.handler(pipeline.upload(), CONTEXT)

    last = lines(capsys)[-1]
    assert ("ERROR", "InvalidData", "row 2: price is '19.99', not a whole number") == (
        last["level"],
        last["error"],
        last["message"],
    )


def test_what_one_event_said_is_not_said_of_the_next(pipeline, monkeypatch, capsys):
    monkeypatch.setenv("AWSLAB_STEP", "{}")
    csv_validate.handler(pipeline.upload(), CONTEXT)
    capsys.readouterr()

    with pytest.raises(InvalidEvent, match="no state"):
        csv_validate.handler({}, None)

    (line,) = lines(capsys)
    assert ("", None) == (line["requestId"], line.get("run"))


@pytest.mark.parametrize(("runtime", "made"), [("127.0.0.1:9001", 1), (None, 0)])
def test_clients_are_made_while_lambda_starts_and_only_there(local_aws, monkeypatch, runtime, made):
    clients.client.cache_clear()
    if runtime:
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", runtime)

    clients.warm("s3")

    assert made == clients.client.cache_info().currsize
    clients.client.cache_clear()
