"""What runs and what it needs: buckets, roles, log groups, functions."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace

from awslab.aws.bucket_notifications import BucketEvents, BucketNotification, mark
from awslab.aws.code import Code
from awslab.aws.iam import Role
from awslab.aws.lambda_ import Function
from awslab.aws.lifecycle import LifecycleRule
from awslab.aws.logs import LogGroup
from awslab.aws.policies import Condition, Statement, trust
from awslab.aws.releases import Invoker, Release
from awslab.aws.s3 import Bucket
from awslab.core.values import FrozenMap
from awslab.packages import inline
from tests.contract.examples.example import OWNER, Example

ACCOUNT, REGION = "123456789012", "us-east-1"
SOURCE = "def handler(event, context):\n    return event\n"
PACKAGE = inline(SOURCE, "python3.12")


def _arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _bucket_arn(part):
    return f"arn:aws:s3:::{OWNER.bucket_name(part, ACCOUNT, REGION)}"


def _tls_only(bucket):
    plain = Condition.of("Bool", "aws:SecureTransport", "false")
    return FrozenMap({"TlsOnly": Statement.deny(["s3:*"], [bucket, f"{bucket}/*"], ["*"], [plain])})


DATA = _bucket_arn("data")
ENTRY = f"{_bucket_arn('inbox')}#{OWNER.physical_name('uploads', 255)}"
FUNCTION = _arn("lambda", f"function:{OWNER.physical_name('validate')}")
LOG = _arn("logs", f"log-group:/aws/lambda/{OWNER.physical_name('validate')}")
ROLE = f"arn:aws:iam::{ACCOUNT}:role{OWNER.path}{OWNER.physical_name('validate')}"

BUCKET = Bucket(
    name="data",
    arn=DATA,
    policy=_tls_only(DATA),
    lifecycle=FrozenMap(
        {
            "work": LifecycleRule(prefix="work/", expire=7),
            "old-versions": LifecycleRule(expire_versions=30, abort_uploads=7),
            "output": LifecycleRule(prefix="output/", transitions=((30, "STANDARD_IA"), (90, "GLACIER"))),
        }
    ),
    eventbridge=True,
)
INBOX_ARN = _bucket_arn("inbox")
SWITCH = f"{_bucket_arn('telling')}#eventbridge"
INBOX = Bucket(name="inbox", arn=INBOX_ARN)
TELLING = Bucket(
    name="telling",
    arn=_bucket_arn("telling"),
    eventbridge=True,
    tags=FrozenMap(mark("BucketEvents", "telling", SWITCH)),
)
GROUP = LogGroup(name="validate", arn=LOG, retention=14)
WORKER = Role(
    name="validate",
    arn=ROLE,
    trust=trust("lambda.amazonaws.com"),
    access=FrozenMap(
        {
            "Input": Statement.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{DATA}/input/*"]),
            "Log": Statement.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{LOG}:*"]),
            "Trace": Statement.allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]),
        }
    ),
)
VALIDATE = Function(
    name="validate",
    arn=FUNCTION,
    role=WORKER,
    code=Code.zipped(PACKAGE.body, PACKAGE.sha256),
    runtime="python3.12",
    handler=PACKAGE.handler,
    memory=256,
    timeout=60,
    environment=FrozenMap({"AWSLAB_TABLE": "runs", "AWSLAB_STEP": "{}"}),
    storage=1024,
    reserved=5,
    tracing=True,
    log_group=GROUP,
    description="awslab 1",
    tags=FrozenMap(mark("BucketNotification", "uploads", ENTRY)),
)
LIVE = Release(
    name="validate",
    function=VALIDATE,
    digest="awslab 1",
    invokers=FrozenMap(
        {
            "uploads": Invoker("events.amazonaws.com", _arn("events", "rule/uploads")),
            "inbox": Invoker("s3.amazonaws.com", INBOX.arn, ACCOUNT),
        }
    ),
)
NOTIFICATION = BucketNotification(
    name="uploads", arn=ENTRY, bucket=INBOX, function=VALIDATE, prefix="input/", suffix=".csv", after=(LIVE,)
)
EVENTS = BucketEvents(name="telling", arn=SWITCH, bucket=TELLING)


def _document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


ANY_READER = _document(Principal={"AWS": ACCOUNT}, Action="s3:ListBucket", Resource=DATA)
EVENTS_TRUSTED = _document(Principal={"Service": "events.amazonaws.com"}, Action="sts:AssumeRole")
EVERYTHING = _document(Action="*", Resource="*")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OBJECT_WRITER = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}


def _other_zip():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return None\n")
    return body.getvalue()


def _named(found):
    return found.id.rpartition(":")[2].rpartition("/")[2]


def _on_bucket(call, **arguments):
    return lambda aws, o: getattr(aws("s3"), call)(Bucket=_named(o), **arguments)


def _on_role(call, **arguments):
    return lambda aws, o: getattr(aws("iam"), call)(RoleName=_named(o), **arguments)


def _updated(function, arn):
    function.get_waiter("function_updated_v2").wait(FunctionName=arn, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})


def _attach(aws, found):
    policy = aws("iam").create_policy(PolicyName="theirs", PolicyDocument=EVERYTHING)["Policy"]["Arn"]
    aws("iam").attach_role_policy(RoleName=_named(found), PolicyArn=policy)


def _set(**arguments):
    """Change settings of a function; an argument may be made of the clients and the function."""

    def drift(aws, found):
        made = {name: value(aws, found) if callable(value) else value for name, value in arguments.items()}
        aws("lambda").update_function_configuration(FunctionName=found.id, **made)
        _updated(aws("lambda"), found.id)

    return drift


def _other_code(aws, found):
    aws("lambda").update_function_code(FunctionName=found.id, ZipFile=_other_zip())
    _updated(aws("lambda"), found.id)


def _other_role(aws, found):
    """A role that Lambda may assume, just as the function's own."""
    trusted = json.dumps(aws("iam").get_role(RoleName=WORKER.physical_name)["Role"]["AssumeRolePolicyDocument"])
    role = aws("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    aws("iam").put_role_policy(RoleName="theirs", PolicyName="all", PolicyDocument=EVERYTHING)
    time.sleep(0.5)  # roles are not assumable at once
    return role


def _layer(aws, found):
    content = {"ZipFile": _other_zip()}
    return [aws("lambda").publish_layer_version(LayerName="theirs", Content=content)["LayerVersionArn"]]


def _queue(aws, found):
    url = aws("sqs").create_queue(QueueName="theirs")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws("iam").put_role_policy(RoleName=WORKER.physical_name, PolicyName="access", PolicyDocument=EVERYTHING)
    return {"TargetArn": arn}


def _network(aws, found):
    """The default VPC's."""
    aws("iam").put_role_policy(RoleName=WORKER.physical_name, PolicyName="access", PolicyDocument=EVERYTHING)
    subnet = aws("ec2").describe_subnets()["Subnets"][0]
    inside = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    (group,) = aws("ec2").describe_security_groups(Filters=inside)["SecurityGroups"]
    return {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group["GroupId"]]}


def _publish_theirs(aws, found):
    """Point the alias to a version of somebody else's making."""
    function, arn = aws("lambda"), found.fields["function"]
    _set(Description="theirs")(aws, replace(found, id=arn))
    version = function.publish_version(FunctionName=arn)["Version"]
    function.update_alias(FunctionName=arn, Name="live", FunctionVersion=version)


def _drop_permission(aws, found):
    arn = found.fields["function"]
    aws("lambda").remove_permission(FunctionName=arn, Qualifier="live", StatementId="uploads")


def _change_entry(**changes):
    """Change our entry, and keep it."""

    def drift(aws, found):
        bucket = found.fields["bucket"].rpartition(":")[2]
        told = aws("s3").get_bucket_notification_configuration(Bucket=bucket)
        told.pop("ResponseMetadata")
        (entry,) = told["LambdaFunctionConfigurations"]
        entry.update(changes)
        aws("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=told, SkipDestinationValidation=True
        )

    return drift


def _filter(**rules):
    return {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules.items()]}}


KMS = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
EXAMPLES = [
    Example(
        BUCKET,
        {
            "versioned": _on_bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
            "encryption": _on_bucket("put_bucket_encryption", ServerSideEncryptionConfiguration=KMS),
            "private": _on_bucket("delete_public_access_block"),
            "ownership": _on_bucket("put_bucket_ownership_controls", OwnershipControls=OBJECT_WRITER),
            "policy": _on_bucket("put_bucket_policy", Policy=ANY_READER),
            "lifecycle": _on_bucket("delete_bucket_lifecycle"),
            "eventbridge": _on_bucket("put_bucket_notification_configuration", NotificationConfiguration={}),
        },
    ),
    Example(
        WORKER,
        {
            "trust": _on_role("update_assume_role_policy", PolicyDocument=EVENTS_TRUSTED),
            "access": _on_role("delete_role_policy", PolicyName="access"),
            "boundary": _on_role("put_role_permissions_boundary", PermissionsBoundary=READ_ONLY),
            "managed": _attach,
            "others": _on_role("put_role_policy", PolicyName="theirs", PolicyDocument=EVERYTHING),
        },
    ),
    Example(
        GROUP,
        {"retention": lambda aws, o: aws("logs").delete_retention_policy(logGroupName=GROUP.physical_name)},
    ),
    Example(
        VALIDATE,
        {
            "role": _set(Role=_other_role),
            "code": _other_code,
            "runtime": _set(Runtime="python3.11"),
            "handler": _set(Handler="other.handler"),
            "memory": _set(MemorySize=128),
            "timeout": _set(Timeout=3),
            "environment": _set(Environment={"Variables": {"AWSLAB_TABLE": "theirs", "DEBUG": "1"}}),
            "layers": _set(Layers=_layer),
            "storage": _set(EphemeralStorage={"Size": 512}),
            "reserved": lambda aws, o: aws("lambda").delete_function_concurrency(FunctionName=o.id),
            "tracing": _set(TracingConfig={"Mode": "PassThrough"}),
            "dead_letters": _set(DeadLetterConfig=_queue),
            "log_group": _set(LoggingConfig={"LogGroup": "/theirs"}),
            "subnets": _set(VpcConfig=_network),
            "groups": _set(VpcConfig=_network),
            "description": _set(Description="theirs"),
        },
    ),
    Example(LIVE, {"digest": _publish_theirs, "invokers": _drop_permission}),
    Example(
        NOTIFICATION,
        {
            "function": _change_entry(LambdaFunctionArn=_arn("lambda", "function:theirs:live")),
            "qualifier": _change_entry(LambdaFunctionArn=VALIDATE.arn),
            "prefix": _change_entry(Filter=_filter(prefix="theirs/", suffix=".csv")),
            "suffix": _change_entry(Filter=_filter(prefix="input/")),
            "events": _change_entry(Events=["s3:ObjectRemoved:*"]),
        },
    ),
    Example(EVENTS),
]
