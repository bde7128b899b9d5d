"""A small kind that builds on a LabVpc: one security group in its VPC."""

from __future__ import annotations

from pydantic import Field

from awslab.api.common import KindSpec, KindStatus
from awslab.api.kinds import ApiKind
from awslab.api.references import LabVpcRef
from awslab.aws.security_group import SecurityGroup
from awslab.core.graph import Graph
from awslab.core.resource import Given
from awslab.core.values import FrozenMap
from awslab.kinds import LAB_VPC
from awslab.kinds.kind import Kind


class LabGroupSpec(KindSpec):
    vpc_ref: LabVpcRef = Field(description="The LabVpc.")
    more_refs: tuple[LabVpcRef, ...] = Field(default=(), description="Others.")


class LabGroupStatus(KindStatus):
    group_id: str | None = Field(default=None, description="The id.")


def look_up(spec, situation):
    others = situation.others
    for ref in spec.more_refs:
        others[ref].output("vpcId")
    return others[spec.vpc_ref].output("vpcId")


def compose(spec, vpc_id):
    graph = Graph()
    graph.add(SecurityGroup(name="web", vpc=Given(vpc_id), description="Web", tags=FrozenMap(spec.tags)))
    return graph


def outputs(spec, vpc_id, found):
    return {"groupId": next((o.id for o in found), None)}


API = ApiKind(
    kind="LabGroup",
    plural="labgroups",
    singular="labgroup",
    description="A LabGroup is a test.",
    spec=LabGroupSpec,
    status=LabGroupStatus,
    columns=(),
)
LAB_GROUP = Kind(API, (SecurityGroup,), look_up, lambda *_: "vpc-0", compose, outputs)
KINDS = (LAB_VPC, LAB_GROUP)
