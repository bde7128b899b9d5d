"""Which permissions a call needs: the IAM actions, and the resources they are about.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
A call that is not listed needs the action of its own name on `*`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from awslab.local.aws import naming
from awslab.local.aws.naming import Need, arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awslab.local.aws.call import Call

PREFIXES = {"tagging": "tag"}

S3_NAMES = {
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "ListBuckets": "ListAllMyBuckets",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
}
VERSIONED = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}


def requests_of(call: Call) -> Iterator[Need]:
    """Yield action, resource and condition keys of each permission that a call needs."""
    needs = SERVICES.get(call.service)
    if needs is not None:
        yield from needs(call)
    else:
        yield f"{PREFIXES.get(call.service, call.service)}:{call.action}", "*", {}


def _s3(call: Call) -> Iterator[Need]:
    bucket, key = call.params.get("Bucket", ""), call.params.get("Key", "")
    action = S3_NAMES.get(call.action, call.action)
    if not bucket:
        yield f"s3:{action}", "*", {}
        return
    query = call.environ.get("QUERY_STRING", "")
    if "versionId=" in query:
        action = VERSIONED.get(action, action)
    if source := call.environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        yield "s3:GetObject", _object(*unquote(source).partition("?")[0].lstrip("/").partition("/")[::2]), {}
    if call.action == "DeleteObjects":
        yield from _deleted(bucket, call.body)
        return
    context = {"s3:prefix": [call.query("prefix")]} if action == "ListBucket" else {}
    yield f"s3:{action}", _object(bucket, key), context
    if call.environ.get("HTTP_X_AMZ_TAGGING"):
        yield "s3:PutObjectTagging", _object(bucket, key), {}
    if call.action == "CreateBucket" and b"<Tag>" in call.body:
        yield "s3:TagResource", _object(bucket), {}


def _deleted(bucket: str, body: bytes) -> Iterator[Need]:
    wish = ET.fromstring(body)  # noqa: S314 - whoever sends it may stop us anyway
    for one in wish.iterfind("{*}Object"):
        versioned = "Version" if one.findtext("{*}VersionId") else ""
        yield f"s3:DeleteObject{versioned}", _object(bucket, one.findtext("{*}Key") or ""), {}


def _object(bucket: str, key: str = "") -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _dynamodb(call: Call) -> Iterator[Need]:
    params = call.params
    if items := params.get("TransactItems"):
        for item in items:
            for verb, wish in item.items():
                yield f"dynamodb:{verb}Item", _table(call, wish), {}
    elif wanted := params.get("RequestItems"):
        for name in wanted:
            yield f"dynamodb:{call.action}", _table(call, {"TableName": name}), {}
    else:
        yield from naming.needs(call, "dynamodb", [_table(call, params)])


def _table(call: Call, wish: dict[str, Any]) -> str:
    name = wish.get("TableName")
    if not name:
        return str(wish.get("ResourceArn", "*"))
    table = name if name.startswith("arn:") else arn_of(call, "dynamodb", f"table/{name}")
    return f"{table}/index/{wish['IndexName']}" if wish.get("IndexName") else table


def _lambda(call: Call) -> Iterator[Need]:
    action = "InvokeFunction" if call.action in {"Invoke", "InvokeAsync"} else call.action
    name = unquote(call.params.get("FunctionName") or call.params.get("Resource") or "")
    if not name:
        yield f"lambda:{action}", "*", {}
        return
    arn = name if name.startswith("arn:") else arn_of(call, "lambda", f"function:{name.rpartition('function:')[2]}")
    qualifier = call.query("Qualifier")
    yield from naming.needs(call, "lambda", [f"{arn}:{qualifier}" if qualifier else arn], action)
    yield from naming.passed(call.params.get("Role"), "lambda.amazonaws.com")
    yield from _of_code(call.params.get("Code") or call.params)
    for layer in call.params.get("Layers") or ():
        yield "lambda:GetLayerVersion", layer, {}
    if (call.params.get("VpcConfig") or {}).get("SubnetIds"):
        for what in ("SecurityGroups", "Subnets", "Vpcs"):
            yield f"ec2:Describe{what}", "*", {}


def _of_code(code: dict[str, Any]) -> Iterator[Need]:
    """To take the code from S3, whoever makes or changes the function has to be able to read it."""
    if code.get("S3Bucket"):
        versioned = "Version" if code.get("S3ObjectVersion") else ""
        yield f"s3:GetObject{versioned}", _object(code["S3Bucket"], code.get("S3Key", "")), {}


def _states(call: Call) -> Iterator[Need]:
    arn = next((call.params[one] for one in STATES_ARNS if call.params.get(one)), "*")
    if call.action == "CreateStateMachine":
        arn = arn_of(call, "states", f"stateMachine:{call.params.get('name')}")
    yield from naming.needs(call, "states", [str(arn)])
    if call.params.get("publish"):
        yield "states:PublishStateMachineVersion", str(arn), {}
    yield from naming.passed(call.params.get("roleArn"), "states.amazonaws.com")


STATES_ARNS = (
    "stateMachineArn",
    "stateMachineVersionArn",
    "executionArn",
    "mapRunArn",
    "activityArn",
    "resourceArn",
)


def _sns(call: Call) -> Iterator[Need]:
    """A subscription is asked about as its topic is."""
    params = call.params
    action = "Publish" if call.action == "PublishBatch" else call.action
    arn = params.get("TopicArn") or params.get("TargetArn") or params.get("ResourceArn")
    if call.action == "CreateTopic":
        arn = arn_of(call, "sns", params.get("Name", ""))
    elif subscription := params.get("SubscriptionArn"):
        arn = subscription.rpartition(":")[0]
    yield from naming.needs(call, "sns", [arn or "*"], action)


def _sqs(call: Call) -> Iterator[Need]:
    action = call.action.removesuffix("Batch")
    url = str(call.params.get("QueueUrl", ""))
    account, name = (["", *url.split("/")])[-2:]
    if named := call.params.get("QueueName"):
        account, name = call.params.get("QueueOwnerAWSAccountId", ""), named
    yield from naming.needs(call, "sqs", [arn_of(call, "sqs", name, account) if name else "*"], action)


def _logs(call: Call) -> Iterator[Need]:
    group, stream = call.params.get("logGroupName"), call.params.get("logStreamName", "")
    if not group:
        found = call.params.get("logGroupIdentifier") or call.params.get("resourceArn") or "*"
        yield from naming.needs(call, "logs", [str(found)])
        return
    if call.action == "CreateLogStream":  # is asked of the group, not of the stream that is not there yet
        stream = ""
    yield from naming.needs(call, "logs", [log_arn(call.region, call.account, group, stream)])


def log_arn(region: str, account: str, group: str, stream: str = "") -> str:
    """Return the ARN that CloudWatch Logs asks about; a role's resource has to end in `:*`."""
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def _events(call: Call) -> Iterator[Need]:
    params = call.params
    if call.action == "PutEvents":
        buses = {entry.get("EventBusName") or "default" for entry in params.get("Entries", [])}
        for bus in sorted(buses):
            yield "events:PutEvents", bus if bus.startswith("arn:") else arn_of(call, "events", f"event-bus/{bus}"), {}
        return
    name = params.get("Rule") or (params.get("Name") if call.action.endswith("Rule") else "")
    arn = arn_of(call, "events", f"rule/{name}") if name else params.get("ResourceARN")
    yield from naming.needs(call, "events", [arn or "*"])
    for target in params.get("Targets") or ():
        yield from naming.passed(target.get("RoleArn"), "events.amazonaws.com")


def _elb(call: Call) -> Iterator[Need]:
    params = call.params
    if call.action.startswith("Describe"):
        yield f"elasticloadbalancing:{call.action}", "*", {}
        return
    made = {"CreateLoadBalancer": "loadbalancer/app", "CreateTargetGroup": "targetgroup"}.get(call.action)
    named = next((params[arn] for arn in ELB_ARNS if params.get(arn)), "*")
    arn = arn_of(call, "elasticloadbalancing", f"{made}/{params.get('Name')}/new") if made else named
    yield from naming.needs(call, "elasticloadbalancing", params.get("ResourceArns") or [arn])


ELB_ARNS = ("ListenerArn", "TargetGroupArn", "LoadBalancerArn")


def _cloudwatch(call: Call) -> Iterator[Need]:
    alarms = [arn_of(call, "cloudwatch", f"alarm:{name}") for name in _one_or_many(call, "AlarmName")]
    names = _one_or_many(call, "DashboardName")
    dashboards = [f"arn:aws:cloudwatch::{call.account}:dashboard/{name}" for name in names]
    yield from naming.needs(call, "cloudwatch", [*alarms, *dashboards] or [call.params.get("ResourceARN") or "*"])


def _one_or_many(call: Call, name: str) -> list[str]:
    one, many = call.params.get(name), call.params.get(f"{name}s")
    return [one] if one else list(many or ())


def _iam(call: Call) -> Iterator[Need]:
    role, policy = call.params.get("RoleName"), call.params.get("PolicyArn")
    arn = naming.role_arn(call, role) if role else policy
    yield from naming.needs(call, "iam", [arn or "*"])


def _tagging(call: Call) -> Iterator[Need]:
    """To tag by this API, one has to be allowed both this and what the service itself calls it."""
    yield f"tag:{call.action}", "*", {}
    arns = call.params.get("ResourceARNList") or [] if call.action in {"TagResources", "UntagResources"} else []
    for arn in arns:
        service = arn.split(":")[2]
        yield f"{service}:{naming.tag_action(service, gives=call.action == 'TagResources')}", arn, {}


def _sts(call: Call) -> Iterator[Need]:
    """Everybody may ask who they are: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""
    if call.action != "GetCallerIdentity":
        yield f"sts:{call.action}", call.params.get("RoleArn") or "*", {}


SERVICES: dict[str, Callable[[Call], Iterator[Need]]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "lambda": _lambda,
    "states": _states,
    "sns": _sns,
    "sqs": _sqs,
    "logs": _logs,
    "events": _events,
    "elasticloadbalancing": _elb,
    "monitoring": _cloudwatch,
    "iam": _iam,
    "sts": _sts,
    "tagging": _tagging,
}
