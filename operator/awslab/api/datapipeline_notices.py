"""Who is told of the runs of a DataPipeline, and how."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import Field

from .base import Model, Rule
from .datapipeline_rules import exactly_one_of

SQS_ARN = r"^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+([.]fifo)?$"


class Subscription(Model):
    """Somebody, or something, that gets notices."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("email", "sqs", "https"),)

    email: (
        Annotated[
            str,
            Field(max_length=254),
            Rule(
                message="must be an e-mail address",
                cel="self.matches('^[^@ ]+@[^@ ]+$')",
                check=lambda text: re.fullmatch(r"[^@ ]+@[^@ ]+", text) is not None,
            ),
        ]
        | None
    ) = Field(default=None, description="An e-mail address; whoever has it must confirm.")
    sqs: (
        Annotated[
            str,
            Field(max_length=256),
            Rule(
                message="must be the ARN of a queue, for example arn:aws:sqs:us-east-1:123456789012:alerts",
                cel=f"self.matches('{SQS_ARN}')",
                check=lambda text: re.fullmatch(SQS_ARN, text) is not None,
            ),
        ]
        | None
    ) = Field(default=None, description="The ARN of a queue, whose policy must let the topic send.")
    https: (
        Annotated[
            str,
            Field(max_length=1024),
            Rule(
                message="must be an address that begins with https://",
                cel="self.startsWith('https://')",
                check=lambda text: text.startswith("https://"),
            ),
        ]
        | None
    ) = Field(default=None, description="An address that gets each notice by POST, and must confirm.")


Subscriptions = Annotated[tuple[Subscription, ...], Field(max_length=10)]


class SuccessNotices(Model):
    """Notices of runs that went well."""

    automatic: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether each good end sends a notice by itself, without a notify step."
    )
    subscriptions: Subscriptions = Field(default=(), description="Who gets them.")


class FailureNotices(Model):
    """Notices of runs that did not go well, and alarms."""

    automatic: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Whether each error that no step catches sends a notice with the step and the cause."
    )
    subscriptions: Subscriptions = Field(default=(), description="Who gets them.")


class Notifications(Model):
    """Who is told what."""

    success: SuccessNotices = Field(default=SuccessNotices(), description="Notices of success.")
    failure: FailureNotices = Field(default=FailureNotices(), description="Notices of failure, and alarms.")
