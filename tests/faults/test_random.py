"""Random lives: whatever happens in between, the end is what the last spec says, and then nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from awslab.core.errors import SpecError
from awslab.core.ownership import Owner
from awslab.kinds import KINDS
from tests.support.account import everything, wanted
from tests.support.kills import Killed, dying
from tests.support.lives import DATA_PIPELINE, LAB_VPC, LIVES, Life
from tests.support.memory import reconciler, until

EXAMPLES = int(os.environ.get("AWSLAB_FAULT_EXAMPLES", "4"))

slowly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="AWSLAB_FAULT_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TAGS = st.dictionaries(st.sampled_from(["team", "cost", "Stage"]), st.sampled_from(["red", "blue"]))


@dataclass(frozen=True)
class Chances:
    """What may happen in the life of a kind."""

    life: Life
    changes: st.SearchStrategy
    foreign: tuple[Callable[[], object], ...]
    """What others may do in AWS; some of it is refused, or finds nothing."""
    examples: int

    def __str__(self) -> str:
        return self.life.kind

    @property
    def events(self):
        """A few things, one after the other."""
        kinds = (
            st.tuples(st.just("change"), self.changes),
            st.tuples(st.just("kill"), st.tuples(st.integers(0, 60), st.sampled_from(["before", "after"]))),
            st.tuples(st.just("foreign"), st.integers(0, len(self.foreign) - 1)),
            st.tuples(st.just("pass"), st.integers(1, 2)),
        )
        return st.lists(st.one_of(*kinds), min_size=1, max_size=4)


# LabVpc

ZONES = st.lists(st.sampled_from([f"us-east-1{c}" for c in "abcdef"]), min_size=1, max_size=3, unique=True)
VPC_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "availabilityZones": st.integers(1, 3) | ZONES,
        "natGateways": st.sampled_from(["None", "Single", "PerZone"]),
        "tags": TAGS,
        "securityGroups": st.fixed_dictionaries({"app": st.fixed_dictionaries({"port": st.integers(1, 65535)})}),
        "subnets": st.fixed_dictionaries({"data": st.fixed_dictionaries({"enabled": st.booleans()})}),
    },
)


def _delete_route():
    ec2 = boto3.client("ec2")
    for table in _ours(ec2.describe_route_tables()["RouteTables"]):
        for route in table["Routes"]:
            if route["DestinationCidrBlock"] == "0.0.0.0/0":
                ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
                return


def _delete_nat():
    ec2 = boto3.client("ec2")
    for nat in _ours(ec2.describe_nat_gateways()["NatGateways"])[:1]:
        ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])


def _open_group():
    ec2 = boto3.client("ec2")
    for group in _ours(ec2.describe_security_groups()["SecurityGroups"])[:1]:
        rule = {"IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])


def _rename():
    ec2 = boto3.client("ec2")
    for subnet in _ours(ec2.describe_subnets()["Subnets"])[:1]:
        ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name", "Value": "mine"}])


def _hide_addresses():
    ec2 = boto3.client("ec2")
    for subnet in _ours(ec2.describe_subnets()["Subnets"]):
        ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": False})


def _ours(items):
    return [i for i in items if any(t["Key"] == "awslab.dev/owner" for t in i.get("Tags", ()))]


# DataPipeline

INLINE = [f"def handler(event, context):\n    return {n}\n" for n in range(2)]
STEPS = {
    "TransformData": st.just({"builtin": "csv-transform"}),
    "Own": st.sampled_from([{"inline": {"code": code}} for code in INLINE]),
    "WriteOutput": st.sampled_from([{"builtin": "write-output"}, {"builtin": "write-output", "memory": 1024}]),
}
PIPELINE_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.fixed_dictionaries({}, optional=STEPS)
        .filter(len)
        .map(lambda steps: [{"name": name, **step} for name, step in steps.items()]),
        "source": st.fixed_dictionaries(
            {"trigger": st.sampled_from(["EventBridge", "Lambda"]), "suffix": st.sampled_from(["", ".csv"])}
        ),
        "alarms": st.fixed_dictionaries({"enabled": st.booleans()}),
        "dashboard": st.booleans(),
        "logs": st.fixed_dictionaries({"retentionDays": st.sampled_from([7, 30])}),
        "tags": TAGS,
    },
)


def _delete_function():
    lambda_ = boto3.client("lambda")
    for function in lambda_.list_functions()["Functions"][:1]:
        lambda_.delete_function(FunctionName=function["FunctionName"])


def _delete_alias():
    lambda_ = boto3.client("lambda")
    for function in lambda_.list_functions()["Functions"][-1:]:
        lambda_.delete_alias(FunctionName=function["FunctionName"], Name="live")


def _give_rights():
    iam = boto3.client("iam")
    for role in iam.list_roles(PathPrefix="/awslab/")["Roles"][:1]:
        iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def _keep_logs():
    logs = boto3.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        logs.delete_retention_policy(logGroupName=group["logGroupName"])


def _disable_rule():
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])


def _empty_rule():
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        ids = [t["Id"] for t in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]]
        events.remove_targets(Rule=rule["Name"], Ids=ids)


CHANCES = [
    Chances(
        LAB_VPC, VPC_CHANGES, (_delete_route, _delete_nat, _open_group, _rename, _hide_addresses), examples=EXAMPLES
    ),
    Chances(
        DATA_PIPELINE,
        PIPELINE_CHANGES,
        (_delete_function, _delete_alias, _give_rights, _keep_logs, _disable_rule, _empty_rule),
        examples=max(EXAMPLES // 2, 1),
    ),
]
assert list(LIVES) == [chances.life for chances in CHANCES], "a kind has no chances"


@pytest.mark.parametrize("chances", CHANCES, ids=str)
def test_any_life_ends_as_its_last_spec_says_and_its_deletion_leaves_nothing(local_aws, ec2, chances):
    @given(first=chances.changes, events=chances.events)
    @settings(slowly, max_examples=chances.examples)
    def lives(first, events):
        local_aws.reset()
        handle = chances.life.small_one(**first)
        for what, how in events:
            _happen(handle, chances, what, how)

        until(handle, lambda: handle.ready and _only_ready(handle), reconciler(), seconds=90)
        assert _composed(handle) == {r["address"] for r in handle.obj["status"]["resources"]}
        assert wanted(handle) == everything(ec2)

        handle.delete()
        until(handle, lambda: handle.gone, reconciler(), seconds=90)
        assert wanted() == everything(ec2)

    lives()


def _happen(handle, chances, what, how):
    match what:
        case "change":
            handle.change(**how)
        case "foreign":
            with contextlib.suppress(ClientError):
                chances.foreign[how]()
        case "pass":
            for _ in range(how):
                reconciler().reconcile(handle)
        case "kill":
            with dying(*how), contextlib.suppress(Killed):
                reconciler().reconcile(handle)


def _only_ready(handle):
    return {"Ready"} == {r["state"] for r in handle.obj["status"]["resources"]}


def _composed(handle):
    (kind,) = [kind for kind in KINDS if kind.name == handle.obj["kind"]]
    spec, owner = kind.spec_of(handle.obj), Owner("test", kind.name, "lab", "net")
    return {r.address for r in kind.compose(spec, kind.guess(spec, owner))}


CIDRS = st.builds(lambda b, p: f"10.{b}.0.0/{p}", st.integers(0, 255), st.integers(14, 27))


@given(cidr=CIDRS, change=st.one_of(VPC_CHANGES, PIPELINE_CHANGES))
@settings(max_examples=200, deadline=None)
def test_any_spec_is_refused_with_a_sentence_or_has_a_composition(cidr, change):
    for kind in KINDS:
        refusal, graph = "", ()
        try:
            spec = kind.spec_of({"spec": {"region": "us-east-1", "cidr": cidr, **change}})
            graph = kind.compose(spec, kind.guess(spec, Owner("test", kind.name, "lab", "net")))
        except (ValidationError, SpecError) as error:
            refusal = str(error)

        assert bool(refusal) != bool(len(graph))
