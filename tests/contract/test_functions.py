"""What is particular about functions, their versions and their log groups."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest

from awslab.aws import releases
from awslab.aws.code import Code
from awslab.aws.releases import Release
from awslab.core.errors import Working
from awslab.core.graph import Graph
from awslab.core.resource import Ids
from awslab.packages import inline
from tests.contract.examples.compute import GROUP, LIVE, VALIDATE
from tests.support.lab import REGION, with_references

OTHER = inline("def handler(event, context):\n    return 2\n", "python3.12")


@pytest.fixture
def function(local_aws):
    return boto3.client("lambda", region_name=REGION)


def _release(digest, **changes):
    changed = replace(VALIDATE, description=digest, **changes)
    return replace(LIVE, function=changed, digest=digest)


def _live(function):
    return function.get_alias(FunctionName=VALIDATE.arn, Name="live")["FunctionVersion"]


def _versions(function):
    told = function.list_versions_by_function(FunctionName=VALIDATE.arn)["Versions"]
    return [v["Version"] for v in told if v["Version"] != "$LATEST"]


def test_another_code_is_sent_published_and_live(lab, function):
    lab.settle(with_references(LIVE))

    lab.settle(with_references(_release("awslab 2", code=Code.zipped(OTHER.body, OTHER.sha256), memory=512)))

    live = function.get_function(FunctionName=VALIDATE.arn, Qualifier="live")["Configuration"]
    assert (OTHER.sha256, "awslab 2", 512) == (live["CodeSha256"], live["Description"], live["MemorySize"])
    assert "2" == _live(function)
    assert ["1", "2"] == _versions(function)


def test_code_that_is_the_same_is_not_sent_again(lab):
    lab.settle(with_references(LIVE))
    since = lab.control.last_call()

    lab.settle(with_references(_release("awslab 2", memory=512)))

    assert "UpdateFunctionCode" not in lab.writes(since)


def test_a_change_taken_back_makes_no_new_version(lab, function):
    lab.settle(with_references(LIVE))
    lab.settle(with_references(_release("awslab 2", memory=512)))

    lab.settle(with_references(LIVE))

    assert "1" == _live(function)
    assert ["1", "2"] == _versions(function)


def test_a_function_is_not_published_before_it_is_as_wanted(lab, function):
    lab.settle(with_references(LIVE))
    found = lab.seen(LIVE.address)

    with pytest.raises(Working, match="the function is still being updated"):
        replace(LIVE, digest="awslab 2").create(lab.aws, Ids({VALIDATE.address: VALIDATE.arn}))

    assert found == lab.seen(LIVE.address)
    assert ["1"] == _versions(function)


def test_the_oldest_versions_go(lab, function, monkeypatch):
    monkeypatch.setattr(releases, "KEPT", 2)
    for number in range(1, 5):
        lab.settle(with_references(_release(f"awslab {number}", memory=128 + number)))

    assert ["3", "4"] == _versions(function)


def test_a_release_is_known_from_the_tags_of_its_function(lab):
    lab.settle(with_references(LIVE))

    seen = [o for item in Release.describe(lab.aws, lab.aws.owned) if (o := Release.observed(item))]

    assert [f"{VALIDATE.arn}:1"] == [o.id for o in seen]
    assert [lab.seen(LIVE.address)] == [Release.examined(lab.aws, o) for o in seen]


def test_a_failed_update_is_told_and_asked_for_again(lab, function, monkeypatch):
    lab.settle(with_references(VALIDATE))
    client = lab.aws.client("lambda")
    answer = client.get_function(FunctionName=VALIDATE.arn)
    answer["Configuration"] |= {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "The image is gone"}
    monkeypatch.setattr(client, "get_function", lambda **_: answer)

    (step,) = [s for s in lab.once(with_references(VALIDATE)).first if s.address == VALIDATE.address]

    assert ["description: the last update failed: The image is gone -> awslab 1"] == [str(c) for c in step.changes]


def test_code_from_a_bucket_is_known_again_until_somebody_changes_it(lab, function):
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="a.zip", Body=OTHER.body)
    stored = replace(VALIDATE, code=Code.stored("code", "a.zip"))
    lab.settle(with_references(stored))
    since = lab.control.last_call()

    assert lab.once(with_references(stored)).settled
    assert [] == lab.writes(since)

    body = VALIDATE.code.sent["ZipFile"]
    function.update_function_code(FunctionName=VALIDATE.arn, ZipFile=body)
    function.get_waiter("function_updated_v2").wait(FunctionName=VALIDATE.arn, WaiterConfig={"Delay": 0.05})
    (step,) = [s for s in lab.once(with_references(stored)).first if s.address == VALIDATE.address]
    assert ["code"] == [c.field for c in step.changes]


@pytest.mark.parametrize("keeps", [True, False])
def test_logs_are_kept_where_the_spec_says_so_and_taken_over_later(lab, keeps):
    logs = boto3.client("logs", region_name=REGION)
    lab.settle(with_references(GROUP))
    lab.aws = replace(lab.aws, on_delete={"keepLogs": keeps})

    lab.settle(Graph())

    left = logs.describe_log_groups(logGroupNamePrefix=GROUP.physical_name)["logGroups"]
    assert keeps == bool(left)
    assert {} == lab.found()
    lab.settle(with_references(GROUP))
    assert lab.owner.key == lab.seen(GROUP.address).owner


def test_a_function_goes_after_what_names_a_version_of_it_and_before_role_and_logs(lab):
    lab.settle(with_references(LIVE))
    since = lab.control.last_call()

    lab.settle(Graph())

    order = [a for a in lab.writes(since) if a in {"DeleteFunction", "DeleteRole", "DeleteLogGroup"}]
    assert "DeleteFunction" == order[0]
    assert {"DeleteRole", "DeleteLogGroup"} == set(order[1:])
