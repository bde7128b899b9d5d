"""Metric alarms that change state: looked at once in a minute of AWS's time, and heard of by their actions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudwatch.models import cloudwatch_backends

from awslab.local.aws import identity, inside
from awslab.local.aws.cloudwatch import points
from awslab.local.aws.errors import AwsError
from awslab.local.aws.events import bus
from awslab.local.aws.resource_policies import policy_of
from awslab.local.aws.rules import Book
from awslab.local.aws.times import USUAL_SECONDS

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("cloudwatch")
API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"
SERVICE = "cloudwatch.amazonaws.com"
FUNCTIONS = "lambda.alarms.cloudwatch.amazonaws.com"
LOOK = "alarms-evaluated"
SHORTEST_LOOK = 0.2  # seconds, real
SHORTEST_STEP = 0.001  # seconds, where time stands still
MOST_STEPS = 20  # looked at again after a pause
UNKNOWN = "INSUFFICIENT_DATA"
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "GreaterThanThreshold": float.__gt__,
    "LessThanThreshold": float.__lt__,
    "LessThanOrEqualToThreshold": float.__le__,
}


@book.behaves(
    "alarm-begins",
    "PutMetricAlarm",
    does="A new alarm is INSUFFICIENT_DATA until it is first evaluated; a changed one keeps its state and its tags.",
    see=API + "API_PutMetricAlarm.html",
)
def put(asked: Asked) -> dict[str, Any]:
    """Answer PutMetricAlarm."""
    backend, name = cloudwatch_backends[asked.account][asked.region], asked.params.get("AlarmName", "")
    had = backend.alarms.get(name)
    if had is not None:
        asked.params.pop("Tags", None)
    asked.motos()
    alarm = backend.alarms[name]
    if had is None:
        _set(alarm, UNKNOWN, "Unchecked: Initial alarm creation", None, asked.now)
    else:
        for field in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"):
            setattr(alarm, field, getattr(had, field))
    watch(asked.world, asked.account, asked.region)
    return {}


def _set(alarm: Any, state: str, reason: str, data: str | None, now: float) -> None:
    alarm.state_value, alarm.state_reason, alarm.state_reason_data = state, reason, data
    alarm.state_updated_timestamp = datetime.fromtimestamp(now, UTC)


def watch(world: World, account: str, region: str) -> None:
    """Let the alarms of a region be looked at from now on."""
    looked = world.store("alarms-watched", account, region, dict)
    if not looked.get("yes"):
        looked["yes"] = True
        world.later(LOOK, account, region, "")
    begin_ticking(world)


def begin_ticking(world: World) -> None:
    """Let time go on without calls, by one thread, as long as there are alarms."""
    if world.background.find("ticker") is None:
        ticker = _Ticker()
        world.background.keep("ticker", ticker)
        world.background.start("ticker", ticker.go, world)


class _Ticker:
    def go(self, world: World) -> None:
        while world.background.sleep(max(SHORTEST_LOOK, world.scaled(USUAL_SECONDS[LOOK]))):
            with world.lock:
                world.settle()

    def end(self) -> None:
        """The sleep ends with the world."""


@book.behaves(
    "alarm-evaluated",
    "PutMetricAlarm",
    does="Once a minute an alarm compares the last periods with its threshold: M of N breaching points make ALARM,"
    " missing points count as TreatMissingData says, and without any data it is INSUFFICIENT_DATA.",
    see=GUIDE,
)
def look(world: World, due: Due) -> None:
    """Evaluate all alarms of a region."""
    backend = cloudwatch_backends[due.account][due.region]
    alarms = [alarm for alarm in backend.alarms.values() if alarm.rule is None and alarm.metric_name]
    if not alarms:
        world.store("alarms-watched", due.account, due.region, dict)["yes"] = False
        return
    now = world.clock()
    names = {each.value for alarm in alarms for each in alarm.dimensions if alarm.namespace == "AWS/SQS"}
    watched = world.store("alarms-watched", due.account, due.region, dict)
    for end in _ends(world, watched, 60, now):  # a queue tells how full it is once in a minute
        points.sample_queues(world, due.account, due.region, names, at=end - SHORTEST_STEP / 2)
    longest = max(_length(world, alarm) * (alarm.evaluation_periods + 1) for alarm in alarms)
    known = points.since(due.account, due.region, now - longest - MOST_STEPS * world.scaled(60))
    for alarm in alarms:
        for end in _ends(world, alarm.__dict__, min(alarm.period, 60), now):
            change(world, due.account, due.region, alarm, *_judged(world, alarm, known, end))
    world.later(LOOK, due.account, due.region, "", after=max(due.at, now - world.scaled(USUAL_SECONDS[LOOK])))


def _length(world: World, alarm: Any) -> float:
    return max(SHORTEST_STEP, world.scaled(alarm.period))


def _ends(world: World, memory: dict[str, Any], period: float, now: float) -> list[float]:
    """Return the ends of the periods that were completed since the last look, so that no point is overlooked."""
    step = max(SHORTEST_STEP, world.scaled(period))
    newest = int(now / step)
    first = max(memory.get("looked_at", newest - 1) + 1, newest - MOST_STEPS + 1)
    memory["looked_at"] = newest
    return [number * step for number in range(first, newest + 1)]


def _judged(world: World, alarm: Any, known: points.Points, end: float) -> tuple[str, str]:
    """Return the state that the periods before a moment speak for, and why."""
    windows = _windows(world, alarm, known, end)
    compare, threshold = COMPARISONS[alarm.comparison_operator], float(alarm.threshold)
    present = [value for value in windows if value is not None]
    treat = alarm.treat_missing_data or "missing"
    breaching = sum(compare(value, threshold) for value in present)
    breaching += (len(windows) - len(present)) * (treat == "breaching")
    needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    told = f"{len(present)} datapoints {[round(value, 6) for value in present]}"
    if breaching >= needed:
        return "ALARM", f"Threshold Crossed: {breaching} out of the last {len(windows)} were breaching ({told})."
    if not present and treat == "missing":
        return UNKNOWN, f"Insufficient Data: {len(windows)} datapoints were unknown."
    if len(present) < len(windows) and treat == "ignore":
        return alarm.state_value, alarm.state_reason
    return "OK", f"Threshold not crossed: {breaching} of {needed} needed were breaching ({told})."


def _windows(world: World, alarm: Any, known: points.Points, last: float) -> list[float | None]:
    """Return the statistic of each of the last periods, the newest first; None where there is no data."""
    dimensions = frozenset((each.name, each.value) for each in alarm.dimensions)
    values = known.get((alarm.namespace, alarm.metric_name, dimensions), [])
    length = _length(world, alarm)
    name = alarm.statistic or alarm.extended_statistic or "Average"
    windows: list[float | None] = []
    for number in range(int(alarm.evaluation_periods)):
        end, begin = last - number * length, last - (number + 1) * length
        within = [value for moment, value in values if begin <= moment < end]
        windows.append(points.statistic(name, within) if within else None)
    return windows


@book.behaves(
    "alarm-actions",
    "PutMetricAlarm",
    "SetAlarmState",
    does="A change of state is told to the topics and functions of that state's actions and to the default bus; a"
    " state that stays tells nobody.",
    see=GUIDE,
)
def change(
    world: World, account: str, region: str, alarm: Any, state: str, reason: str, data: str | None = None
) -> None:
    """Give an alarm a state, and tell whoever is to hear of it."""
    before = alarm.state_value
    if state == before:
        return
    _set(alarm, state, reason, data, world.clock())
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions, UNKNOWN: alarm.insufficient_data_actions}[state]
    told = _message(account, region, alarm, before)
    for action in actions if alarm.actions_enabled else []:
        world.background.start(f"alarm-{alarm.name}", _act, world, account, alarm, action, told)
    bus.deliver(world, account, region, _event(alarm, before))


def set_state(asked: Asked) -> dict[str, Any]:
    """Answer SetAlarmState."""
    params, backend = asked.params, cloudwatch_backends[asked.account][asked.region]
    alarm = backend.alarms.get(params.get("AlarmName"))
    before = alarm.state_value if alarm else None
    asked.motos()  # checks
    alarm.state_value = before
    state, reason, data = params["StateValue"], params["StateReason"], params.get("StateReasonData")
    change(asked.world, asked.account, asked.region, alarm, state, reason, data)
    return {}


def _message(account: str, region: str, alarm: Any, before: str) -> dict[str, Any]:
    moment = alarm.state_updated_timestamp.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic",
        "Statistic": str(alarm.statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"name": each.name, "value": each.value} for each in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
    }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": moment,
        "Region": region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Trigger": trigger,
    }


def _event(alarm: Any, before: str) -> dict[str, Any]:
    detail = {
        "alarmName": alarm.name,
        "state": {"value": alarm.state_value, "reason": alarm.state_reason},
        "previousState": {"value": before},
    }
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [alarm.alarm_arn],
        "detail": detail,
    }


def _act(world: World, account: str, alarm: Any, action: str, told: dict[str, Any]) -> None:
    """Tell a topic or a function, if its policy lets alarms in."""
    kind, region = action.split(":")[2], action.split(":")[3]
    principal, permission = (SERVICE, "sns:Publish") if kind == "sns" else (FUNCTIONS, "lambda:InvokeFunction")
    if kind not in {"sns", "lambda"} or not _lets_in(world, principal, permission, action, alarm.alarm_arn, account):
        return
    client = inside.client(world, kind, region, inside.service_key(principal))
    try:
        if kind == "sns":
            subject = f'{told["NewStateValue"]}: "{alarm.name}" in {region}'[:100]
            client.publish(TopicArn=action, Subject=subject, Message=json.dumps(told))
        else:
            event = {"source": "aws.cloudwatch", "alarmArn": alarm.alarm_arn, "alarmData": told}
            client.invoke(FunctionName=action, InvocationType="Event", Payload=json.dumps(event).encode())
    except (ClientError, AwsError):
        return  # as at AWS, only the alarm's history would tell


@book.behaves(
    "alarm-topic-policy",
    "PutMetricAlarm",
    does="An alarm publishes to a topic of its account that has the usual policy, or whose own policy lets CloudWatch"
    " in.",
    see="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)
def _lets_in(world: World, principal: str, permission: str, resource: str, alarm_arn: str, account: str) -> bool:
    with world.lock:
        policy = policy_of(resource, account)
        usual = '"Sid":"__default_statement_ID"' in json.dumps(policy).replace("\\", "").replace(" ", "")
        own = resource.split(":")[4] == account
        return (usual and own) or identity.service_may(
            world, principal, permission, resource, policy, alarm_arn, account
        )


CHANGES = {LOOK: look}
