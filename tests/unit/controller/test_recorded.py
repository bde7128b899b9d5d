"""What a status has recorded is not lost out of sight when the spec no longer wants it."""

from __future__ import annotations

import contextlib
import time

import boto3
import pytest

from awslab.aws import bucket_notifications
from awslab.controller.consent import APPROVE_ANNOTATION
from tests.support.kills import Killed, dying
from tests.support.lives import DATA_PIPELINE
from tests.support.memory import reconciler, until

THEIRS = {
    "Id": "theirs",
    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:theirs",
    "Events": ["s3:ObjectRemoved:*"],
}


@pytest.fixture
def s3(local_aws):
    client = boto3.client("s3")
    for bucket in ("inbox", "other"):
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        client.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [THEIRS]}, SkipDestinationValidation=True
        )
    return client


@pytest.fixture
def pipeline(s3):
    """One that a foreign bucket calls for each upload."""
    handle = DATA_PIPELINE.small_one(source={"existingBucket": "inbox", "trigger": "Lambda"})
    until(handle, lambda: handle.ready, seconds=60)
    return handle


def _told(s3, bucket):
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    return {key: len(value) for key, value in answer.items() if key.endswith("Configurations")}


OURS_AND_THEIRS = {"LambdaFunctionConfigurations": 1, "QueueConfigurations": 1}
ONLY_THEIRS = {"QueueConfigurations": 1}


def _marked():
    found = boto3.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": bucket_notifications.MARK}])
    return [item["ResourceARN"] for item in found["ResourceTagMappingList"]]


def _forget_the_mark():
    (carrier,) = _marked()
    boto3.client("lambda").untag_resource(Resource=carrier, TagKeys=[bucket_notifications.MARK])
    end = time.monotonic() + 5
    while _marked():  # the listing is late
        assert time.monotonic() < end
        time.sleep(0.05)


def _settle(handle):
    """Until nothing is left over; another bucket replaces the entry, which has to be approved."""
    until(handle, lambda: _is_settled(handle) or handle.condition("PlanPending")["status"] == "True", seconds=60)
    if plan := handle.obj["status"].get("plan"):
        assert ["BucketNotification/uploads"] == [s["resource"] for s in plan["steps"] if s["action"] == "Replace"]
        handle.obj["metadata"]["annotations"] = {APPROVE_ANNOTATION: plan["hash"]}
    until(handle, lambda: _is_settled(handle), seconds=60)


def _is_settled(handle):
    return handle.ready and all(r["state"] == "Ready" for r in handle.obj["status"]["resources"])


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ({"existingBucket": "inbox", "trigger": "EventBridge"}, ONLY_THEIRS),
        ({"existingBucket": "other", "trigger": "Lambda"}, OURS_AND_THEIRS),
    ],
    ids=["another trigger", "another bucket"],
)
def test_our_entry_in_a_foreign_bucket_goes_though_nothing_marks_it_any_more(s3, pipeline, source, other):
    assert OURS_AND_THEIRS == _told(s3, "inbox")
    _forget_the_mark()

    pipeline.change(source=source)
    _settle(pipeline)

    assert (ONLY_THEIRS, other) == (_told(s3, "inbox"), _told(s3, "other"))


def test_our_entry_goes_where_the_operator_died_between_the_mark_and_the_entry(s3, pipeline):
    pipeline.change(source={"existingBucket": "other", "trigger": "Lambda"})
    with dying(0, "after", lambda name: name == "TagResource"), contextlib.suppress(Killed):
        reconciler().reconcile(pipeline)

    _settle(pipeline)

    assert (ONLY_THEIRS, OURS_AND_THEIRS) == (_told(s3, "inbox"), _told(s3, "other"))
