"""`awslab logs labvpc/NAME`: flow logs, and questions about them."""

from __future__ import annotations

import time

import boto3
import pytest

from tests.support.lab import REGION

REJECTED = "2 123456789012 eni-0a 203.0.113.9 10.0.0.5 40001 22 6 12 720 1790000000 1790000060 REJECT OK"
ACCEPTED = "2 123456789012 eni-0a 10.0.0.5 10.0.16.7 50000 80 6 10 9000 1790000000 1790000060 ACCEPT OK"


@pytest.fixture
def network(cluster):
    """A network with flow logs, one line of each kind in them."""
    handle = cluster.worked_on(passes=0, flowLogs={})
    group, logs = handle.obj["status"]["flowLogGroup"], boto3.client("logs", region_name=REGION)
    logs.create_log_stream(logGroupName=group, logStreamName="eni-0a-all")
    stamp = int(time.time() * 1000)
    lines = [{"timestamp": stamp - 1000, "message": text} for text in (REJECTED, ACCEPTED)]
    logs.put_log_events(logGroupName=group, logStreamName="eni-0a-all", logEvents=lines)
    return handle


def ask(awslab, *more):
    return awslab("logs", "labvpc/production", "-n", "lab", *more)


def test_questions_are_answered_as_a_table(awslab, network):
    rejected = ask(awslab, "--rejected").stdout.splitlines()
    talkers = ask(awslab, "--top-talkers", "--since", "2h").stdout

    assert ["srcAddr", "dstAddr", "dstPort", "protocol", "packets"] == rejected[0].split()
    assert [["203.0.113.9", "10.0.0.5", "22", "6", "12"]] == [line.split() for line in rejected[1:]]
    assert "9000" in talkers


def test_without_a_question_the_lines_come_as_they_are(awslab, network):
    assert ACCEPTED in ask(awslab, "--grep", "ACCEPT").stdout


def test_who_cannot_be_asked_says_why(cluster, awslab):
    cluster.worked_on()

    assert "has no flow logs; give it spec.flowLogs" in ask(awslab, "--rejected").output
    cluster.worked_on(passes=0, flowLogs={})
    assert "has no bastion" in ask(awslab, "--bastion").output
    assert "Nothing in that time" in ask(awslab, "--rejected").output
