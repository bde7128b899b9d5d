"""The kinds of the API: what the custom resource definitions are made of, one entry for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .awsaccount import AwsAccountSpec, AwsAccountStatus
from .datapipeline import DataPipelineSpec, DataPipelineStatus
from .labvpc import LabVpcSpec, LabVpcStatus

if TYPE_CHECKING:
    from .base import Model, StatusModel

GROUP = "awslab.dev"
VERSION = "v1alpha1"
CATEGORY = "awslab"


@dataclass(frozen=True)
class Column:
    """A column of ``kubectl get``; *wide* ones stand there only with ``-o wide``."""

    name: str
    json_path: str
    description: str
    type: Literal["string", "integer", "date"] = "string"
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class ApiKind:
    """A kind: its names, its models and its columns."""

    kind: str
    plural: str
    singular: str
    description: str
    spec: type[Model]
    status: type[StatusModel]
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = (CATEGORY,)
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"

    @property
    def group(self) -> str:
        """The API group."""
        return GROUP

    @property
    def version(self) -> str:
        """The API version."""
        return VERSION

    @property
    def namespaced(self) -> bool:
        """Whether its objects live in namespaces."""
        return self.scope == "Namespaced"

    @property
    def crd_name(self) -> str:
        """The name of its custom resource definition."""
        return f"{self.plural}.{GROUP}"

    @property
    def api_version(self) -> str:
        """As it stands in the first line of a manifest."""
        return f"{GROUP}/{VERSION}"


READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether everything is as the spec says.")
DRIFT = Column("Drift", ".status.summary.drift", "How many fields somebody else changed.")
COST = Column("Cost/Mo", ".status.summary.monthlyCost", "The estimated cost a month.")
AGE = Column("Age", ".metadata.creationTimestamp", "How long the object has existed.", type="date")
MESSAGE = Column("Message", ".status.summary.message", "What happens, or what is wrong.", wide=True)

LAB_VPC = ApiKind(
    kind="LabVpc",
    plural="labvpcs",
    singular="labvpc",
    short_names=("lvpc",),
    description="A LabVpc is a production network in AWS: a VPC with public, private and data subnets "
    "in several availability zones, gateways, routes and security groups.",
    spec=LabVpcSpec,
    status=LabVpcStatus,
    columns=(
        READY,
        DRIFT,
        Column("VPC-ID", ".status.vpcId", "The id of the VPC."),
        Column("CIDR", ".spec.cidr", "The addresses of the VPC."),
        Column("Zones", ".status.summary.zones", "The availability zones in use."),
        COST,
        AGE,
        Column("NAT-IPs", ".status.summary.natIps", "The public addresses of the NAT gateways.", wide=True),
        Column("Bastion-IP", ".status.summary.bastionIp", "The public address of the bastion.", wide=True),
        MESSAGE,
    ),
)

DATA_PIPELINE = ApiKind(
    kind="DataPipeline",
    plural="datapipelines",
    singular="datapipeline",
    short_names=("dpl",),
    description="A DataPipeline turns files that are dropped into a bucket into results: a state machine calls "
    "a function for each step, and tells people when it is done or when it failed.",
    spec=DataPipelineSpec,
    status=DataPipelineStatus,
    columns=(
        READY,
        DRIFT,
        Column("Bucket", ".status.bucketName", "The bucket for uploads."),
        Column("Last-Run", ".status.summary.lastRun", "How the last run went, and when."),
        Column("Succeeded", ".status.summary.succeeded", "How many of the last runs succeeded."),
        Column("Failed", ".status.summary.failed", "How many of the last runs failed."),
        COST,
        AGE,
        Column("State-Machine", ".status.stateMachineArn", "The ARN of the state machine.", wide=True),
        MESSAGE,
    ),
)

AWS_ACCOUNT = ApiKind(
    kind="AwsAccount",
    plural="awsaccounts",
    singular="awsaccount",
    short_names=("awsacc",),
    description="An AwsAccount is an AWS account in which objects may be made: the role that the operator assumes "
    "there, and the namespaces and regions that may use it.",
    spec=AwsAccountSpec,
    status=AwsAccountStatus,
    scope="Cluster",
    columns=(
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether the role can be assumed."),
        Column("Account", ".status.accountId", "The id of the account."),
        Column("Role", ".spec.roleArn", "The role that is assumed.", wide=True),
        AGE,
        MESSAGE,
    ),
)

API_KINDS: tuple[ApiKind, ...] = (LAB_VPC, DATA_PIPELINE, AWS_ACCOUNT)
