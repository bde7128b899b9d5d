"""What is particular about buckets: data that is kept, and a document that everybody writes into."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest

from awslab.aws import contents
from awslab.aws.bucket_notifications import BucketEvents, BucketNotification
from awslab.aws.named import name_in
from awslab.core.errors import InUse, Retryable, Working
from awslab.core.graph import Graph
from awslab.core.plan import Action, Step
from awslab.core.resource import Given, Ids
from awslab.engine import carry_out
from tests.contract.examples.compute import ACCOUNT, BUCKET
from tests.contract.examples.example import OWNER
from tests.support.lab import REGION, with_references

NAME = name_in(BUCKET.arn)
FOREIGN = "arn:aws:s3:::inbox"
ENTRY = f"{FOREIGN}#{OWNER.physical_name('uploads', 255)}"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
OURS = BucketNotification(
    name="uploads", arn=ENTRY, bucket=Given(FOREIGN), function=Given(f"{FUNCTION}:start"), prefix="input/"
)


@pytest.fixture
def s3(local_aws):
    return boto3.client("s3", region_name=REGION)


def _delete(lab, resource):
    (found,) = [o for o in lab.found().values() if o.address == resource.address]
    return carry_out(Step(Action.DELETE, found.address, found=found), lab.aws, Ids())


class TestABucketWithObjects:
    @pytest.fixture(autouse=True)
    def _objects(self, lab, s3):
        lab.settle(with_references(BUCKET))
        for key in ("input/a.csv", "input/a.csv", "input/b.csv", "c", "d"):
            s3.put_object(Bucket=NAME, Key=key, Body=b"1")
        s3.delete_object(Bucket=NAME, Key="input/a.csv")

    def test_is_kept_and_says_what_is_in_it_and_what_to_do(self, lab):
        outcome = _delete(lab, BUCKET)

        (blocker,) = outcome.blockers
        assert isinstance(outcome.error, InUse)
        assert "5 object versions and 1 delete marker" == blocker.id
        assert blocker.what.startswith("c, d, input/a.csv, ...; empty bucket")
        assert "spec.deletion.emptyBuckets: true" in blocker.what

    def test_of_many_only_the_first_page_is_counted(self, lab, monkeypatch):
        monkeypatch.setattr(contents, "PAGE", 2)

        (blocker,) = _delete(lab, BUCKET).blockers

        assert "+ object version" in blocker.id

    def test_goes_with_them_where_the_spec_says_so(self, lab):
        lab.aws = replace(lab.aws, on_delete={"emptyBuckets": True})

        lab.settle(Graph())

        assert {} == lab.found()

    def test_is_emptied_in_several_passes(self, lab, monkeypatch):
        monkeypatch.setattr(contents, "PAGE", 2)
        monkeypatch.setattr(contents, "PAGES", 2)
        lab.aws = replace(lab.aws, on_delete={"emptyBuckets": True})

        error = _delete(lab, BUCKET).error

        assert isinstance(error, Working)
        assert f"4 of the object versions in {NAME} deleted, more to go" == str(error)
        lab.settle(Graph())
        assert {} == lab.found()


def test_a_bucket_of_that_name_in_another_account_is_not_touched(lab, s3, monkeypatch):
    lab.settle(with_references(BUCKET))
    sent = []
    client = lab.aws.client("s3")
    client.meta.events.register("before-call.s3", lambda params, **_: sent.append(params["headers"]))

    lab.once(with_references(BUCKET))

    assert {ACCOUNT} == {headers.get("x-amz-expected-bucket-owner") for headers in sent}


# A bucket of somebody else


def _entry(name, prefix):
    return {
        "Id": name,
        "LambdaFunctionArn": f"{FUNCTION}:{name}",
        "Events": ["s3:ObjectRemoved:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
    }


def _add(s3, *names):
    """Write as somebody does who never looks twice."""
    told = _told(s3)
    entries = [*told.get("LambdaFunctionConfigurations", ()), *(_entry(n, f"{n}/") for n in names)]
    _put(s3, {**told, "LambdaFunctionConfigurations": entries})


def _put(s3, configuration):
    s3.put_bucket_notification_configuration(
        Bucket="inbox", NotificationConfiguration=configuration, SkipDestinationValidation=True
    )


def _told(s3):
    answer = s3.get_bucket_notification_configuration(Bucket="inbox")
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _ids(s3):
    return sorted(e["Id"] for e in _told(s3).get("LambdaFunctionConfigurations", ()))


@pytest.fixture
def inbox(s3):
    s3.create_bucket(Bucket="inbox")
    _put(s3, {"EventBridgeConfiguration": {}})
    _add(s3, "theirs")
    return s3


def _make(lab):
    return OURS.create(lab.aws, Ids())


def _drop(lab):
    BucketNotification.delete(lab.aws, BucketNotification.find(lab.aws, "uploads", ENTRY))


def test_only_our_entry_is_added_changed_and_removed(lab, inbox):
    _make(lab)
    assert ["awslab-net-uploads-6a9fbab9", "theirs"] == _ids(inbox)

    _drop(lab)

    assert ["theirs"] == _ids(inbox)
    assert "EventBridgeConfiguration" in _told(inbox)


def test_an_entry_is_ours_by_its_id(lab, inbox):
    _make(lab)

    assert lab.owner.key == BucketNotification.find(lab.aws, "uploads", ENTRY).owner
    assert "another object" == BucketNotification.find(lab.stranger().aws, "uploads", ENTRY).owner


def test_what_is_there_already_is_not_written_again(lab, inbox):
    _make(lab)
    since = lab.control.last_call()

    _make(lab)

    assert [] == lab.writes(since)


class _Other:
    """Another writer, who comes each time just before one call of ours."""

    def __init__(self, lab, s3, turns, write):
        self.turns, self.calls, self.write, self.s3 = set(turns), 0, write, s3
        self.events = lab.aws.client("s3").meta.events

    def __enter__(self):
        self.events.register_first("before-call.s3", self._come, unique_id="other")
        return self

    def __exit__(self, *_):
        self.events.unregister("before-call.s3", unique_id="other")

    def _come(self, **_):
        self.calls += 1
        if self.calls in self.turns:
            self.write(self.s3, f"other-{self.calls}")


# The calls are: read, read again, write, read back.  Before the write is the gap that S3 leaves.
@pytest.mark.parametrize("turn", [1, 2, 4])
@pytest.mark.parametrize("act", [_make, _drop], ids=["make", "drop"])
def test_the_entries_of_another_writer_between_two_calls_stay(lab, inbox, turn, act):
    if act is _drop:
        _make(lab)
    with _Other(lab, inbox, {turn + (act is _drop)}, _add):  # to find it takes one call
        act(lab)

    ours = [] if act is _drop else ["awslab-net-uploads-6a9fbab9"]
    assert [*ours, f"other-{turn + (act is _drop)}", "theirs"] == _ids(inbox)


def test_our_entry_is_written_again_where_another_writer_wrote_what_he_had_read_before(lab, inbox):
    stale = _told(inbox)

    with _Other(lab, inbox, {4}, lambda s3, name: _put(s3, stale)):
        _make(lab)

    assert ["awslab-net-uploads-6a9fbab9", "theirs"] == _ids(inbox)


def test_a_writer_without_end_is_left_to_the_next_pass(lab, inbox):
    with _Other(lab, inbox, range(1, 100), _add), pytest.raises(Retryable, match="somebody else keeps changing"):
        _make(lab)


def test_the_switch_of_another_bucket_is_turned_on_and_stays_on(lab, inbox):
    _put(inbox, {"LambdaFunctionConfigurations": [_entry("theirs", "theirs/")]})
    events = BucketEvents(name="inbox", arn=f"{FOREIGN}#eventbridge", bucket=Given(FOREIGN))

    lab.settle(with_references(events))
    lab.settle(Graph())

    assert "EventBridgeConfiguration" in _told(inbox)
    assert ["theirs"] == _ids(inbox)


def test_an_entry_in_another_bucket_is_found_by_what_was_recorded(lab, inbox):
    lab.settle(with_references(OURS))

    lab.settle(Graph())

    assert ["theirs"] == _ids(inbox)
