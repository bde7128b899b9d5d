"""What moves data: rules, topics, queues, tables."""

from __future__ import annotations

import json

from awslab.aws.cloudwatch import Alarm, Dashboard
from awslab.aws.documents import canonical
from awslab.aws.dynamodb import Table
from awslab.aws.events import Rule, Target
from awslab.aws.iam import Role
from awslab.aws.logs import LogGroup
from awslab.aws.messaging import Queue, Redrive, Subscriber, Subscription, Topic
from awslab.aws.named import name_in
from awslab.aws.policies import Condition, Statement, trust
from awslab.aws.states import Definition, Logging, StateMachine
from awslab.core.values import FrozenMap
from tests.contract.examples import compute
from tests.contract.examples.example import OWNER, Example

HERE = "us-east-1:123456789012"


def arn(service, part, noun=""):
    return f"arn:aws:{service}:{HERE}:{noun}{OWNER.physical_name(part)}"


def _only(service, actions, resource, *conditions):
    """What lets one service at one thing."""
    return FrozenMap({"Service": Statement.allow(actions, [resource], [f"Service:{service}"], conditions)})


DLQ_ARN, NEWS_ARN, RULE_ARN = arn("sqs", "dead-letters"), arn("sns", "news"), arn("events", "uploads", "rule/")
FROM_RULE = Condition.of("ArnEquals", "aws:SourceArn", RULE_ARN)

DLQ = Queue(name="dead-letters", arn=DLQ_ARN, retention=1209600)
QUEUE = Queue(
    name="jobs",
    arn=arn("sqs", "jobs"),
    policy=_only("events.amazonaws.com", {"sqs:SendMessage"}, arn("sqs", "jobs"), FROM_RULE),
    visibility=120,
    retention=86400,
    delay=5,
    redrive=Redrive(DLQ, 4),
)
TOPIC = Topic(
    name="news",
    arn=NEWS_ARN,
    policy=_only("cloudwatch.amazonaws.com", {"sns:Publish"}, NEWS_ARN),
    subscriptions=FrozenMap(
        {
            Subscriber("sqs", QUEUE): Subscription(raw=True, filter=canonical({"kind": ["failed"]})),
            Subscriber("email", "ops@example.com"): Subscription(),
        }
    ),
    display_name="sales",
    key="alias/aws/sns",
)
RULE = Rule(
    name="uploads",
    arn=RULE_ARN,
    pattern=canonical({"source": ["aws.s3"], "detail-type": ["Object Created"]}),
    description="Files that come in",
    targets=FrozenMap(
        {
            "jobs": Target(
                arn=QUEUE,
                dead_letters=DLQ,
                template='{"key": <key>}',
                paths=FrozenMap({"key": "$.detail.object.key"}),
                attempts=5,
                max_age=3600,
            )
        }
    ),
)
TABLE = Table(
    name="runs", arn=arn("dynamodb", "runs", "table/"), key="id", expires="expires", recovery=True, protected=True
)

ALARM = Alarm(
    name="dead-letters",
    arn=arn("cloudwatch", "dead-letters", "alarm:"),
    metric="ApproximateNumberOfMessagesVisible",
    namespace="AWS/SQS",
    dimensions=FrozenMap({"QueueName": DLQ.physical_name}),
    statistic="Maximum",
    period=300,
    periods=3,
    datapoints=2,
    actions=frozenset({TOPIC}),
    recovered=frozenset({TOPIC}),
    description="Something was not worked on",
)
TEXT = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# Sales"}}
DASHBOARD = Dashboard(
    name="overview",
    arn=f"arn:aws:cloudwatch::123456789012:dashboard/{OWNER.physical_name('overview')}",
    body=canonical({"widgets": [TEXT]}),
)

LOG_DELIVERY = frozenset(
    f"logs:{action}"
    for action in ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery",
                   "ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
)  # fmt: skip
ROLE, OTHER_ROLE = (
    Role(
        name=part,
        arn=f"arn:aws:iam::123456789012:role{OWNER.path}{OWNER.physical_name(part)}",
        trust=trust("states.amazonaws.com"),
        access=FrozenMap({"Logs": Statement.allow(LOG_DELIVERY, {"*"})}),
    )
    for part in ("flow", "other")
)
LOG = LogGroup(name="flow", arn=f"arn:aws:logs:{HERE}:log-group:/aws/vendedlogs/states/{OWNER.physical_name('flow')}")
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "${Validate}", "Payload.$": "$"},
    "End": True,
}
MACHINE = StateMachine(
    name="flow",
    arn=arn("states", "flow", "stateMachine:"),
    definition=Definition.of(
        {"Comment": "One step", "StartAt": "Validate", "States": {"Validate": INVOKE}}, {"Validate": compute.LIVE}
    ),
    role=ROLE,
    logging=Logging(LOG, data=True),
    tracing=True,
    after=(OTHER_ROLE,),
)


def _set(**attributes):
    """Set attributes of a queue, as anybody may."""
    return lambda aws, o: aws("sqs").set_queue_attributes(QueueUrl=o.details["url"], Attributes=attributes)


def _topic(name, value):
    return lambda aws, o: aws("sns").set_topic_attributes(TopicArn=o.id, AttributeName=name, AttributeValue=value)


def _leave(aws, found):
    """One leaves, a stranger joins."""
    for one in aws("sns").list_subscriptions_by_topic(TopicArn=found.id)["Subscriptions"]:
        if one["Protocol"] == "sqs":
            aws("sns").unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    aws("sns").subscribe(TopicArn=found.id, Protocol="sqs", Endpoint=DLQ_ARN)


def _put_rule(**changes):
    def drift(aws, found):
        had = aws("events").describe_rule(Name=name_in(found.id))
        kept = {key: had[key] for key in ("Name", "EventPattern", "Description", "State")}
        aws("events").put_rule(**{**kept, **changes})

    return drift


def _targets(aws, found):
    name = name_in(found.id)
    aws("events").remove_targets(Rule=name, Ids=["jobs"])
    aws("events").put_targets(Rule=name, Targets=[{"Id": "other", "Arn": DLQ_ARN}])


def _table(**changes):
    return lambda aws, o: aws("dynamodb").update_table(TableName=name_in(o.id), **changes)


def _alarm(**changes):
    """Put the alarm anew, with other words."""

    def drift(aws, found):
        (had,) = aws("cloudwatch").describe_alarms(AlarmNames=[name_in(found.id)])["MetricAlarms"]
        words = aws("cloudwatch").meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        kept = {key: value for key, value in had.items() if key in words}
        aws("cloudwatch").put_metric_alarm(**{**kept, **changes})

    return drift


def _machine(**changes):
    return lambda aws, o: aws("stepfunctions").update_state_machine(stateMachineArn=o.id, **changes)


def _text(aws, found):
    """Change a name in the text and leave the comment, which has the functions, as it is."""
    text = aws("stepfunctions").describe_state_machine(stateMachineArn=found.id)["definition"]
    told = json.loads(text)
    told["States"]["Validate"]["Parameters"]["FunctionName"] = TOPIC.arn
    aws("stepfunctions").update_state_machine(stateMachineArn=found.id, definition=json.dumps(told))


def _dashboard(aws, found):
    """Put a body of somebody's own: whose it is goes with ours."""
    body = json.dumps({"widgets": [{**TEXT, "height": 5}]})
    aws("cloudwatch").put_dashboard(DashboardName=name_in(found.id), DashboardBody=body)


EXAMPLES = [
    Example(
        MACHINE,
        {
            "definition": _text,
            "role": _machine(roleArn=OTHER_ROLE.arn),
            "logging": _machine(loggingConfiguration={"level": "OFF"}),
            "tracing": _machine(tracingConfiguration={"enabled": False}),
        },
    ),
    Example(
        QUEUE,
        {
            "policy": _set(Policy=""),
            "visibility": _set(VisibilityTimeout="1"),
            "retention": _set(MessageRetentionPeriod="60"),
            "delay": _set(DelaySeconds="0"),
            "redrive": _set(RedrivePolicy=json.dumps({"deadLetterTargetArn": DLQ_ARN, "maxReceiveCount": 1})),
            "encrypted": _set(SqsManagedSseEnabled="false"),
        },
    ),
    Example(
        TOPIC,
        {
            "policy": lambda aws, o: aws("sns").add_permission(
                TopicArn=o.id, Label="open", AWSAccountId=["999999999999"], ActionName=["Publish"]
            ),
            "subscriptions": _leave,
            "display_name": _topic("DisplayName", "mine"),
            "key": _topic("KmsMasterKeyId", ""),
        },
    ),
    Example(
        RULE,
        {
            "pattern": _put_rule(EventPattern=json.dumps({"source": ["mine"]})),
            "enabled": lambda aws, o: aws("events").disable_rule(Name=name_in(o.id)),
            "description": _put_rule(Description="mine"),
            "targets": _targets,
        },
    ),
    Example(
        TABLE,
        {
            "on_demand": _table(
                BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
            ),
            "expires": lambda aws, o: aws("dynamodb").update_time_to_live(
                TableName=name_in(o.id), TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
            ),
            "recovery": lambda aws, o: aws("dynamodb").update_continuous_backups(
                TableName=name_in(o.id), PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
            ),
            "own_key": _table(SSESpecification={"Enabled": True}),
            "protected": _table(DeletionProtectionEnabled=False),
        },
    ),
    Example(
        ALARM,
        {
            "metric": _alarm(MetricName="mine"),
            "namespace": _alarm(Namespace="Mine"),
            "dimensions": _alarm(Dimensions=[{"Name": "QueueName", "Value": "mine"}]),
            "statistic": _alarm(Statistic="Sum"),
            "period": _alarm(Period=60),
            "periods": _alarm(EvaluationPeriods=4),
            "datapoints": _alarm(DatapointsToAlarm=1),
            "threshold": _alarm(Threshold=1000.5),
            "comparison": _alarm(ComparisonOperator="LessThanThreshold"),
            "missing": _alarm(TreatMissingData="ignore"),
            "actions": _alarm(AlarmActions=[]),
            "recovered": _alarm(OKActions=["arn:aws:sns:us-east-1:123456789012:mine"]),
            "enabled": lambda aws, o: aws("cloudwatch").disable_alarm_actions(AlarmNames=[name_in(o.id)]),
            "description": _alarm(AlarmDescription="mine"),
        },
    ),
    Example(DASHBOARD, {"body": _dashboard}),
]
