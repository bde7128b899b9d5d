"""What everything of a pipeline is called in AWS: known before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from awslab.core.ownership import Owner

WORK = "work/"
"""Where steps leave what they hand on to each other."""

START = "start-run"
"""The part of the function that begins a run; no step can have that name."""


@dataclass(frozen=True)
class Place:
    """The account and region of one owner."""

    owner: Owner
    partition: str
    account: str
    region: str

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """``arn:aws:lambda:us-east-1:123456789012:function:...``."""
        where = (self.region if region else "", self.account if account else "")
        return ":".join(("arn", self.partition, service, *where, resource))

    def name(self, part: str, limit: int = 64) -> str:
        """What AWS calls *part*."""
        return self.owner.physical_name(part, limit)


@dataclass(frozen=True)
class Names:
    """The ARNs of one pipeline's parts."""

    place: Place

    # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

    def bucket(self, part: str = "") -> str:
        """A bucket of our own."""
        return self.bucket_named(self.place.owner.bucket_name(part, self.place.account, self.place.region))

    def bucket_named(self, name: str) -> str:
        """Any bucket."""
        return self.place.arn("s3", name, region=False, account=False)

    def function(self, part: str) -> str:
        """The function of a step, or *start*."""
        return self.place.arn("lambda", f"function:{self.place.name(part)}")

    def function_log(self, part: str) -> str:
        """The log group of a function."""
        return self.place.arn("logs", f"log-group:/aws/lambda/{self.place.name(part)}")

    @property
    def machine_log(self) -> str:
        """The log group of the state machine; this prefix keeps the account's policy for log deliveries short.

        https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        """
        return self.place.arn("logs", f"log-group:/aws/vendedlogs/states/{self.place.name('runs')}")

    def role(self, part: str) -> str:
        """An IAM role; the path is the owner's."""
        return self.place.arn("iam", f"role{self.place.owner.path}{self.place.name(part)}", region=False)

    @property
    def machine(self) -> str:
        """The state machine."""
        return self.place.arn("states", f"stateMachine:{self.place.name('runs', 80)}")

    def topic(self, part: str) -> str:
        """A topic."""
        return self.place.arn("sns", self.place.name(part))

    @property
    def dead_letters(self) -> str:
        """The queue for what could not be handed on."""
        return self.place.arn("sqs", self.place.name("dead-letters", 80))

    @property
    def rule(self) -> str:
        """EventBridge's rule for uploads."""
        return self.place.arn("events", f"rule/{self.place.name('uploads')}")

    @property
    def table(self) -> str:
        """The table of runs that were done."""
        return self.place.arn("dynamodb", f"table/{self.place.name('runs', 255)}")

    def alarm(self, part: str) -> str:
        """An alarm."""
        return self.place.arn("cloudwatch", f"alarm:{self.place.name(part, 255)}")

    @property
    def dashboard(self) -> str:
        """The dashboard: of no region."""
        return self.place.arn("cloudwatch", f"dashboard/{self.place.name('pipeline', 255)}", region=False)

    def console(self, path: str) -> str:
        """An address in AWS's console."""
        domains = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
        domain = domains.get(self.place.partition, "aws.amazon.com")
        return f"https://{self.place.region}.console.{domain}/{path}"

    def notification(self, bucket: str) -> str:
        """Our entry in the notifications of a bucket."""
        return f"{bucket}#{self.place.name('uploads', 255)}"

    def events_switch(self, bucket: str) -> str:
        """A bucket's switch for EventBridge."""
        return f"{bucket}#eventbridge"
