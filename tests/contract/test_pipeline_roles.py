"""The roles that a pipeline makes are exact: its runs use all that they grant, and nothing is refused to them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pytest

from awslab.core.ownership import Owner
from awslab.settings import Settings
from tests.support.pipeline import GOOD, Pipeline, account, eventually

OWNER = Owner(Settings().instance, "DataPipeline", "lab", "greedy", "")
GREEDY = f"""
import boto3

s3, sns = boto3.client("s3"), boto3.client("sns")
TOPIC = "arn:aws:sns:us-east-1:123456789012:{OWNER.physical_name("success")}"


def handler(event, context):
    found = {{"Bucket": event["input"]["bucket"], "Key": event["input"]["key"]}}
    s3.get_object(**found)
    s3.get_object(**found, VersionId=event["input"]["version"])
    for place in (event["work"], event["output"]):
        target = {{"Bucket": place["bucket"], "Key": place["prefix"] + "greedy.json"}}
        version = s3.put_object(**target, Body=b"{{}}")["VersionId"]
        s3.abort_multipart_upload(**target, UploadId=s3.create_multipart_upload(**target)["UploadId"])
        s3.get_object(**target)
        s3.get_object(**target, VersionId=version)
    sns.publish(TopicArn=TOPIC, Message="done")
    return {{}}
"""
ACCESS = {"input": "Read", "work": "ReadWrite", "output": "ReadWrite", "topic": "Success"}
EVERYTHING = {
    "source": {"suffix": ".csv"},
    "steps": [
        {"name": "Greedy", "inline": {"code": GREEDY}, "access": ACCESS, "deadLetters": True},
        {"name": "Files", "map": {"objects": {"location": "Work"}, "steps": [{"name": "Seen", "pass": {}}]}},
    ],
    "notifications": {"failure": {"automatic": False}},
}
BESIDE_OTHERS = {
    "type": "EXPRESS",
    "source": {"existingBucket": "shared-uploads", "trigger": "Lambda", "prefix": "input/"},
    "steps": [
        {"name": "TransformData", "builtin": "csv-transform"},
        {"name": "WriteOutput", "builtin": "write-output"},
    ],
    "tracing": False,
    "logs": {"level": "OFF"},
}
ARCHIVE, TOO_MANY = "PK\x03\x04 no table", GOOD.replace(",2,", ",500,")
BAD = {
    "datapipeline-minimal.yaml": ARCHIVE,
    "datapipeline-map.yaml": TOO_MANY,
    "datapipeline-asl.yaml": ARCHIVE,
    "datapipeline-in-vpc.yaml": ARCHIVE,
}
"""The other examples, and for each a file that does not go well."""

UNSEEN = {
    "s3:AbortMultipartUpload": "of an upload that breaks off: tests/unit/functions/test_accesses.py",
    "ec2:DescribeSubnets": "Lambda itself uses it, and does not refuse a role without it",
    "ec2:AssignPrivateIpAddresses": "the same",
    "ec2:UnassignPrivateIpAddresses": "the same",
}
"""What AWS's documents ask for and what no run here uses, with the reason."""

OWN = {"Input", "Work", "Output", "Publish"}
"""What somebody's own code may do with the data is for them to say; *GREEDY* does it all."""


@dataclass
class Roles:
    """The roles of all pipelines, and what has been decided about them."""

    statements: dict[str, list[dict]]
    """By role."""
    decisions: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, aws) -> Roles:
        found, iam = cls({}), aws("iam")
        for page in iam.get_paginator("list_roles").paginate(PathPrefix="/awslab/"):
            for role in page["Roles"]:
                document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="access")["PolicyDocument"]
                found.statements[role["Arn"]] = document["Statement"]
        for one in aws.control.authorizations():
            found.decisions[one["principal"]].append(one)
        return found

    def used(self, role: str, place: int) -> list[dict]:
        """What was done by a statement."""
        return [one for one in self.decisions[role] if one["allowed"] and one["by"] == f"access[{place}]"]

    def all(self) -> Iterator[tuple[str, int, dict]]:
        for role, statements in self.statements.items():
            for place, one in enumerate(statements):
                yield role, place, one


def as_list(value):
    return value if isinstance(value, list) else [value]


def inside(aws) -> Pipeline:
    """The example with a VPC: the default one stands for the LabVpc."""
    (subnet, *_) = aws("ec2").describe_subnets()["Subnets"]
    (group,) = aws("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])[
        "SecurityGroups"
    ]
    outputs = {"privateSubnetIds": [subnet["SubnetId"]], "securityGroupIds": {"app": group["GroupId"]}}
    ready = {"type": "Ready", "status": "True", "observedGeneration": 1, "reason": "x", "message": ""}
    vpc = {
        "metadata": {"generation": 1},
        "spec": {},
        "status": {"observedGeneration": 1, "conditions": [ready], **outputs},
    }
    pipeline = aws.example("datapipeline-in-vpc.yaml")
    pipeline.handle.lookup = lambda *_: vpc
    return pipeline.ready()


def beside_others(aws):
    """A bucket that is there already, without versions, and an EXPRESS machine without log and traces."""
    aws("s3").create_bucket(Bucket="shared-uploads")
    fast = aws.pipeline(BESIDE_OTHERS, "fast").ready()
    for action in ("s3:PutObject", "s3:GetObject"):  # the second run finds what the first has written
        aws("s3").put_object(Bucket="shared-uploads", Key="input/one.csv", Body=GOOD)
        eventually(lambda action=action: has_done(fast, "WriteOutput", action))
    aws("s3").put_object(Bucket="shared-uploads", Key="input/two.csv", Body=ARCHIVE)
    eventually(lambda: fast.notices_of("failure"))


def has_done(pipeline, step, action):
    role = pipeline.ids()[f"Role/{step}"]
    asked = pipeline.account.control.authorizations()
    return any((one["principal"], one["action"], one["allowed"]) == (role, action, True) for one in asked)


@pytest.fixture(scope="module")
def aws(_server):
    with account(_server) as found:
        yield found


@pytest.fixture(scope="module")
def sales(aws):
    """The example, with files that go well, twice, and one that does not."""
    pipeline = aws.example("datapipeline.yaml").ready()
    assert "SUCCEEDED" == pipeline.run("good.csv")[0]
    assert "SUCCEEDED" == pipeline.run("good.csv")[0]
    assert "FAILED" == pipeline.run("bad.csv", "nothing")[0]
    return pipeline


@pytest.fixture(scope="module")
def roles(aws, sales):
    """Every example, and what they do not have, with a file that goes well and one that does not."""
    for name, bad in BAD.items():
        pipeline = inside(aws) if "vpc" in name else aws.example(name).ready()
        for body, status in ((GOOD, "SUCCEEDED"), (GOOD, "SUCCEEDED"), (bad, "FAILED")):
            assert status == pipeline.run("file.csv", body)[0], name
    assert "SUCCEEDED" == aws.pipeline(EVERYTHING, "greedy").ready().run("file.csv")[0]
    beside_others(aws)
    return Roles.of(aws)


def test_nothing_is_refused_to_them(roles):
    refused = [one for role in roles.statements for one in roles.decisions[role] if not one["allowed"]]

    assert [] == [(one["principal"], one["action"], one["resource"]) for one in refused]


def test_they_are_granted_nothing_that_no_run_uses(roles):
    idle = {
        (role.rpartition("/")[2], statement["Sid"], action)
        for role, place, statement in roles.all()
        if not (statement["Sid"] in OWN and own(role))
        for action in as_list(statement["Action"])
        if action not in UNSEEN and action not in {one["action"] for one in roles.used(role, place)}
    }

    assert set() == idle


def test_they_are_granted_no_resource_that_no_run_needs(roles):
    idle = {
        (role.rpartition("/")[2], statement["Sid"], pattern)
        for role, place, statement in roles.all()
        if not (statement["Sid"] in OWN and own(role))
        for pattern in as_list(statement["Resource"])
        # AWS's page names the runs of items like this, though they have a slash where others have a colon.
        if (statement["Sid"], pattern[-2:]) != ("FollowItems", ":*")
        if not any(fnmatchcase(one["resource"], pattern) for one in roles.used(role, place))
    }

    assert set() == idle


def own(role):
    """Whether the role is of somebody's own code, but for the code that uses everything."""
    return any(f"-{name}-" in role for name in ("Greet", "ListRegions", "CheckOrder", "Summarize", "CountRows"))


def test_no_role_but_for_what_aws_knows_no_resources_for_may_do_something_with_everything(roles):
    everywhere = {a for _, _, one in roles.all() if "*" in as_list(one["Resource"]) for a in as_list(one["Action"])}

    assert {"ec2", "logs", "xray"} == {action.partition(":")[0] for action in everywhere}
    assert not [action for action in everywhere if "*" in action]


def test_each_function_has_a_role_of_its_own(sales):
    functions = [sales.account("lambda").get_function_configuration(FunctionName=arn) for arn in arns_of(sales)]

    assert len(functions) == len({one["Role"] for one in functions})


def arns_of(pipeline):
    return [id_ for address, id_ in pipeline.ids().items() if address.startswith("Function/")]


# Without one action


@contextmanager
def without(pipeline, part, action):
    """The role of a part may not do one thing for a while."""
    iam, name = pipeline.account("iam"), pipeline.ids()[f"Role/{part}"].rpartition("/")[2]
    wish = {"RoleName": name, "PolicyName": "access"}
    document = iam.get_role_policy(**wish)["PolicyDocument"]
    kept = [{**one, "Action": [a for a in as_list(one["Action"]) if a != action]} for one in document["Statement"]]
    assert len(kept) == len(document["Statement"])
    narrower = {**document, "Statement": [one for one in kept if one["Action"]]}
    iam.put_role_policy(**wish, PolicyDocument=json.dumps(narrower))
    try:
        yield
    finally:
        iam.put_role_policy(**wish, PolicyDocument=json.dumps(document))


SAMPLE = [("ValidateData", "s3:GetObjectVersion"), ("WriteOutput", "dynamodb:UpdateItem")]
MORE = [
    ("TransformData", "s3:GetObjectVersion"),
    ("TransformData", "s3:PutObject"),
    ("CalculateStatistics", "s3:GetObject"),
    ("CalculateStatistics", "s3:PutObject"),
    ("GenerateReport", "s3:GetObject"),
    ("GenerateReport", "s3:PutObject"),
    ("WriteOutput", "s3:PutObject"),
    ("state-machine", "lambda:InvokeFunction"),
    ("state-machine", "sns:Publish"),
]


@pytest.mark.parametrize(
    ("part", "action"), [*SAMPLE, *(pytest.param(*one, marks=pytest.mark.all_faults) for one in MORE)]
)
def test_without_one_action_a_run_fails(sales, part, action):
    with without(sales, part, action):
        status, told = sales.run("good.csv")

    assert ("FAILED", True) == (status, "AccessDenied" in str(told) or "not authorized" in str(told)), told


def test_without_the_right_to_start_runs_an_upload_ends_in_the_dead_letters(sales):
    before = sales.dead_letters()
    with without(sales, "start-run", "states:StartExecution"):
        sales.upload("good.csv")

        assert before + 1 == eventually(sales.dead_letters, lambda found: found > before)
