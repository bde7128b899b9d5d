"""The AwsAccount API: into which AWS accounts the operator goes, how, and on whose behalf."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from .base import KeyedBy, Model, Rule, StatusModel, Timestamp, UniqueItems
from .common import Condition, RegionName, Tags
from .references import Namespaces

ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$"
EXTERNAL_ID = r"^[A-Za-z0-9_+=,.@:/-]{2,}$"
SESSION_NAME = r"^[A-Za-z0-9_+=,.@-]{2,}$"
ENDPOINT = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$"


def _like(pattern: str, message: str) -> Rule:
    cel = f"self.matches('{pattern}')"
    return Rule(message=message, cel=cel, check=lambda text: re.fullmatch(pattern, text) is not None)


RoleArn = Annotated[
    str,
    Field(max_length=2048),
    _like(ROLE, "must be the ARN of an IAM role, for example arn:aws:iam::111122223333:role/awslab"),
]

# What STS allows: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ExternalId = Annotated[
    str, Field(max_length=1224), _like(EXTERNAL_ID, "must have 2 characters or more of letters, digits and _+=,.@:/-")
]
SessionName = Annotated[
    str, Field(max_length=64), _like(SESSION_NAME, "must have 2 characters or more of letters, digits and _+=,.@-")
]
Endpoint = Annotated[
    str, Field(max_length=300), _like(ENDPOINT, "must be a URL without a path, for example http://127.0.0.1:5000")
]


class AwsAccountSpec(Model):
    """A role in an AWS account, and who may use it for what."""

    role_arn: RoleArn = Field(description="The IAM role that the operator assumes with its own credentials.")
    external_id: ExternalId | None = Field(
        default=None, description="The external id that the trust policy of the role asks for."
    )
    session_name: SessionName | None = Field(
        default=None, description="The name of the sessions in CloudTrail; without it, awslab and the operator's name."
    )
    session_tags: Tags = Field(
        default_factory=dict, description="Tags of the sessions; the trust policy must then allow sts:TagSession."
    )
    allowed_namespaces: Namespaces = Field(
        default=Namespaces(),
        description="The namespaces whose objects may use this account. Without any, none may.",
    )
    allowed_regions: Annotated[tuple[RegionName, ...], Field(max_length=50), UniqueItems()] = Field(
        default=(), description="The regions in which objects may use this account; none means all of them."
    )
    default_tags: Tags = Field(
        default_factory=dict, description="Tags for everything that is made in this account; spec.tags win over them."
    )
    endpoint: Endpoint | None = Field(
        default=None, description="Where all AWS services of this account are reached, if not at the usual places."
    )

    @property
    def account_id(self) -> str:
        """The account of the role: twelve digits."""
        return self.role_arn.split(":")[4]


class AccountSummary(StatusModel):
    """Short texts for the columns of kubectl get awsaccount."""

    message: str | None = Field(default=None, description="The message of the condition Ready.")


class AwsAccountStatus(StatusModel):
    """Whether the role can be assumed, and whose account it is."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that the operator last worked on."
    )
    conditions: Annotated[tuple[Condition, ...], KeyedBy(("type",))] = Field(
        default=(), description="Ready tells whether the role can be assumed, DeletionBlocked who still uses it."
    )
    summary: AccountSummary | None = Field(default=None, description="Short texts for the columns of kubectl get.")
    account_id: str | None = Field(default=None, description="The id of the account, as AWS tells it.")
    arn: str | None = Field(default=None, description="As whom the operator acts there.")
    last_checked: Timestamp | None = Field(
        default=None, description="When the role was last found to work or not; renewed once an hour at most."
    )
