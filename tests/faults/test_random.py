"""Random lives: whatever happens in between, the end is what the last spec says, and then nothing."""

from __future__ import annotations

import contextlib
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from awslab.core.errors import SpecError
from awslab.core.ownership import Owner
from awslab.kinds import KINDS
from awslab.kinds.labvpc import LAB_VPC
from tests.support.account import everything, wanted
from tests.support.kills import Killed, dying
from tests.support.memory import lab_vpc, reconciler, until

OWNER = Owner("test", "LabVpc", "lab", "net")
EXAMPLES = int(os.environ.get("AWSLAB_FAULT_EXAMPLES", "4"))

slowly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="AWSLAB_FAULT_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TAGS = st.dictionaries(st.sampled_from(["team", "cost", "Stage"]), st.sampled_from(["red", "blue"]))
NAMES = st.lists(st.sampled_from([f"us-east-1{c}" for c in "abcdef"]), min_size=1, max_size=3, unique=True)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "availabilityZones": st.integers(1, 3) | NAMES,
        "natGateways": st.sampled_from(["None", "Single", "PerZone"]),
        "tags": TAGS,
        "securityGroups": st.fixed_dictionaries({"app": st.fixed_dictionaries({"port": st.integers(1, 65535)})}),
        "subnets": st.fixed_dictionaries({"data": st.fixed_dictionaries({"enabled": st.booleans()})}),
    },
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), CHANGES),
        st.tuples(st.just("kill"), st.tuples(st.integers(0, 60), st.sampled_from(["before", "after"]))),
        st.tuples(st.just("foreign"), st.integers(0, 4)),
        st.tuples(st.just("pass"), st.integers(1, 2)),
    ),
    min_size=1,
    max_size=4,
)


def _delete_route(ec2):
    for table in _ours(ec2.describe_route_tables()["RouteTables"]):
        for route in table["Routes"]:
            if route["DestinationCidrBlock"] == "0.0.0.0/0":
                ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
                return


def _delete_nat(ec2):
    for nat in _ours(ec2.describe_nat_gateways()["NatGateways"])[:1]:
        ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])


def _open_group(ec2):
    for group in _ours(ec2.describe_security_groups()["SecurityGroups"])[:1]:
        rule = {"IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])


def _rename(ec2):
    for subnet in _ours(ec2.describe_subnets()["Subnets"])[:1]:
        ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name", "Value": "mine"}])


def _hide_addresses(ec2):
    for subnet in _ours(ec2.describe_subnets()["Subnets"]):
        ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": False})


FOREIGN = [_delete_route, _delete_nat, _open_group, _rename, _hide_addresses]


def _ours(items):
    return [i for i in items if any(t["Key"] == "awslab.dev/owner" for t in i.get("Tags", ()))]


@given(first=CHANGES, events=EVENTS)
@slowly
def test_any_life_ends_as_its_last_spec_says_and_its_deletion_leaves_nothing(local_aws, ec2, first, events):
    local_aws.reset()
    vpc = lab_vpc(**first)
    for what, how in events:
        _happen(vpc, ec2, what, how)

    until(vpc, lambda: vpc.ready and _only_ready(vpc), reconciler(), seconds=60)
    assert _composed(vpc) == {r["address"] for r in vpc.obj["status"]["resources"]}
    assert wanted(vpc) == everything(ec2)

    vpc.delete()
    until(vpc, lambda: vpc.gone, reconciler(), seconds=60)
    assert wanted() == everything(ec2)


def _happen(vpc, ec2, what, how):
    match what:
        case "change":
            vpc.change(**how)
        case "foreign":
            with contextlib.suppress(ec2.exceptions.ClientError):
                FOREIGN[how](ec2)
        case "pass":
            for _ in range(how):
                reconciler().reconcile(vpc)
        case "kill":
            with dying(*how), contextlib.suppress(Killed):
                reconciler().reconcile(vpc)


def _only_ready(vpc):
    return {"Ready"} == {r["state"] for r in vpc.obj["status"]["resources"]}


def _composed(vpc):
    spec = LAB_VPC.spec_of(vpc.obj)
    return {r.address for r in LAB_VPC.compose(spec, LAB_VPC.guess(spec, OWNER))}


CIDRS = st.builds(lambda b, p: f"10.{b}.0.0/{p}", st.integers(0, 255), st.integers(14, 27))


@given(cidr=CIDRS, change=CHANGES)
@settings(max_examples=200, deadline=None)
def test_any_spec_is_refused_with_a_sentence_or_has_a_composition(cidr, change):
    for kind in KINDS:
        refusal, graph = "", ()
        try:
            spec = kind.spec_of({"spec": {"region": "us-east-1", "cidr": cidr, **change}})
            graph = kind.compose(spec, kind.guess(spec, OWNER))
        except (ValidationError, SpecError) as error:
            refusal = str(error)

        assert bool(refusal) != bool(len(graph))
