"""A life in which everything happens that has the operator call AWS for what it names itself."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial

import boto3
from botocore.exceptions import ClientError

from awslab.aws.inventory import Inventory
from awslab.aws.policies import Statement
from awslab.aws.session import Aws, Clients
from awslab.aws.states import KEPT_VERSIONS, StateMachine
from awslab.core.graph import Graph
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG
from awslab.core.resource import Given
from awslab.core.values import FrozenMap
from awslab.kinds.datapipeline import DATA_PIPELINE
from awslab.kinds.datapipeline.rights import INTERFACES
from awslab.packages import inline
from tests.contract.examples import EXAMPLES
from tests.contract.examples.compute import VALIDATE, WORKER
from tests.support.lab import REGION, Lab, with_references
from tests.support.pipeline import eventually

TYPES = DATA_PIPELINE.types
NAMED = [e for e in EXAMPLES if type(e.resource) in TYPES]
OURS = (OWNER_TAG, RESOURCE_TAG, UID_TAG)
SLOW = {
    "source": {"suffix": ".csv"},
    "steps": [{"name": "Think", "wait": {"seconds": 100000}}, {"name": "Done", "succeed": {}}],
}
ARCHIVE = "PK\x03\x04 no table"
FAILING = {"name": "Refuse", "fail": {"error": "Never", "cause": "as it is"}}


# Of the types: one example of each, all at once


def of_types(control):
    """All examples at once: made, changed in every field by others and mended, tagged, listed for all, deleted."""
    lab = Lab(control, types=TYPES)
    lab.aws = Aws(Clients(REGION, endpoint=control.endpoint), lab.owner)  # its own: those of other tests are nobody's
    graph = with_references(*(example.resource for example in NAMED))
    lab.settle(graph, seconds=60)
    _publish_many(lab)
    _drift(lab)
    lab.settle(graph, seconds=60)
    _tag(lab, graph)
    lab.settle(with_references(*(example.resource for example in NAMED), _inside()), seconds=60)
    Inventory(lab.aws.clients, lab.owner.instance, TYPES).look(lab.aws, TYPES, 0, frozenset(TYPES))
    lab.settle(Graph(), seconds=60)


def _publish_many(lab):
    """More versions of the state machine than are kept."""
    client = boto3.client("stepfunctions")
    (machine,) = (o for o in lab.found().values() if o.type is StateMachine)
    text = json.loads(client.describe_state_machine(stateMachineArn=machine.id)["definition"])
    for number in range(KEPT_VERSIONS + 1):
        changed = json.dumps({**text, "TimeoutSeconds": 100 + number})
        client.update_state_machine(stateMachineArn=machine.id, definition=changed, publish=True)


def _drift(lab):
    """Every field of everything is changed by somebody; of roles last, as the drifts of others need them."""
    found = lab.found()
    for example in sorted(NAMED, key=lambda one: str(one) == "Role"):
        for drift in example.drifts.values():
            _insist(partial(drift, partial(boto3.client, region_name=REGION), found[example.resource.address]))
    boto3.client("lambda").delete_alias(FunctionName=found["Function/validate"].id, Name="live")


def _insist(call):
    """Call until AWS is no longer busy with the change before."""
    for _ in range(50):
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ResourceInUseException", "ResourceConflictException"}:
                raise
            time.sleep(0.1)
    return call()


def _tag(lab, graph):
    """A tag is given another value, and one that we gave once is not wanted any more."""
    people = replace(lab, control=lab.control)
    people.aws = Aws(Clients(REGION, boto3.DEFAULT_SESSION, endpoint=lab.control.endpoint), lab.owner)
    for one in (o for o in lab.found().values() if o.type.taggable):
        people.tag(one, Name="theirs", team="red")
    lab.hints = replace(lab.hints, applied_tags=frozenset({"team"}))
    lab.settle(graph, seconds=60)


def _inside():
    """A function in the default VPC."""
    subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]
    inside = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    (group,) = boto3.client("ec2").describe_security_groups(Filters=inside)["SecurityGroups"]
    network = {"Network": Statement.allow(INTERFACES, ["*"])}
    role = replace(WORKER, name="inside", arn=WORKER.arn.replace("validate", "inside"), access=FrozenMap(network))
    place = {"subnets": frozenset({Given(subnet["SubnetId"])}), "groups": frozenset({Given(group["GroupId"])})}
    arn = VALIDATE.arn.replace("validate", "inside")
    return replace(VALIDATE, name="inside", arn=arn, role=role, tags=FrozenMap(), tracing=False, **place)


# Of pipelines


def of_pipelines(aws):
    """A pipeline with everything, one that waits, one that is EXPRESS, one with somebody's bucket."""
    records = aws.example("datapipeline-minimal.yaml").ready()
    _runs(records)
    _change(records)
    records = _adopted(records)
    _deleted_in_vain(records)
    records.deleted(emptyBuckets=True, keepLogs=True)
    _waiting(aws)
    _express(aws)
    _beside_others(aws)
    _made_of_others(aws)


def _runs(records):
    """One run goes well and one does not, and both are told of."""
    assert {"SUCCEEDED", "FAILED"} == {records.run("good.csv")[0], records.run("bad.csv", ARCHIVE)[0]}
    records.passes(lambda: len(records.status["executions"]) == 2)


def _change(records):
    """What the examples of the types do not have changed."""
    ids, functions = records.ids(), records.account("lambda")
    function, alias = ids["Function/TransformData"], {"FunctionName": ids["Function/start-run"], "Qualifier": "live"}
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=2)
    everybody = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "StatementId": "theirs"}
    functions.add_permission(**alias, **everybody)
    (subscription,) = records.account("sns").list_subscriptions_by_topic(TopicArn=ids["Topic/success"])["Subscriptions"]
    raw = {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}
    records.account("sns").set_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"], **raw)
    first, *others = records.handle.obj["spec"]["steps"]
    records.handle.change(steps=[{**first, "memory": 256}, *others])
    records.ready()


def _adopted(records):
    """Let go, stripped of its tags, and taken over by an object that names the ids."""
    ids = records.ids()
    records.handle.change(management={"deletion": "Retain"})
    records.handle.delete()
    records.passes(lambda: records.handle.gone)
    people = Aws(Clients(REGION, boto3.DEFAULT_SESSION), None)
    types = {one.__name__: one for one in DATA_PIPELINE.types if one.taggable}
    for address, id_ in ids.items():
        if kind := types.get(address.partition("/")[0]):
            kind.retag(people, id_, {}, OURS)
    adopter = records.account.example("datapipeline-minimal.yaml")
    adopter.handle.change(adopt={"ids": ids}, steps=records.handle.obj["spec"]["steps"])
    return adopter.ready()


def _deleted_in_vain(records):
    """There are files in its bucket."""
    records.handle.delete()
    records.passes(lambda: records.handle.condition("DeletionBlocked")["status"] == "True")


def _waiting(aws):
    """A run is stopped for the sake of the deletion."""
    slow = aws.pipeline(SLOW, "slow").ready()
    run = slow.upload("long.csv")
    eventually(lambda: run in slow.runs())
    slow.deleted(emptyBuckets=True, runningExecutions="Stop")


def _express(aws):
    """Runs are told of by the log."""
    fast = aws.pipeline({"type": "EXPRESS", "source": {"suffix": ".csv"}, "steps": [FAILING]}, "fast").ready()
    fast.upload("quick.csv")
    fast.passes(lambda: fast.status.get("executions"))
    fast.deleted(emptyBuckets=True)


def _beside_others(aws):
    """A bucket that is there already tells of uploads, once by each trigger."""
    aws("s3").create_bucket(Bucket="shared-uploads")
    for trigger in ("EventBridge", "Lambda"):
        source = {"existingBucket": "shared-uploads", "suffix": ".csv", "trigger": trigger}
        pipeline = aws.pipeline({"source": source, "steps": [FAILING]}, f"by-{trigger.lower()}").ready()
        pipeline.deleted(emptyBuckets=True)


def _made_of_others(aws):
    """Code lies in somebody's bucket, with a version and without, and uses somebody's layer."""
    package = inline("def handler(event, context):\n    return {}\n", "python3.12")
    aws("s3").create_bucket(Bucket="shared-code")
    aws("s3").put_bucket_versioning(Bucket="shared-code", VersioningConfiguration={"Status": "Enabled"})
    version = aws("s3").put_object(Bucket="shared-code", Key="a.zip", Body=package.body)["VersionId"]
    content = {"ZipFile": package.body}
    layer = aws("lambda").publish_layer_version(LayerName="tools", Content=content)["LayerVersionArn"]
    code = {"bucket": "shared-code", "key": "a.zip"}
    steps = [
        {"name": "Newest", "s3": code, "handler": package.handler, "layers": [layer]},
        {"name": "Fixed", "s3": {**code, "version": version}, "handler": package.handler},
    ]
    aws.pipeline({"source": {"suffix": ".csv"}, "steps": steps}, "borrowed").ready().deleted(emptyBuckets=True)
