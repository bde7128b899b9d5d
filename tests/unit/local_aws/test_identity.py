"""Roles and permissions: who may take on a role, what it may do then, and the record of it."""

import json

import pytest
from botocore.exceptions import ClientError
from lambdas import kept

from awslab.local.aws import identity
from awslab.local.aws.errors import AwsError
from awslab.local.aws.policies import Request, context_of, matches

rule = pytest.mark.rule
ACCOUNT = "123456789012"


def trust(*services):
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


@pytest.fixture
def iam(aws):
    return kept(aws, "iam")


@pytest.fixture
def role(aws, iam):
    """Make a role of a service with one inline policy, old enough to be assumed; returns its ARN."""

    def make(*statements, name="worker", service="lambda.amazonaws.com"):
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy(*statements))
        aws.tick(60)
        iam.list_roles()
        return made

    return make


def assumed(aws, role_arn, service="lambda.amazonaws.com"):
    with aws.world.lock:
        return identity.assume(aws.world, role_arn, service, session="run")


def acting(aws, role_arn, service):
    """A client with the credentials of a role."""
    session = assumed(aws, role_arn)
    key = {"AccessKeyId": session.access_key, "SecretAccessKey": session.secret_key, "SessionToken": session.token}
    return aws.client(service, key=key)


@rule("role-new")
def test_a_new_role_cannot_be_assumed_for_some_seconds(aws, iam):
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]

    with pytest.raises(AwsError, match="AccessDenied"):
        assumed(aws, arn)
    aws.tick(10.1)
    iam.list_roles()

    assert arn == assumed(aws, arn).role_arn


@rule("role-trust")
def test_only_the_service_that_the_trust_policy_names_takes_on_a_role(aws, role):
    arn = role(service="states.amazonaws.com")

    with pytest.raises(AwsError, match=r"lambda\.amazonaws\.com is not authorized to perform: sts:AssumeRole"):
        assumed(aws, arn)

    assert assumed(aws, arn, "states.amazonaws.com").arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/run"


@rule("role-trust")
def test_a_role_that_is_not_there_cannot_be_assumed(aws):
    with pytest.raises(AwsError, match="AccessDenied"):
        assumed(aws, f"arn:aws:iam::{ACCOUNT}:role/nobody")


@rule("role-permissions")
def test_a_call_that_no_policy_allows_is_refused_in_the_words_of_aws(aws, role, refused):
    aws.client("s3", "us-east-1").create_bucket(Bucket="goods")
    s3 = acting(aws, role(allow("s3:PutObject", "arn:aws:s3:::goods/out/*")), "s3")

    s3.put_object(Bucket="goods", Key="out/a", Body=b"1")
    error = refused("AccessDenied", s3.put_object, Bucket="goods", Key="in/a", Body=b"1")

    assert (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/worker/run is not authorized to perform: s3:PutObject on resource: "
        '"arn:aws:s3:::goods/in/a" because no identity-based policy allows the s3:PutObject action'
    ) == error["Error"]["Message"]


@rule("role-permissions")
def test_an_attached_policy_allows_what_its_default_version_says(aws, iam, role, refused):
    aws.client("s3", "us-east-1").create_bucket(Bucket="goods")
    arn = iam.create_policy(PolicyName="more", PolicyDocument=policy(allow("s3:PutObject")))["Policy"]["Arn"]
    s3 = acting(aws, role(), "s3")
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)

    s3.put_object(Bucket="goods", Key="a", Body=b"1")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:GetObject")), SetAsDefault=True)

    refused("AccessDenied", s3.put_object, Bucket="goods", Key="b", Body=b"1")


@rule("role-permissions")
def test_a_deny_wins_over_every_allow(aws, role, refused):
    deny = allow("sns:*") | {"Effect": "Deny"}
    sns = acting(aws, role(allow("*"), deny), "sns")

    error = refused("AuthorizationError", sns.publish, TopicArn=f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", Message="x")

    assert "with an explicit deny in an identity-based policy" in error["Error"]["Message"]


@rule("role-permissions")
def test_a_resource_policy_lets_a_role_in_or_keeps_it_out(aws, role, refused):
    arn = role(allow("s3:GetObject"))
    bucket = aws.client("s3", "us-east-1")
    bucket.create_bucket(Bucket="goods")
    bucket.put_object(Bucket="goods", Key="a", Body=b"1")
    here = {"Principal": {"AWS": arn}, "Resource": "arn:aws:s3:::goods/*"}
    s3 = acting(aws, arn, "s3")

    refused("AccessDenied", s3.put_object, Bucket="goods", Key="b", Body=b"1")
    bucket.put_bucket_policy(Bucket="goods", Policy=policy(allow("s3:PutObject") | here))
    s3.put_object(Bucket="goods", Key="b", Body=b"1")
    bucket.put_bucket_policy(Bucket="goods", Policy=policy(allow("s3:GetObject") | here | {"Effect": "Deny"}))
    refused("AccessDenied", s3.get_object, Bucket="goods", Key="a")


def test_every_decision_is_recorded_with_the_statement_that_made_it(aws, role):
    arn = role(allow("sqs:SendMessage"), allow("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"))
    topic = aws.client("sns").create_topic(Name="news")["TopicArn"]
    sns = acting(aws, arn, "sns")
    before = aws.control.last_authorization()

    sns.publish(TopicArn=topic, Message="x")
    with pytest.raises(ClientError):
        sns.delete_topic(TopicArn=topic)

    seen = [(one["principal"], one["action"], one["resource"], one["allowed"], one["by"]) for one in
            aws.control.authorizations(since=before)]  # fmt: skip
    assert [(arn, "sns:Publish", topic, True, "access[1]"), (arn, "sns:DeleteTopic", topic, False, "")] == seen


def test_the_record_is_emptied_on_demand(aws, role):
    acting(aws, role(allow("*")), "sns").list_topics()
    assert aws.control.authorizations()

    aws.control.forget_authorizations()

    assert [] == aws.control.authorizations()


def test_a_user_may_do_everything_and_a_role_is_known_by_its_identity(aws, role):
    sts = acting(aws, role(allow("sts:GetCallerIdentity")), "sts")

    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/run" == sts.get_caller_identity()["Arn"]
    aws.client("sns").list_topics()


@rule("service-permissions")
def test_a_service_may_only_what_the_policy_of_the_resource_lets_it(aws):
    source = "arn:aws:s3:::goods"
    condition = {"ArnLike": {"AWS:SourceArn": source}, "StringEquals": {"AWS:SourceAccount": ACCOUNT}}
    document = policy(allow("lambda:InvokeFunction", Principal={"Service": "s3.amazonaws.com"}, Condition=condition))

    def may(service="s3.amazonaws.com", action="lambda:InvokeFunction", source=source, account=ACCOUNT):
        function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:start"
        return identity.service_may(aws.world, service, action, function, document, source, account)

    assert may()
    assert not may(service="events.amazonaws.com")
    assert not may(action="lambda:GetFunction")
    assert not may(source="arn:aws:s3:::bads")
    assert not may(account="999999999999")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("S3:getobject", "arn:aws:s3:::b/*"), True),
        (allow("s3:Get*", "arn:aws:s3:::b/in/?"), True),
        (allow("s3:Get?", "arn:aws:s3:::b/in/a"), False),
        (allow("s3:GetObject", "arn:aws:s3:::b"), False),
        (allow(["s3:Put*", "s3:Get*"], ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]), True),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/in/*"}, False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::c/*"}, True),
    ],
)
def test_actions_and_resources_match_by_wildcards(statement, expected):
    assert expected == matches(statement, Request("s3:GetObject", "arn:aws:s3:::b/in/a"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:SourceAccount": [ACCOUNT, "1"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, True),
        ({"StringLike": {"aws:SourceAccount": "1234*"}}, True),
        ({"ArnLike": {"aws:sourcearn": "arn:aws:s3:::go*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::goods"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:*goods"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"Null": {"aws:SourceArn": "false"}}, True),
        ({"Null": {"s3:prefix": "true"}}, True),
        ({"StringEquals": {"s3:prefix": "x"}}, False),
        ({"StringEqualsIfExists": {"s3:prefix": "x"}}, True),
        ({"ForAllValues:StringLike": {"s3:prefix": "x"}}, True),
        ({"IpAddress": {"aws:SourceArn": "10.0.0.0/8"}}, False),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::bads"}}, False),
    ],
)
def test_every_condition_must_hold(condition, expected):
    context = context_of(SourceAccount=ACCOUNT, SourceArn="arn:aws:s3:::goods", SecureTransport="true")

    assert expected == matches(allow("*", Condition=condition), Request("a:B", "*", context))


@rule("role-name")
@pytest.mark.parametrize("wish", [{"RoleName": "a" * 65}, {"RoleName": "a b"}, {"RoleName": "a", "Path": "x"}])
def test_a_role_has_a_proper_name_and_path(iam, refused, wish):
    refused("ValidationError", iam.create_role, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"), **wish)


@rule("role-policy-name")
def test_an_inline_policy_has_a_proper_name(iam, role, refused):
    role()
    document = policy(allow("*"))

    refused("ValidationError", iam.put_role_policy, RoleName="worker", PolicyName="a b", PolicyDocument=document)


@rule("role-name-case")
def test_two_roles_differ_by_more_than_case(iam, role, refused):
    role()
    document = trust("lambda.amazonaws.com")

    refused("EntityAlreadyExists", iam.create_role, RoleName="WORKER", Path="/x/", AssumeRolePolicyDocument=document)


@rule("trust-malformed")
@pytest.mark.parametrize("document", ["{", "{}", policy(allow("sts:AssumeRole"))])
def test_a_malformed_trust_policy_is_refused(iam, refused, document):
    refused("MalformedPolicyDocument", iam.create_role, RoleName="worker", AssumeRolePolicyDocument=document)


@rule("policy-malformed")
@pytest.mark.parametrize(
    "document", ["{", policy({"Effect": "Perhaps"}), policy(allow("*", Condition={"StringEqual": {"a:b": "c"}}))]
)
def test_a_malformed_policy_is_refused(iam, role, refused, document):
    role()

    refused(
        "MalformedPolicyDocument", iam.put_role_policy, RoleName="worker", PolicyName="access", PolicyDocument=document
    )


@rule("role-policies-size")
def test_the_inline_policies_of_a_role_have_a_size(iam, role, refused):
    role(allow("s3:GetObject", "arn:aws:s3:::" + "b" * 6000))
    document = policy(allow("s3:GetObject", "arn:aws:s3:::" + "c" * 6000))

    refused("LimitExceeded", iam.put_role_policy, RoleName="worker", PolicyName="more", PolicyDocument=document)


@rule("role-policy-missing")
def test_an_inline_policy_is_deleted_once(iam, role, refused):
    role(allow("*"))
    iam.delete_role_policy(RoleName="worker", PolicyName="access")

    refused("NoSuchEntity", iam.delete_role_policy, RoleName="worker", PolicyName="access")


def test_a_role_with_an_inline_policy_is_not_deleted(iam, role, refused):
    role(allow("*"))

    refused("DeleteConflict", iam.delete_role, RoleName="worker")


def test_the_details_of_an_account_tell_tags_and_policies_of_a_role(iam, role):
    role(allow("*"))
    iam.tag_role(RoleName="worker", Tags=[{"Key": "a", "Value": "b"}])

    (detail,) = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]

    assert [{"Key": "a", "Value": "b"}] == detail["Tags"]
    assert ["access"] == [one["PolicyName"] for one in detail["RolePolicyList"]]


@rule("iam-pages")
def test_lists_of_iam_come_in_pages(iam, role):
    for number in range(3):
        role(name=f"role-{number}")
    for name in ("b", "c"):
        iam.put_role_policy(RoleName="role-0", PolicyName=name, PolicyDocument=policy(allow("*")))

    details = iam.get_paginator("get_account_authorization_details")
    pages = list(details.paginate(Filter=["Role"], PaginationConfig={"PageSize": 2}))
    first = iam.list_role_policies(RoleName="role-0", MaxItems=1)
    rest = iam.list_role_policies(RoleName="role-0", Marker=first["Marker"])

    assert [2, 1] == [len(page["RoleDetailList"]) for page in pages]
    assert (["b"], True) == (first["PolicyNames"], first["IsTruncated"])
    assert (["c"], False) == (rest["PolicyNames"], rest["IsTruncated"])
    roles = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    assert {f"role-{number}" for number in range(3)} == {one["RoleName"] for page in roles for one in page["Roles"]}


OPERATOR = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/operator", "RoleSessionName": "me"}


def trusting(principal):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def person(aws, iam):
    """Somebody who took the role `operator` by AssumeRole; returns clients of theirs."""

    def make(*statements):
        root = f"arn:aws:iam::{ACCOUNT}:root"
        iam.create_role(RoleName="operator", AssumeRolePolicyDocument=trusting(root))
        iam.put_role_policy(RoleName="operator", PolicyName="access", PolicyDocument=policy(*statements))
        key = aws.client("sts").assume_role(**OPERATOR)["Credentials"]
        return lambda service: aws.client(service, key=key)

    return make


@rule("assume-role-trust")
def test_a_role_that_is_there_is_taken_on_only_by_whom_it_trusts(aws, iam, refused):
    iam.create_role(RoleName="operator", AssumeRolePolicyDocument=trusting("arn:aws:iam::222222222222:root"))

    error = refused("AccessDenied", aws.client("sts").assume_role, **OPERATOR)

    assert f"is not authorized to perform: sts:AssumeRole on resource: {OPERATOR['RoleArn']}" in str(error)


@rule("assume-role-trust")
def test_a_role_that_was_never_made_is_taken_on_by_everybody_and_may_do_everything(aws):
    key = aws.client("sts").assume_role(**OPERATOR)["Credentials"]

    assert "QueueUrl" in aws.client("sqs", key=key).create_queue(QueueName="jobs")


@rule("role-permissions")
def test_whoever_took_a_role_is_asked_for_permission(person, refused):
    sqs = person(allow("sqs:CreateQueue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"))("sqs")

    sqs.create_queue(QueueName="jobs")

    refused("AccessDenied", sqs.create_queue, QueueName="other")
    refused("AccessDenied", sqs.create_queue, QueueName="jobs", tags={"team": "data"})


@rule("tag-conditions")
def test_a_condition_on_tags_of_the_request_holds(person, refused):
    ours = {"StringLike": {"aws:RequestTag/Owner": "lab/*"}}
    client = person(allow(["logs:CreateLogGroup", "logs:TagResource"], Condition=ours))("logs")

    client.create_log_group(logGroupName="one", tags={"Owner": "lab/a"})

    refused("AccessDeniedException", client.create_log_group, logGroupName="two")
    refused("AccessDeniedException", client.create_log_group, logGroupName="two", tags={"Owner": "else/a"})


@rule("tag-conditions")
def test_a_condition_on_tags_of_the_resource_holds(aws, person, refused):
    ours = {"StringEquals": {"aws:ResourceTag/Owner": "lab"}}
    for name, tags in {"mine": [{"Key": "Owner", "Value": "lab"}], "theirs": []}.items():
        aws.client("events").put_rule(Name=name, EventPattern='{"source": ["a"]}', Tags=tags)
    client = person(allow("events:DeleteRule", Condition=ours))("events")

    client.delete_rule(Name="mine")

    refused("AccessDeniedException", client.delete_rule, Name="theirs")


@rule("tag-conditions")
def test_a_run_is_asked_about_by_the_tags_of_its_state_machine(aws, person, refused):
    trusted = trust("states.amazonaws.com")
    role = aws.client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    aws.tick(60)
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}})
    states, stop = aws.client("stepfunctions"), []
    for name, tags in {"mine": [{"key": "Owner", "value": "lab"}], "theirs": []}.items():
        machine = states.create_state_machine(name=name, definition=text, roleArn=role, tags=tags)["stateMachineArn"]
        stop.append(states.start_execution(stateMachineArn=machine)["executionArn"])
    ours = {"StringEquals": {"aws:ResourceTag/Owner": "lab"}}
    client = person(allow("states:StopExecution", Condition=ours))("stepfunctions")

    client.stop_execution(executionArn=stop[0])

    refused("AccessDeniedException", client.stop_execution, executionArn=stop[1])
    states.stop_execution(executionArn=stop[1])
