"""What a composition has to know of AWS before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from .instance import Image
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


def image(clients: Clients, wanted: str) -> Image:
    """The image of that id, or that a public parameter of Systems Manager leads to now.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
    """
    named = wanted.startswith("ami-")
    id_ = wanted if named else clients.client("ssm").get_parameter(Name=wanted)["Parameter"]["Value"]
    (item,) = clients.client("ec2").describe_images(ImageIds=[id_])["Images"]
    return Image(item["ImageId"], item["RootDeviceName"], wanted)


def identity(clients: Clients) -> Identity:
    """The partition and account of the credentials in use."""
    who = clients.client("sts").get_caller_identity()
    return Identity(who["Arn"].split(":")[1], who["Account"])
