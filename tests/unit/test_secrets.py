"""Planted secrets appear in no status, event, log or plan."""

from __future__ import annotations

import io
import json
import logging

import pytest

from awslab.controller import logs
from awslab.core.errors import LabError
from awslab.core.secrets import redacted
from tests.support.memory import lab_vpc, reconciler

KEY, TOKEN, PASSWORD = "wJalrXUtnFEMIplantedKEY0", "IQoJb3plantedTOKEN0", "hunter2planted"


@pytest.fixture
def log():
    """What is logged, in both formats."""
    stream = io.StringIO()
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = [logging.StreamHandler(stream) for _ in range(2)]
    for handler, formatter in zip(handlers, map(logs._formatter, ("console", "json")), strict=True):
        handler.setFormatter(formatter)
        handler.addFilter(logs._ContextFilter())
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def planted(local_aws, monkeypatch):
    """An AWS whose credentials are secrets that we know."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    return local_aws


def told(handle, log):
    """All that anybody can read of an object: status with its plan, events, log."""
    for _, reason, message in handle.events:
        logging.getLogger("awslab").warning("%s: %s", reason, message)
    return json.dumps(handle.obj.get("status")) + json.dumps(handle.events) + log.getvalue()


def passes(handle, count=3):
    using = reconciler()
    for _ in range(count):
        using.reconcile(handle)


def test_credentials_are_told_nowhere(planted, log):
    handle = lab_vpc(management={"mode": "PlanOnly"})

    passes(handle)
    handle.obj["metadata"]["annotations"] = {"awslab.dev/approve": handle.obj["status"]["plan"]["hash"]}
    planted.fault("deny", "CreateSubnet", count=2)
    passes(handle)

    said = told(handle, log)
    assert "CreateSubnet" in said
    assert [] == [secret for secret in (KEY, TOKEN) if secret in said]


@pytest.mark.parametrize("name", ["aws_secret_access_key", "SecretAccessKey", "session_token", "X-Amz-Security-Token"])
@pytest.mark.parametrize("action", ["DescribeVpcs", "CreateVpc"])
def test_a_secret_in_a_message_of_aws_is_hidden(planted, log, name, action):
    message = f"Refused: {name}={KEY} is not what it should be."
    planted.fault("error", action, code="InvalidParameterValue", status=400, message=message)
    handle = lab_vpc()

    passes(handle)

    said = told(handle, log)
    assert f"{name}=*** is not what it should be." in said
    assert KEY not in said


def test_who_asks_in_the_url_of_an_endpoint_is_hidden(planted, log, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://proxy:{PASSWORD}@127.0.0.1:9")
    handle = lab_vpc()

    passes(handle)

    said = told(handle, log)
    assert "AWS cannot be reached" in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    "text",
    [
        "an ordinary sentence about a password that is missing",
        "https://docs.aws.amazon.com/vpc: see user@example.com",
        "CreateVpc: The maximum number of VPCs has been reached. (VpcLimitExceeded)",
    ],
)
def test_what_is_no_secret_stays(text):
    assert text == redacted(text) == str(LabError(text))
