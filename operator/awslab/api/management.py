"""How an object is managed: the policies that every kind has in ``spec.management``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Model, Rule, StatusModel

DURATION = r"^([1-9][0-9]{0,5}[smh])+$"
UNITS = {"s": 1, "m": 60, "h": 3600}


class Mode(StrEnum):
    """How far the operator goes."""

    MANAGE = "Manage"
    PLAN_ONLY = "PlanOnly"
    OBSERVE = "Observe"
    PAUSED = "Paused"


class DriftPolicy(StrEnum):
    """What is done about what somebody else changed."""

    CORRECT = "Correct"
    REPORT = "Report"


class DeletionPolicy(StrEnum):
    """What becomes of AWS when the object is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


Duration = Annotated[
    str,
    Field(max_length=32),
    Rule(
        message="must be a duration of at least a second, such as 90s, 10m or 1h30m",
        cel=f"self.matches('{DURATION}')",
        check=lambda text: re.fullmatch(DURATION, text) is not None,
    ),
]

Glob = Annotated[str, Field(min_length=3, max_length=256)]


class Management(Model):
    """What the operator may do on its own."""

    mode: Mode = Field(
        default=Mode.MANAGE,
        description="Manage (make it so), PlanOnly (do nothing but what was approved), Observe (look and tell, "
        "never change AWS) or Paused (do not even look).",
    )
    approval: Annotated[str, Field(max_length=64)] = Field(
        default="",
        description="The hash of the plan in status.plan that may be carried out. The annotation "
        "awslab.dev/approve says the same by hand.",
    )
    drift: DriftPolicy = Field(
        default=DriftPolicy.CORRECT,
        description="What to do about what somebody else changed in AWS: Correct it, or Report it and leave it.",
    )
    drift_interval: Duration | None = Field(
        default=None,
        description="How often AWS is looked at while nothing changes, such as 10m; "
        "the operator's own interval if left out.",
    )
    ignore_fields: Annotated[tuple[Glob, ...], Field(max_length=50)] = Field(
        default=(),
        description="What others may change: globs over <resource>.<field>, such as Subnet/public-*.tags.team.",
    )
    deletion: DeletionPolicy = Field(
        default=DeletionPolicy.DELETE,
        description="What becomes of AWS when the object is deleted: Delete it, or Retain it as it is, with its tags.",
    )
    protect: bool = Field(default=False, description="Whether the API server refuses to delete the object.")

    @property
    def interval(self) -> timedelta | None:
        """The drift interval, where the object has one of its own."""
        if self.drift_interval is None:
            return None
        amounts = re.findall(r"([0-9]+)([smh])", self.drift_interval)
        return timedelta(seconds=sum(int(amount) * UNITS[unit] for amount, unit in amounts))


class Adopt(Model):
    """What exists already and is to be taken over: nothing is written until the plan is empty or approved."""

    ids: Annotated[Mapping[str, Annotated[str, Field(max_length=256)]], Field(max_length=100)] = Field(
        default_factory=dict,
        description="The AWS id of each resource by its address, such as Vpc/vpc: vpc-123.",
    )
    tags: Annotated[Mapping[str, Annotated[str, Field(max_length=256)]], Field(max_length=10)] = Field(
        default_factory=dict,
        description="Tags by which it is found: what carries all of them, belongs to nobody and is as the spec asks "
        "in all that AWS cannot change. What fits several resources is left to ids.",
    )


class PlannedChange(StatusModel):
    """One field that a step changes."""

    field: str = Field(description="The field, for example routes.0.0.0.0/0.")
    old: str | None = Field(default=None, alias="from", description="What AWS has.")
    new: str | None = Field(default=None, alias="to", description="What it will have.")


class PlannedStep(StatusModel):
    """What is to be done to one resource."""

    action: str = Field(description="Create, Update, Replace or Delete.")
    resource: str = Field(description="The address of the resource, for example Subnet/public-a.")
    id: str | None = Field(default=None, description="The id that AWS gave it.")
    reason: str | None = Field(default=None, description="Why.")
    changes: tuple[PlannedChange, ...] = Field(default=(), description="Every field that changes.")
    loses_data: bool | None = Field(default=None, description="Whether what people stored is gone afterwards.")
    interrupts: bool | None = Field(default=None, description="Whether something in use stops working for a while.")


class PlanCost(StatusModel):
    """What stands in AWS costs a month, estimated; without what goes through it."""

    before: str = Field(description="As it is, for example $84.88.")
    after: str = Field(description="Once the plan is carried out.")
    difference: str = Field(description="For example +$32.85.")


class PlanStatus(StatusModel):
    """What would be done to make AWS as the spec asks."""

    hash: str = Field(description="The hash over all that is planned; approve it to have it carried out.")
    summary: str = Field(description="How many resources are created, updated, replaced and deleted.")
    cost: PlanCost | None = Field(
        default=None, description="What that changes in the cost; none where a price is not known."
    )
    steps: tuple[PlannedStep, ...] = Field(default=(), description="What is to be done, resource by resource.")


class Approved(StatusModel):
    """A plan that was approved and is being carried out."""

    hash: str = Field(description="The hash that was approved.")
    digest: str = Field(description="The hash of the wish that it was approved for.")
    resources: tuple[str, ...] = Field(default=(), description="The resources that may be changed by it.")


class NonConverging(StatusModel):
    """A field that does not become what it was set to."""

    resource: str = Field(description="The address of the resource.")
    field: str = Field(description="The field.")
    wanted: str = Field(description="What was written.")
    seen: str = Field(description="What AWS shows all the same.")
    writes: int = Field(description="How often it was written without effect.")
