"""CloudWatch Logs: groups, retention, tags, and searches."""

import json

import pytest
from lambdas import ACCOUNT, kept

from awslab.local.aws.errors import AwsError
from awslab.local.aws.logs.patterns import matcher

rule = pytest.mark.rule
ARN = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/lab/one"
NOW = 1_790_000_000_000


@pytest.fixture
def logs(aws):
    client = kept(aws, "logs")
    client.create_log_group(logGroupName="/lab/one", tags={"a": "b"})
    return client


def write(logs, stream, *messages, start=0):
    logs.create_log_stream(logGroupName="/lab/one", logStreamName=stream)
    backend = __import__("moto.logs.models", fromlist=["logs_backends"]).logs_backends[ACCOUNT]["eu-west-1"]
    events = [{"timestamp": NOW + start + n * 10, "message": text} for n, text in enumerate(messages)]
    backend.groups["/lab/one"].streams[stream].put_log_events(events)


@rule("log-group-name")
def test_a_group_has_a_proper_name(logs, refused):
    refused("InvalidParameterException", logs.create_log_group, logGroupName="a group!")


def key(aws, service, arn="*"):
    """A key with whose policy a service may use it for the log groups named."""
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    uses = [f"kms:{verb}*" for verb in ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "Describe")]
    only = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}}
    let = {"Effect": "Allow", "Principal": {"Service": service}, "Action": uses, "Resource": "*", "Condition": only}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, let]})
    return aws.client("kms").create_key(Policy=policy)["KeyMetadata"]


@rule("log-group-key", "log-group-key-arn")
def test_a_group_is_encrypted_with_a_key_that_the_service_may_use(aws, logs, refused):
    service, group = "logs.eu-west-1.amazonaws.com", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/lab/*"
    good, other = key(aws, service, group), key(aws, service, group.replace("lab", "shop"))
    strange, off = key(aws, "logs.us-east-1.amazonaws.com"), key(aws, service)
    aws.client("kms").disable_key(KeyId=off["KeyId"])
    create = logs.create_log_group

    for wrong in (other, strange, off, {"Arn": good["Arn"].replace(good["KeyId"], off["KeyId"][::-1])}):
        refused("AccessDeniedException", create, logGroupName="/lab/two", kmsKeyId=wrong["Arn"])
    refused("InvalidParameterException", create, logGroupName="/lab/two", kmsKeyId=good["KeyId"])
    create(logGroupName="/lab/two", kmsKeyId=good["Arn"])

    assert good["Arn"] == logs.describe_log_groups(logGroupNamePrefix="/lab/two")["logGroups"][0]["kmsKeyId"]


@rule("log-group-retention")
def test_events_are_kept_for_a_number_of_days_that_aws_offers(logs, refused):
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/lab/one", retentionInDays=15)
    logs.put_retention_policy(logGroupName="/lab/one", retentionInDays=14)

    assert 14 == logs.describe_log_groups()["logGroups"][0]["retentionInDays"]


@rule("log-group-tags")
def test_tags_are_asked_for_by_the_arn_of_a_group(logs, refused):
    logs.tag_resource(resourceArn=ARN, tags={"c": "d"})
    logs.untag_resource(resourceArn=ARN, tagKeys=["a"])

    assert {"c": "d"} == logs.list_tags_for_resource(resourceArn=ARN)["tags"]
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=f"{ARN}:*")
    refused("ResourceNotFoundException", logs.tag_resource, resourceArn=f"{ARN}-none", tags={"c": "d"})


@rule("log-group-tags-go")
def test_a_group_made_anew_has_no_tags(logs, refused):
    logs.delete_log_group(logGroupName="/lab/one")
    refused("ResourceNotFoundException", logs.delete_log_group, logGroupName="/lab/one")

    logs.create_log_group(logGroupName="/lab/one")

    assert {} == logs.list_tags_for_resource(resourceArn=ARN)["tags"]


@rule("log-groups-found")
def test_groups_are_found_by_prefix_or_part_in_pages(logs, refused):
    for name in ("/lab/two", "/other/Three"):
        logs.create_log_group(logGroupName=name)

    def names(**wish):
        return [one["logGroupName"] for one in logs.describe_log_groups(**wish)["logGroups"]]

    first = logs.describe_log_groups(limit=2)
    assert ["/lab/one", "/lab/two"] == [one["logGroupName"] for one in first["logGroups"]]
    assert ["/other/Three"] == names(nextToken=first["nextToken"])
    assert ["/lab/one", "/lab/two"] == names(logGroupNamePrefix="/lab")
    assert ["/other/Three"] == names(logGroupNamePattern="three")
    refused("InvalidParameterException", logs.describe_log_groups, logGroupNamePattern="a", logGroupNamePrefix="b")
    refused("InvalidParameterException", logs.describe_log_groups, limit=51)


@rule("log-events-searched")
def test_events_of_all_streams_come_in_the_order_of_time(logs, refused):
    write(logs, "a", "one", "three", "five")
    write(logs, "b", "two", "four", start=5)

    first = logs.filter_log_events(logGroupName="/lab/one", limit=2)
    rest = logs.filter_log_events(logGroupName="/lab/one", limit=10, nextToken=first["nextToken"])
    of_a = logs.filter_log_events(logGroupName="/lab/one", logStreamNamePrefix="a", startTime=NOW + 10)

    assert ["one", "two"] == [one["message"] for one in first["events"]]
    assert ["three", "four", "five"] == [one["message"] for one in rest["events"]]
    assert "nextToken" not in rest
    assert ["three", "five"] == [one["message"] for one in of_a["events"]]
    refused("ResourceNotFoundException", logs.filter_log_events, logGroupName="/lab/none")


@rule("log-events-searched")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", True),
        ("ERROR", True),
        ("ERROR WARN", False),
        ('"row 3"', True),
        ('"row  3"', False),
        ("?WARN ?ERROR", True),
        ("?WARN ?INFO", False),
        ("ERROR -row", False),
        ("%ro[vw]%", True),
        ("{ $.level = ERROR }", False),
    ],
)
def test_a_pattern_chooses_by_words(pattern, expected):
    assert expected == matcher(pattern)("ERROR in row 3")


@rule("log-events-searched")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.level = "ERROR" }', True),
        ("{ $.level != ERROR }", False),
        ("{ $.level = E* && $.row.number > 2 }", True),
        ("{ $.row.number < 3 || $.level = WARN }", False),
        ("{ $.list[1] = 8 }", True),
        ("{ $.gone NOT EXISTS }", True),
        ("{ $.empty IS NULL }", True),
        ("{ $.level EXISTS }", True),
        ("ERROR", True),
    ],
)
def test_a_pattern_chooses_by_fields(pattern, expected):
    message = json.dumps({"level": "ERROR", "row": {"number": 3}, "list": [7, 8], "empty": None})

    assert expected == matcher(pattern)(message)


def test_a_pattern_that_cannot_be_read_is_refused():
    with pytest.raises(AwsError, match="Invalid filter pattern"):
        matcher("{ level is ERROR }")
