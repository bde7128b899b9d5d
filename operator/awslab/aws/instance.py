"""Instances, and the keys with which people log in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from awslab.core.diff import Changes
from awslab.core.errors import NotYet
from awslab.core.resource import Ids, Observed, Phase, Usual

from .blockers import filters
from .ec2 import Ec2Resource, Filters, Item, pages
from .instance_profile import InstanceProfile
from .network import Subnet
from .security_group import SecurityGroup
from .session import Aws


@dataclass(frozen=True)
class Image:
    """A machine image, and what a launch has to know of it."""

    id: str
    root_device: str = "/dev/xvda"
    source: str = ""
    """What led to it: its id, or a public parameter of Systems Manager."""


def digest(user_data: str) -> str:
    """A hash of user data, by which to compare: it may hold what nobody else should read."""
    return hashlib.sha256(user_data.encode()).hexdigest()[:16] if user_data else ""


@dataclass(frozen=True, kw_only=True)
class KeyPair(Ec2Resource):
    """A public key that AWS gives to instances; the private one never comes here."""

    noun: ClassVar = "key-pair"
    id_key: ClassVar = "KeyPairId"
    id_filter: ClassVar = "key-pair-id"

    key_name: str
    """What AWS calls it; another key needs another name, as instances keep the one that they were made with."""
    public_key: str
    """Type and key, without a comment."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """List the keys; this call of AWS has no pages."""
        keys: list[Item] = aws.ec2.describe_key_pairs(Filters=filters, IncludePublicKey=True)["KeyPairs"]
        return keys

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {"key_name": item["KeyName"], "public_key": " ".join(item["PublicKey"].split()[:2])}

    def create(self, aws: Aws, ids: Ids) -> Observed:
        answer = aws.ec2.import_key_pair(
            KeyName=self.key_name,
            PublicKeyMaterial=self.public_key.encode(),
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, {**answer, "PublicKey": self.public_key})

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.delete_key_pair(KeyName=found.fields["key_name"])


@dataclass(frozen=True, kw_only=True)
class Instance(Ec2Resource):
    """A machine in a subnet: with metadata by session token only, and an encrypted disk."""

    noun: ClassVar = "instance"
    id_key: ClassVar = "InstanceId"
    id_filter: ClassVar = "instance-id"
    usual: ClassVar = Usual(create=20, delete=40)
    mutable: ClassVar = frozenset({"groups", "profile", "tokens_only", "running"})
    unobserved: ClassVar = frozenset({"key", "root_device", "user_data"})
    one_by_one: ClassVar = frozenset({"encrypted", "user_data_digest"})
    phases: ClassVar = {
        "pending": Phase.PENDING,
        "running": Phase.READY,
        "stopping": Phase.PENDING,
        "stopped": Phase.READY,
        "shutting-down": Phase.DELETING,
        "terminated": Phase.GONE,  # still listed for about an hour
    }

    subnet: Subnet
    groups: frozenset[SecurityGroup]
    image: str
    """Its id."""
    instance_type: str
    profile: InstanceProfile | None = None
    key_name: str = ""
    key: KeyPair | None = None
    root_device: str = "/dev/xvda"
    user_data: str = ""
    user_data_digest: str = ""
    encrypted: bool = True
    tokens_only: bool = True
    """Whether the metadata service answers only to who has a session token (IMDSv2)."""
    running: bool = True

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterator[Item]:
        for reservation in pages(aws, "describe_instances", "Reservations", Filters=filters):
            yield from reservation["Instances"]

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        """Read one description; its state is no plain word."""
        state = item["State"]["Name"]
        reason = (item.get("StateReason") or {}).get("Message", "")
        return super().read({**item, "State": state, "FailureMessage": reason, "Running": state != "stopped"}, name)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "subnet": item.get("SubnetId"),
            "groups": frozenset(g["GroupId"] for g in item.get("SecurityGroups", ())),
            "image": item["ImageId"],
            "instance_type": item["InstanceType"],
            "profile": (item.get("IamInstanceProfile") or {}).get("Arn"),
            "key_name": item.get("KeyName") or "",
            "tokens_only": (item.get("MetadataOptions") or {}).get("HttpTokens") == "required",
            "running": item["Running"],
        }

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"public_ip": item.get("PublicIpAddress", ""), "private_ip": item.get("PrivateIpAddress", "")}

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """Add what the listing does not tell: its disks, and the digest of its user data."""
        if found.phase in {Phase.GONE, Phase.DELETING}:
            return found
        attached = filters("attachment.instance-id", found.id)
        volumes = list(pages(aws, "describe_volumes", "Volumes", Filters=attached))
        attribute = aws.ec2.describe_instance_attribute(InstanceId=found.id, Attribute="userData")
        text = base64.b64decode((attribute.get("UserData") or {}).get("Value") or "").decode(errors="replace")
        more = {"encrypted": all(v["Encrypted"] for v in volumes), "user_data_digest": digest(text)}
        return replace(found, fields={**found.fields, **more})

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Launch it; a new instance profile is refused for some seconds."""
        try:
            answer = aws.ec2.run_instances(**self._launch(aws, ids))
        except ClientError as error:
            if "iamInstanceProfile" in error.response["Error"]["Message"]:
                raise NotYet("waits until EC2 knows the instance profile") from error
            raise
        begin = {"encrypted": True, "user_data_digest": self.user_data_digest}
        return self.made(aws, answer["Instances"][0], **begin)

    def _launch(self, aws: Aws, ids: Ids) -> dict[str, Any]:
        disk = {"Encrypted": True, "VolumeType": "gp3", "DeleteOnTermination": True}
        (tags,) = aws.tagged(self, self.noun)
        return {
            "ImageId": self.image,
            "InstanceType": self.instance_type,
            "MinCount": 1,
            "MaxCount": 1,
            "NetworkInterfaces": [self._interface(ids)],
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": self.root_device, "Ebs": disk}],
            "ClientToken": aws.token(self),
            "TagSpecifications": [tags, {**tags, "ResourceType": "volume"}],
            **({"IamInstanceProfile": {"Arn": ids.of(self.profile)}} if self.profile else {}),
            **({"KeyName": self.key_name} if self.key_name else {}),
            **({"UserData": self.user_data} if self.user_data else {}),
        }

    def _interface(self, ids: Ids) -> dict[str, Any]:
        """Its public address is asked for here: the subnet may not give any yet, and later none can be had.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/working-with-ip-addresses.html
        """
        return {
            "DeviceIndex": 0,
            "SubnetId": ids.of(self.subnet),
            "Groups": sorted(ids.of(g) for g in self.groups),
            "AssociatePublicIpAddress": self.subnet.public_ips,
        }

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        if changes.of("running"):
            aws.ec2.start_instances(InstanceIds=[found.id])
        if groups := changes.of("groups"):
            gone = {c.key for c in groups.removals}
            wanted = {*found.fields["groups"], *(c.key for c in groups.additions)} - gone
            aws.ec2.modify_instance_attribute(InstanceId=found.id, Groups=sorted(wanted))
        if changes.of("profile"):
            _associate(aws, found.id, changes.desired("profile"))
        if changes.of("tokens_only"):
            aws.ec2.modify_instance_metadata_options(InstanceId=found.id, HttpTokens="required", HttpEndpoint="enabled")

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.ec2.terminate_instances(InstanceIds=[found.id])


def _associate(aws: Aws, instance: str, profile: str | None) -> None:
    """Give *instance* that profile in place of any other."""
    of_it = filters("instance-id", instance)
    there = pages(aws, "describe_iam_instance_profile_associations", "IamInstanceProfileAssociations", Filters=of_it)
    association = next((a["AssociationId"] for a in there if a["State"] in {"associating", "associated"}), None)
    if association and profile is None:
        aws.ec2.disassociate_iam_instance_profile(AssociationId=association)
    elif association:
        aws.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile={"Arn": profile})
    else:
        aws.ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Arn": profile})
