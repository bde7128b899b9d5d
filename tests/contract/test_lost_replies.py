"""A call that was carried out and whose reply was lost is not carried out twice."""

from __future__ import annotations

import boto3
import pytest

from awslab.core.graph import Graph
from tests.contract.examples.compute import BUCKET, NOTIFICATION, VALIDATE
from tests.support.lab import REGION, with_references

MAKING = (
    "CreateBucket", "PutBucketVersioning", "PutBucketPolicy", "PutBucketLifecycleConfiguration",
    "PutBucketNotificationConfiguration", "CreateRole", "PutRolePolicy", "CreateLogGroup", "PutRetentionPolicy",
    "CreateFunction", "PutFunctionConcurrency", "PublishVersion", "CreateAlias", "AddPermission",
)  # fmt: skip
UNMAKING = ("DeleteBucket", "DeleteRolePolicy", "DeleteRole", "DeleteLogGroup", "DeleteFunction")


@pytest.fixture
def graph():
    return with_references(NOTIFICATION, BUCKET)


@pytest.mark.parametrize("action", MAKING)
def test_what_was_made_is_found_again(lab, graph, action):
    lab.control.fault("lose-after", action, count=1)

    lab.settle(graph)

    published = boto3.client("lambda", region_name=REGION).list_versions_by_function(FunctionName=VALIDATE.arn)
    assert {r.address for r in graph} == set(lab.found())
    assert ["$LATEST", "1"] == [v["Version"] for v in published["Versions"]]
    assert 1 == sum(f["hits"] for f in lab.control.faults())


@pytest.mark.parametrize("action", UNMAKING)
def test_what_was_deleted_is_taken_for_gone(lab, graph, action):
    lab.settle(graph)
    lab.control.fault("lose-after", action, count=1)

    lab.settle(Graph())

    assert {} == lab.found()
    assert 1 == sum(f["hits"] for f in lab.control.faults())
