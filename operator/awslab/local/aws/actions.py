"""Which permissions a call needs: the IAM actions, and the resources they are about.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
A call that is not listed needs the action of its own name on `*`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awslab.local.aws.call import Call
    from awslab.local.aws.policies import Values

Need = tuple[str, str, "dict[str, Values]"]
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}

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
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
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
        yield f"dynamodb:{call.action}", _table(call, params), {}


def _table(call: Call, wish: dict[str, Any]) -> str:
    name = wish.get("TableName")
    if not name:
        return str(wish.get("ResourceArn", "*"))
    table = name if name.startswith("arn:") else _arn(call, "dynamodb", f"table/{name}")
    return f"{table}/index/{wish['IndexName']}" if wish.get("IndexName") else table


def _lambda(call: Call) -> Iterator[Need]:
    action = "InvokeFunction" if call.action in {"Invoke", "InvokeAsync"} else call.action
    name = unquote(call.params.get("FunctionName", ""))
    if not name:
        yield f"lambda:{action}", "*", {}
        return
    arn = name if name.startswith("arn:") else _arn(call, "lambda", f"function:{name.rpartition('function:')[2]}")
    qualifier = call.query("Qualifier")
    yield f"lambda:{action}", f"{arn}:{qualifier}" if qualifier else arn, {}


def _states(call: Call) -> Iterator[Need]:
    arn = next((call.params[one] for one in STATES_ARNS if call.params.get(one)), "*")
    yield f"states:{call.action}", str(arn), {}


STATES_ARNS = ("stateMachineArn", "executionArn", "mapRunArn", "activityArn", "resourceArn")


def _sns(call: Call) -> Iterator[Need]:
    action = "Publish" if call.action == "PublishBatch" else call.action
    yield f"sns:{action}", call.params.get("TopicArn") or call.params.get("TargetArn") or "*", {}


def _sqs(call: Call) -> Iterator[Need]:
    action = call.action.removesuffix("Batch")
    url = str(call.params.get("QueueUrl", ""))
    account, name = (["", *url.split("/")])[-2:]
    yield f"sqs:{action}", _arn(call, "sqs", name, account) if name else "*", {}


def _logs(call: Call) -> Iterator[Need]:
    group, stream = call.params.get("logGroupName"), call.params.get("logStreamName", "")
    if not group:
        found = call.params.get("logGroupIdentifier") or call.params.get("resourceArn") or "*"
        yield f"logs:{call.action}", str(found), {}
        return
    if call.action == "CreateLogStream":  # is asked of the group, not of the stream that is not there yet
        stream = ""
    yield f"logs:{call.action}", log_arn(call.region, call.account, group, stream), {}


def log_arn(region: str, account: str, group: str, stream: str = "") -> str:
    """Return the ARN that CloudWatch Logs asks about; a role's resource has to end in `:*`."""
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def _events(call: Call) -> Iterator[Need]:
    if call.action != "PutEvents":
        yield f"events:{call.action}", "*", {}
        return
    buses = {entry.get("EventBusName") or "default" for entry in call.params.get("Entries", [])}
    for bus in sorted(buses):
        yield "events:PutEvents", bus if bus.startswith("arn:") else _arn(call, "events", f"event-bus/{bus}"), {}


def _elb(call: Call) -> Iterator[Need]:
    name, params = f"elasticloadbalancing:{call.action}", call.params
    if call.action.startswith("Describe"):
        yield name, "*", {}
        return
    made = {"CreateLoadBalancer": "loadbalancer/app", "CreateTargetGroup": "targetgroup"}.get(call.action)
    one = next((params[arn] for arn in ELB_ARNS if params.get(arn)), "*")
    arns = [_arn(call, "elasticloadbalancing", f"{made}/{params.get('Name')}/new")] if made else [one]
    for arn in params.get("ResourceArns") or arns:
        yield name, str(arn), {}


ELB_ARNS = ("ListenerArn", "TargetGroupArn", "LoadBalancerArn")


def _arn(call: Call, service: str, rest: str, account: str = "") -> str:
    return f"arn:aws:{service}:{call.region}:{account or call.account}:{rest}"


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
}
