"""The IAM policies allow what the operator calls for what it names itself, in a whole life, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import boto3
import pytest
from botocore.exceptions import ClientError

from awslab.aws.calls import is_read
from awslab.codegen.iam.documents import MANAGED_POLICY_LIMIT
from awslab.core.ownership import OWNER_TAG
from tests.contract import iam_life
from tests.contract.examples.example import OWNER
from tests.support.acting import Role, denied, in_role
from tests.support.manifests import ROOT
from tests.support.memory import reconciler
from tests.support.pipeline import account

MINE = {OWNER_TAG: "default/DataPipeline/lab/sales"}
THEIRS = {OWNER_TAG: "default/LabVpc/lab/production"}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)


def policy(name, *replaced):
    text = (ROOT / f"manifests/iam/{name}.json").read_text()
    for old, new in replaced:
        text = text.replace(old, new)
    return json.loads(text)


POLICY = policy("datapipeline-policy")
POLICIES = {
    "policy": POLICY,
    "buckets": policy("existing-buckets-policy", ("${BUCKET}", "shared-uploads")),
    "code": policy("function-code-policy", ("${BUCKET}", "shared-code"), ("${LAYER}", "tools")),
}
OF_TYPES = policy("datapipeline-policy", ("default/DataPipeline", f"{OWNER.instance}/{OWNER.kind}"))


@pytest.fixture(scope="module")
def of_types(_server):
    """The decisions about permissions in a life of every type with everything that can happen."""
    with account(_server) as aws, in_role({"policy": OF_TYPES}) as role:
        iam_life.of_types(aws.control)
        return role.asked(aws.control)


@pytest.fixture(scope="module")
def of_pipelines(_server):
    """The same of pipelines."""
    with account(_server) as aws, in_role(POLICIES) as role:
        aws.using = reconciler()
        iam_life.of_pipelines(aws)
        return role.asked(aws.control)


# The life


def test_everything_that_the_operator_does_for_a_type_is_allowed(of_types):
    assert {} == denied(of_types)


def test_everything_that_the_operator_does_for_a_pipeline_is_allowed(of_pipelines):
    # Where a function that told of a bucket's events goes, nobody asks whether it still has the mark.
    assert {} == {what: n for what, n in denied(of_pipelines).items() if not what.startswith("lambda:UntagResource on")}


def test_nothing_is_allowed_that_is_never_done(of_types, of_pipelines):
    used = {(one["by"], one["action"]) for one in (*of_types, *of_pipelines) if one["allowed"]}

    granted = {(by, action) for by, actions in Role(POLICIES).granted().items() for action in actions}
    assert set() == granted - used


def test_no_resource_is_named_about_which_nothing_is_done(of_types, of_pipelines):
    done = {(one["by"], one["resource"]) for one in (*of_types, *of_pipelines) if one["allowed"]}

    idle = [
        (by, pattern.replace("default/DataPipeline", "*"))
        for by, patterns in Role(POLICIES).granted("Resource").items()
        for pattern in patterns
        if not any(by == where and fnmatchcase(what, pattern) for where, what in done)
    ]
    assert [] == idle


# The conditions


@pytest.fixture
def operator(local_aws):
    """Clients of the operator, in its role."""
    with in_role({"policy": POLICY}):
        session = boto3.Session()
        yield lambda service: session.client(service, region_name="us-east-1")


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def as_pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.mark.parametrize("tags", [{}, {"team": "data"}, THEIRS], ids=["none", "others", "another kind's"])
def test_nothing_is_made_without_the_owner(operator, tags):
    assert "AuthorizationError" == refused(operator("sns").create_topic, Name="awslab-x", Tags=as_pairs(tags))
    assert "AccessDenied" == refused(operator("sqs").create_queue, QueueName="awslab-x", tags=tags)


@pytest.mark.parametrize("tags", [{}, THEIRS], ids=["nobody's", "another kind's"])
def test_what_has_another_owner_or_none_is_not_changed_whatever_its_name(operator, tags):
    url = boto3.client("sqs").create_queue(QueueName="awslab-x", tags=tags)["QueueUrl"]

    assert "AccessDenied" == refused(operator("sqs").delete_queue, QueueUrl=url)
    assert "AccessDenied" == refused(operator("sqs").untag_queue, QueueUrl=url, TagKeys=["a"])


def test_what_has_another_owner_is_not_taken_over(operator):
    url = boto3.client("sqs").create_queue(QueueName="awslab-x", tags=THEIRS)["QueueUrl"]

    assert "AccessDenied" == refused(operator("sqs").tag_queue, QueueUrl=url, Tags=MINE)


def test_what_is_ours_is_not_given_away(operator):
    url = operator("sqs").create_queue(QueueName="awslab-x", tags=MINE)["QueueUrl"]

    operator("sqs").tag_queue(QueueUrl=url, Tags={"team": "data"})

    assert "AccessDenied" == refused(operator("sqs").tag_queue, QueueUrl=url, Tags=THEIRS)


def test_a_role_of_somebody_else_is_not_passed_to_a_function(operator):
    boto3.client("iam").create_role(RoleName="admin", AssumeRolePolicyDocument=TRUST)
    function = {"FunctionName": "awslab-x", "Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": b"x"}}

    code = refused(
        operator("lambda").create_function, **function, Role="arn:aws:iam::123456789012:role/admin", Tags=MINE
    )

    assert "AccessDenied" == code


def test_buckets_of_others_are_not_even_looked_at(operator):
    boto3.client("s3").create_bucket(Bucket="payroll")

    assert "AccessDenied" == refused(operator("s3").get_bucket_policy, Bucket="payroll")


# Without one action


SAMPLE = ("iam:PassRole", "states:PublishStateMachineVersion")
MORE = ("iam:GetRole", "lambda:AddPermission", "logs:TagResource", "s3:PutBucketPolicy", "sns:Subscribe")


def without(action):
    kept = [{**one, "Action": [a for a in one["Action"] if a != action]} for one in POLICY["Statement"]]
    return {"policy": {**POLICY, "Statement": [one for one in kept if one["Action"]]}}


@pytest.fixture
def aws(_server):
    with account(_server) as found:
        yield found


@pytest.mark.parametrize("action", [*SAMPLE, *(pytest.param(a, marks=pytest.mark.all_faults) for a in MORE)])
def test_without_one_action_a_pipeline_is_not_made_and_says_what_is_missing(aws, action):
    with in_role(without(action)):
        aws.using = reconciler()
        pipeline = aws.example("datapipeline-minimal.yaml")

        pipeline.passes(lambda: pipeline.handle.condition("Synced")["reason"] == "Denied")

        assert f"an administrator has to allow {action}" in pipeline.handle.condition("Synced")["message"]


# The documents


@pytest.mark.parametrize("name", POLICIES)
class TestThePolicy:
    def test_fits_into_a_managed_policy(self, name):
        assert len(json.dumps(POLICIES[name], separators=(",", ":"))) <= MANAGED_POLICY_LIMIT

    def test_has_no_wildcard_in_an_action(self, name):
        assert not [a for s in POLICIES[name]["Statement"] for a in s["Action"] if "*" in a]


def test_whatever_is_changed_has_a_condition_or_a_name_of_ours():
    for statement in POLICY["Statement"]:
        writes = [action for action in statement["Action"] if not is_read(action.partition(":")[2])]
        ours = all(":awslab-" in arn or "/awslab" in arn for arn in statement["Resource"])
        assert writes in ([], ["tag:UntagResources"]) or "Condition" in statement or ours
