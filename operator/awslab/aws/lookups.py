"""What a composition has to know of AWS before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from .session import Clients


def availability_zones(clients: Clients) -> tuple[str, ...]:
    """The names of the region's ordinary zones that the account may use, sorted.

    AWS leaves out those that the account has not opted into; a zone that is
    impaired just now is among them: what exists there stays.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
    """
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}]
    answer = clients.client("ec2").describe_availability_zones(Filters=filters)
    return tuple(sorted(z["ZoneName"] for z in answer["AvailabilityZones"]))


@dataclass(frozen=True)
class Identity:
    """Whose credentials they are."""

    partition: str
    account: str


def identity(clients: Clients) -> Identity:
    """The partition and account of the credentials in use."""
    who = clients.client("sts").get_caller_identity()
    return Identity(who["Arn"].split(":")[1], who["Account"])
