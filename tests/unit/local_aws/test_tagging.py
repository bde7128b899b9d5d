"""The tagging API: what is found by its tags, and when."""

import pytest

from awslab.local.aws import state

rule = pytest.mark.rule
PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
OWNER = "awslab.dev/owner"
TAGS = [{"Key": OWNER, "Value": "me"}]


def found(flow, *filters, **more):
    wish = {"TagFilters": [{"Key": key, "Values": values} for key, *values in filters]} if filters else {}
    pages = flow.tagging.get_paginator("get_resources").paginate(**wish, **more)
    return [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]]


def later(flow):
    flow.aws.tick(1)


def everything(flow):
    """One of each kind, tagged; returns their ARNs."""
    machine = flow.machine(PASS, tags=[{"key": OWNER, "value": "me"}])
    topic = flow.sns.create_topic(Name="t", Tags=TAGS)["TopicArn"]
    queue = flow.sqs.create_queue(QueueName="q", tags={OWNER: "me"})["QueueUrl"]
    table = flow.dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=TAGS,
    )["TableDescription"]["TableArn"]
    flow.cloudwatch.put_metric_alarm(
        AlarmName="a",
        Namespace="N",
        MetricName="M",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=TAGS,
    )
    made = flow.events_client.put_rule(Name="r", EventPattern='{"source": ["x"]}', Tags=TAGS)["RuleArn"]
    flow.logs.create_log_group(logGroupName="g", tags={OWNER: "me"})
    flow.s3.create_bucket(Bucket="b-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    flow.s3.put_bucket_tagging(Bucket="b-1", Tagging={"TagSet": TAGS})
    role = flow.role("f", "lambda.amazonaws.com")
    flow.iam.tag_role(RoleName="f", Tags=TAGS)
    function = flow.aws.client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="m.h", Code={"ZipFile": packed()}, Tags={OWNER: "me"}
    )["FunctionArn"]
    here = "eu-west-1:123456789012"
    return {
        machine,
        topic,
        table,
        made,
        function,
        f"arn:aws:sqs:{here}:{queue.rpartition('/')[2]}",
        f"arn:aws:cloudwatch:{here}:alarm:a",
        f"arn:aws:logs:{here}:log-group:g",
        "arn:aws:s3:::b-1",
    }


def packed():
    import io  # noqa: PLC0415 - only here
    import zipfile  # noqa: PLC0415 - only here

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("m.py", "def h(event, context): pass")
    return file.getvalue()


@rule("tags-resources")
def test_everything_but_roles_is_found_by_its_tag(flow):
    made = everything(flow)
    later(flow)

    assert made == set(found(flow, (OWNER, "me")))


@rule("tags-resources")
def test_filters_are_values_of_keys_and_types_and_arns(flow, refused):
    for name, tags in (("a", {"k": "1", "l": "x"}), ("b", {"k": "2"}), ("c", {"l": "x"})):
        flow.sqs.create_queue(QueueName=name, tags=tags)
    topic = flow.sns.create_topic(Name="t", Tags=[{"Key": "k", "Value": "1"}])["TopicArn"]
    later(flow)

    def names(*filters, **more):
        return [arn.rpartition(":")[2] for arn in found(flow, *filters, **more)]

    assert ["t", "a", "b"] == names(("k",))
    assert ["a", "b"] == names(("k", "1", "2"), ResourceTypeFilters=["sqs"])
    assert ["a"] == names(("k",), ("l", "x"))
    assert ["t"] == names(ResourceTypeFilters=["sns:topic"])
    assert ["t"] == names(ResourceARNList=[topic])
    refused(
        "InvalidParameterException",
        flow.tagging.get_resources,
        ResourceARNList=[topic],
        ResourceTypeFilters=["sns"],
    )
    refused("InvalidParameterException", flow.tagging.get_resources, ResourcesPerPage=101)


@rule("tags-resources")
def test_pages_are_as_long_as_asked_and_a_strange_token_is_refused(flow, refused):
    for number in range(5):
        flow.sqs.create_queue(QueueName=f"q{number}", tags={"k": "1"})
    later(flow)

    pages = flow.tagging.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2})

    assert [2, 2, 1] == [len(page["ResourceTagMappingList"]) for page in pages]
    refused("PaginationTokenExpiredException", flow.tagging.get_resources, PaginationToken="x")


@rule("tags-eventually")
def test_a_change_is_shown_a_little_later_and_what_is_deleted_is_gone(flow):
    url = flow.sqs.create_queue(QueueName="q", tags={"k": "1"})["QueueUrl"]
    seen = [found(flow, ("k", "1")) != []]
    later(flow)
    seen.append(found(flow, ("k", "1")) != [])
    flow.sqs.tag_queue(QueueUrl=url, Tags={"k": "2"})
    seen += [found(flow, ("k", "1")) != [], found(flow, ("k", "2")) != []]
    later(flow)
    seen.append(found(flow, ("k", "2")) != [])
    flow.sqs.delete_queue(QueueUrl=url)
    seen.append(found(flow, ("k",)) != [])

    assert [False, True, True, False, True, False] == seen


def test_everything_is_there_with_its_tags_after_a_restart(flow, tmp_path):
    made = everything(flow)
    world = flow.aws.world
    state.save(world, tmp_path)
    state.reset(world)
    state.load(world, tmp_path)
    later(flow)

    assert made == set(found(flow, (OWNER, "me")))


def test_keys_and_values_are_listed(flow):
    flow.sqs.create_queue(QueueName="a", tags={"k": "1", "l": "x"})
    flow.sqs.create_queue(QueueName="b", tags={"k": "2"})
    later(flow)

    assert ["k", "l"] == flow.tagging.get_tag_keys()["TagKeys"]
    assert ["1", "2"] == flow.tagging.get_tag_values(Key="k")["TagValues"]
