"""Buckets: defaults, names, policies, notifications, and the events they send."""

import json
import time
from urllib.parse import unquote_plus

import pytest
from lambdas import ACCOUNT, Functions, allow, document, kept

rule = pytest.mark.rule
NAME = "goods"
ARN = f"arn:aws:s3:::{NAME}"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:work"
PRINTS = "import json\ndef handler(e, c): print('got', json.dumps(e))\n"


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)
    return found


@pytest.fixture
def s3(aws):
    client = kept(aws, "s3")
    client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def functions(aws):
    made = Functions(aws)
    made.logs.create_log_group(logGroupName="/aws/lambda/work")
    return made


def let_s3_in(functions, **more):
    functions.client.add_permission(
        FunctionName="work",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        **({"SourceArn": ARN, "SourceAccount": ACCOUNT} | more),
    )


def notice(prefix="", suffix="", events=("s3:ObjectCreated:*",), arn=FUNCTION, **more):
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    entry = {"LambdaFunctionArn": arn, "Events": list(events)} | more
    return entry | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def put(s3, *entries, **more):
    wish = {"LambdaFunctionConfigurations": list(entries)} | more
    s3.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration=wish)


def events(functions):
    lines = [line for line in functions.log() if line.startswith("got ")]
    return [json.loads(line.removeprefix("got "))["Records"][0] for line in lines]


@rule("bucket-defaults")
def test_a_new_bucket_is_encrypted_and_private(s3):
    encryption = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"][0]
    block = s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]
    owner = s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"]
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")

    assert {"SSEAlgorithm": "AES256"} == encryption["ApplyServerSideEncryptionByDefault"]
    assert {True} == set(block.values())
    assert [{"ObjectOwnership": "BucketOwnerEnforced"}] == owner
    assert "AES256" == s3.head_object(Bucket=NAME, Key="a")["ServerSideEncryption"]


@rule("bucket-tags")
def test_the_head_of_an_object_tells_the_length_of_its_body(s3):
    s3.put_object(Bucket=NAME, Key="a", Body=b"x" * 1000)

    assert 1000 == s3.head_object(Bucket=NAME, Key="a")["ContentLength"]


def test_a_bucket_is_tagged_in_the_call_that_makes_it(s3):
    tags = [{"Key": "team", "Value": "red"}, {"Key": "empty", "Value": ""}]

    s3.create_bucket(
        Bucket=f"{NAME}-tagged", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name, "Tags": tags}
    )

    told = s3.get_bucket_tagging(Bucket=f"{NAME}-tagged")["TagSet"]
    assert tags == sorted(told, key=lambda tag: tag["Key"], reverse=True)


def test_a_bucket_made_again_in_us_east_1_keeps_its_settings(aws):
    s3 = aws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="again")
    s3.delete_public_access_block(Bucket="again")

    s3.create_bucket(Bucket="again")

    with pytest.raises(s3.exceptions.ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket="again")


def test_elsewhere_a_bucket_is_made_once(s3, refused):
    place = {"LocationConstraint": "eu-west-1"}

    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=NAME, CreateBucketConfiguration=place)


@rule("bucket-encryption-stays")
def test_a_bucket_is_never_without_encryption(s3):
    s3.delete_bucket_encryption(Bucket=NAME)

    assert s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"]


@rule("bucket-name")
@pytest.mark.parametrize("name", ["Goods", "go", "g" * 64, "192.168.0.1", "goods-", "go..ods", "xn--goods", "go_ods"])
def test_a_bucket_has_a_proper_name(s3, refused, name):
    place = {"LocationConstraint": "eu-west-1"}

    refused("InvalidBucketName", s3.create_bucket, Bucket=name, CreateBucketConfiguration=place)


def test_a_bucket_with_versions_or_delete_markers_is_not_deleted(s3, refused):
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")
    s3.delete_object(Bucket=NAME, Key="a")

    refused("BucketNotEmpty", s3.delete_bucket, Bucket=NAME)
    found = s3.list_object_versions(Bucket=NAME)
    for one in [*found["Versions"], *found["DeleteMarkers"]]:
        s3.delete_object(Bucket=NAME, Key="a", VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=NAME)


def test_a_conditional_write_is_refused_where_the_condition_does_not_hold(s3, refused):
    etag = s3.put_object(Bucket=NAME, Key="a", Body=b"1", IfNoneMatch="*")["ETag"]

    refused("PreconditionFailed", s3.put_object, Bucket=NAME, Key="a", Body=b"2", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, Bucket=NAME, Key="a", Body=b"2", IfMatch='"0"')
    s3.put_object(Bucket=NAME, Key="a", Body=b"2", IfMatch=etag)


@rule("upload-condition")
def test_the_conditions_hold_for_an_upload_in_parts(s3, refused):
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")
    id_ = s3.create_multipart_upload(Bucket=NAME, Key="a")["UploadId"]
    etag = s3.upload_part(Bucket=NAME, Key="a", PartNumber=1, UploadId=id_, Body=b"2")["ETag"]
    wish = {
        "Bucket": NAME,
        "Key": "a",
        "UploadId": id_,
        "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]},
    }

    refused("PreconditionFailed", s3.complete_multipart_upload, IfNoneMatch="*", **wish)
    s3.complete_multipart_upload(**wish)


@rule("bucket-policy-deny")
def test_what_a_policy_denies_is_denied_to_users_too(s3, refused):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"{ARN}/keep/*"}
    s3.put_bucket_policy(Bucket=NAME, Policy=document(deny))
    s3.put_object(Bucket=NAME, Key="keep/a", Body=b"1")

    refused("AccessDenied", s3.delete_object, Bucket=NAME, Key="keep/a")
    s3.delete_object(Bucket=NAME, Key="other")


@rule("local-is-secure")
def test_a_policy_that_wants_tls_locks_nobody_out_here(s3):
    secure = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [ARN, f"{ARN}/*"], "Condition": secure}
    s3.put_bucket_policy(Bucket=NAME, Policy=document(deny))

    s3.put_object(Bucket=NAME, Key="a", Body=b"1")

    assert b"1" == s3.get_object(Bucket=NAME, Key="a")["Body"].read()


@rule("bucket-policy-malformed")
@pytest.mark.parametrize(
    "policy",
    [
        "no json",
        document(allow("s3:GetObject", f"{ARN}/*")),
        document(allow("s3:GetObject", "arn:aws:s3:::other/*", Principal={"AWS": ACCOUNT})),
        document(allow("s3:GetObject", f"{ARN}/*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"})),
    ],
)
def test_a_malformed_policy_is_refused(s3, refused, policy):
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=NAME, Policy=policy)


@rule("bucket-policy-public")
def test_a_public_policy_is_refused_while_such_are_blocked(s3, refused):
    policy = document(allow("s3:GetObject", f"{ARN}/*", Principal="*"))

    refused("AccessDenied", s3.put_bucket_policy, Bucket=NAME, Policy=policy)
    s3.delete_public_access_block(Bucket=NAME)
    s3.put_bucket_policy(Bucket=NAME, Policy=policy)


@rule("object-hidden")
def test_whoever_may_not_list_is_not_told_what_is_missing(s3, functions):
    code = "import boto3\ndef handler(e, c): boto3.client('s3').get_object(Bucket='goods', Key='nothing')\n"
    functions.make(code, Role=functions.role(allow("s3:GetObject", f"{ARN}/*")))

    first, _ = functions.call()
    functions.allow(allow("s3:GetObject", f"{ARN}/*"), allow("s3:ListBucket", ARN))
    second, _ = functions.call()

    assert ("AccessDenied", "NoSuchKey") == (first["errorType"], second["errorType"])
    assert "is not authorized to perform: s3:ListBucket" in first["errorMessage"]


@rule("notices-shown")
def test_a_configuration_is_shown_as_it_was_put(s3, functions):
    functions.make()
    let_s3_in(functions)
    entry = notice("input/", ".csv", Id="ours")

    put(s3, entry, EventBridgeConfiguration={})

    shown = s3.get_bucket_notification_configuration(Bucket=NAME)
    (found,) = shown["LambdaFunctionConfigurations"]
    rules = [{"Name": "Prefix", "Value": "input/"}, {"Name": "Suffix", "Value": ".csv"}]  # AWS shows them so
    assert entry | {"Filter": {"Key": {"FilterRules": rules}}} == found
    assert {} == shown["EventBridgeConfiguration"]
    s3.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration={})
    assert {"ResponseMetadata"} == set(s3.get_bucket_notification_configuration(Bucket=NAME))


@rule("notices-unreachable")
def test_a_function_must_be_there_and_let_the_bucket_in(s3, functions):
    def refuse():
        with pytest.raises(s3.exceptions.ClientError, match="Unable to validate the following destination"):
            put(s3, notice())

    refuse()
    functions.make()
    refuse()
    let_s3_in(functions, SourceArn="arn:aws:s3:::other")
    refuse()
    functions.client.remove_permission(FunctionName="work", StatementId="s3")
    let_s3_in(functions)
    put(s3, notice())


@rule("notices-overlap")
@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        (notice("in/", ".csv"), notice("in/", ".json"), True),
        (notice("in/"), notice("in/new/"), False),
        (notice("in/"), notice("out/"), True),
        (notice(suffix=".csv"), notice("in/"), False),
        (notice("in/"), notice("in/", events=["s3:ObjectRemoved:*"]), True),
        (notice("in/"), notice("in/", events=["s3:ObjectCreated:Put"]), False),
    ],
)
def test_two_entries_do_not_overlap(s3, functions, one, other, fits):
    functions.make()
    let_s3_in(functions)

    if fits:
        put(s3, one, other)
    else:
        with pytest.raises(s3.exceptions.ClientError, match="Configuration is ambiguously defined"):
            put(s3, one, other)


@rule("notices-wrong")
@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([notice("a", Id="x"), notice("b", Id="x")], "IDs must be unique"),
        ([notice(events=["s3:ObjectCreated:Sent"])], "A specified event is not supported"),
        ([notice(arn="work")], "The ARN could not be parsed"),
        ([notice(arn=FUNCTION.replace("eu-west-1", "us-east-1"))], "region is not valid"),
    ],
)
def test_a_wrong_entry_is_refused(s3, entries, text):
    with pytest.raises(s3.exceptions.ClientError, match=text):
        put(s3, *entries)


@rule("event-delivered", "event-record")
def test_an_upload_runs_the_function_that_the_bucket_names(s3, functions):
    functions.make(PRINTS)
    let_s3_in(functions)
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    put(s3, notice("input/", ".csv", Id="ours"))

    version = s3.put_object(Bucket=NAME, Key="input/day 1 (ü).csv", Body=b"abc")["VersionId"]
    s3.put_object(Bucket=NAME, Key="input/day 1.txt", Body=b"abc")
    s3.put_object(Bucket=NAME, Key="output/day 1.csv", Body=b"abc")
    s3.put_object(Bucket=NAME, Key="input/day 2.csv", Body=b"")

    until(lambda: len(events(functions)) == 2)
    first, second = sorted(events(functions), key=lambda one: one["s3"]["object"]["sequencer"])
    shown = first["s3"]["object"]
    assert ("input/day 1 (ü).csv", 3, version) == (unquote_plus(shown["key"]), shown["size"], shown["versionId"])
    assert "input/day+1+%28%C3%BC%29.csv" == shown["key"]
    assert ("ObjectCreated:Put", NAME, ARN, "ours") == (
        first["eventName"],
        first["s3"]["bucket"]["name"],
        first["s3"]["bucket"]["arn"],
        first["s3"]["configurationId"],
    )
    assert "input/day+2.csv" == second["s3"]["object"]["key"]


@rule("event-delivered")
def test_nothing_reaches_a_function_whose_policy_no_longer_lets_s3_in(s3, functions, aws):
    functions.make(PRINTS)
    let_s3_in(functions)
    put(s3, notice())
    functions.client.remove_permission(FunctionName="work", StatementId="s3")
    before = aws.control.last_authorization()

    s3.put_object(Bucket=NAME, Key="a", Body=b"1")

    (decision,) = aws.control.authorizations(since=before)
    assert ("s3.amazonaws.com", FUNCTION, ARN, False) == tuple(
        decision[name] for name in ("principal", "resource", "session", "allowed")
    )
    assert {} == aws.world.overlay.waiting


@rule("event-test", "event-delivered")
def test_a_queue_gets_a_test_event_and_then_the_others(s3, aws):
    sqs = aws.client("sqs")
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:inbox"
    policy = document(
        allow(
            "sqs:SendMessage",
            arn,
            Principal={"Service": "s3.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": ARN}},
        )
    )
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": policy})["QueueUrl"]
    seen = []

    def received(count):
        seen.extend(json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url).get("Messages", []))
        return len(seen) == count

    queue = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    put(s3, QueueConfigurations=[queue], LambdaFunctionConfigurations=[])
    until(lambda: received(1))
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")
    until(lambda: received(2))
    s3.delete_object(Bucket=NAME, Key="a")
    until(lambda: received(3))

    assert "s3:TestEvent" == seen[0]["Event"]
    assert ["ObjectCreated:Put", "ObjectRemoved:Delete"] == [one["Records"][0]["eventName"] for one in seen[1:]]
    assert {"key", "sequencer"} == set(seen[2]["Records"][0]["s3"]["object"])


@rule("event-bridge")
def test_a_bucket_tells_event_bridge(s3, aws):
    sqs, bus = aws.client("sqs"), aws.client("events")
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:inbox"
    policy = document(allow("sqs:SendMessage", arn, Principal={"Service": "events.amazonaws.com"}))
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": policy})["QueueUrl"]
    bus.put_rule(
        Name="uploads", EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [NAME]}}})
    )
    bus.put_targets(Rule="uploads", Targets=[{"Id": "queue", "Arn": arn}])
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    put(s3, EventBridgeConfiguration={}, LambdaFunctionConfigurations=[])
    seen = []

    def received(count):
        seen.extend(json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url).get("Messages", []))
        return len(seen) == count

    version = s3.put_object(Bucket=NAME, Key="in/a b.csv", Body=b"abc")["VersionId"]
    until(lambda: received(1))
    s3.delete_object(Bucket=NAME, Key="in/a b.csv")
    until(lambda: received(2))

    created, deleted = seen
    shown = created["detail"]["object"]
    assert ("Object Created", "aws.s3", [ARN]) == (created["detail-type"], created["source"], created["resources"])
    assert ("in/a b.csv", 3, version) == (shown["key"], shown["size"], shown["version-id"])
    assert ("PutObject", ACCOUNT) == (created["detail"]["reason"], created["detail"]["requester"])
    assert shown["sequencer"] < deleted["detail"]["object"]["sequencer"]
    assert ("Object Deleted", "Delete Marker Created") == (deleted["detail-type"], deleted["detail"]["deletion-type"])
