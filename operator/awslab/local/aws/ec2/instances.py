"""Instances: their states, and the interfaces that they hold until they are terminated."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState
from moto.ec2.responses.instances import InstanceResponse

from awslab.local.aws import world as worlds
from awslab.local.aws.ec2 import lookup
from awslab.local.aws.ec2.context import backend
from awslab.local.aws.ec2.images import images
from awslab.local.aws.ec2.index import forget_tags
from awslab.local.aws.errors import AwsError
from awslab.local.aws.iam.profiles import profile_of
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.world import Due, World

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
LIFECYCLE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html"
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
IMAGE_GIBIBYTES = 15  # as moto shows every image's disk
_disks_of_moto = InstanceResponse._parse_block_device_mapping  # noqa: SLF001 - moto has no other place for it
_run_of_moto = InstanceBackend.run_instances
_terminate_of_moto = Instance.terminate
_start_of_moto = Instance.start
_stop_of_moto = Instance.stop


@book.refuses(
    "instance-missing-image",
    "RunInstances",
    code="InvalidAMIID.NotFound",
    does="An instance starts from an image that is there.",
    see=API + "API_RunInstances.html",
)
def missing_image(context: Context) -> str | None:
    """Refuse an image that is not there."""
    image = context.params.get("ImageId")
    if not image and not context.params.get("LaunchTemplate"):
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    return f"The image id '[{image}]' does not exist" if image and image not in images(context.ec2) else None


@book.refuses(
    "instance-missing-subnet",
    "RunInstances",
    code="InvalidSubnetID.NotFound",
    does="An instance starts in a subnet that is there.",
    see=API + "API_RunInstances.html",
)
def missing_subnet(context: Context) -> str | None:
    """Refuse a subnet that is not there, before anything is made."""
    nics = context.params.get("NetworkInterfaces") or []
    for subnet in (context.params.get("SubnetId"), *(nic.get("SubnetId") for nic in nics)):
        if subnet and lookup.subnet(context.ec2, subnet) is None:
            return f"The subnet ID '{subnet}' does not exist"
    return None


@book.refuses(
    "instance-profile-unknown",
    "RunInstances",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    code="InvalidParameterValue",
    does="An instance profile is there, has a role, and was not made just now.",
    see="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html",
)
def unknown_profile(context: Context) -> str | None:
    """Refuse a profile that EC2 does not know."""
    arn = (context.params.get("IamInstanceProfile") or {}).get("Arn")
    profile = profile_of(arn) if arn else None
    if not arn or (profile and profile.roles and arn not in context.world.overlay.new_profiles):
        return None
    return f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"


@book.follows(
    "instance-profile-replaced",
    "ReplaceIamInstanceProfileAssociation",
    does="An instance shows the profile that took another one's place.",
    see=API + "API_ReplaceIamInstanceProfileAssociation.html",
)
def replaced_profile(context: Context, _result: Any) -> None:
    """Let the instance show what moto changes in the association only."""
    for one in context.ec2.iam_instance_profile_associations.values():
        if one.association_id == context.params.get("AssociationId"):
            one.instance.iam_instance_profile = {"Arn": one.iam_instance_profile.arn, "Id": one.association_id}


@book.refuses(
    "instance-missing-key",
    "RunInstances",
    code="InvalidKeyPair.NotFound",
    does="An instance gets a key pair that is there.",
    see=API + "API_RunInstances.html",
)
def missing_key(context: Context) -> str | None:
    """Refuse a key pair that is not there."""
    name = context.params.get("KeyName")
    return f"The key pair '{name}' does not exist" if name and name not in context.ec2.key_pairs else None


def _turn(instance: Any, state: str) -> None:
    instance._state = InstanceState(state, CODES[state])  # noqa: SLF001 - moto keeps it nowhere else


def _later(instance: Any, change: str) -> None:
    ec2 = instance.ec2_backend
    worlds.current().later(change, ec2.account_id, ec2.region_name, instance.id)


def _find(due: Due) -> Any:
    reservations = backend(due.account, due.region).reservations.values()
    return next((one for each in reservations for one in each.instances if one.id == due.id), None)


@book.behaves(
    "instance-pending",
    "RunInstances",
    "StartInstances",
    does="An instance is `pending` for a while before it is `running`.",
    see=LIFECYCLE,
)
def run(self: Any, *arguments: Any, **more: Any) -> Any:
    """Start instances as pending; the interfaces made with them are theirs."""
    there = set(self.enis)
    kept = {int(nic.get("DeviceIndex", 0)) for nic in more.get("nics", []) if nic.get("DeleteOnTermination") is False}
    reservation = _run_of_moto(self, *arguments, **more)
    for instance in reservation.instances:
        _turn(instance, "pending")
        _later(instance, "instance-running")
        for index, eni in instance.nics.items():
            eni.delete_on_termination = eni.id not in there and index not in kept
    return reservation


def start(self: Any) -> Any:
    """Start a stopped instance."""
    before = _start_of_moto(self)
    _turn(self, "pending")
    _later(self, "instance-running")
    return before


def _running(_world: World, due: Due) -> None:
    instance = _find(due)
    if instance and instance.state == "pending":
        _turn(instance, "running")


@book.behaves(
    "instance-stopping",
    "StopInstances",
    does="An instance is `stopping` for a while before it is `stopped`.",
    see=LIFECYCLE,
)
def stop(self: Any) -> Any:
    """Begin to stop an instance."""
    before = _stop_of_moto(self)
    _turn(self, "stopping")
    _later(self, "instance-stopped")
    return before


def _stopped(_world: World, due: Due) -> None:
    instance = _find(due)
    if instance and instance.state == "stopping":
        _turn(instance, "stopped")


@book.behaves(
    "instance-shutting-down",
    "TerminateInstances",
    does="An instance is `shutting-down` for a while and keeps its interfaces, and so its subnet and security groups,"
    " until it is `terminated`; it is shown for about an hour after.",
    see=LIFECYCLE,
)
def terminate(self: Any) -> Any:
    """Begin to terminate an instance."""
    before = copy.copy(self._state)
    if self.state not in {"shutting-down", "terminated"}:
        _turn(self, "shutting-down")
        _later(self, "instance-terminated")
    return before


def _terminated(world: World, due: Due) -> None:
    instance = _find(due)
    if instance is None:
        return
    ec2 = instance.ec2_backend
    for address in ec2.addresses:
        if address.instance is instance or (address.eni and address.eni.instance is instance):
            ec2.disassociate_address(address=address.public_ip)
    _terminate_of_moto(instance)
    for eni in instance.nics.values():  # which moto goes on asking for addresses, so they stay in its list
        eni.instance, eni.attachment_id, eni.status = None, None, "available"
    instance.security_groups = []
    world.later("instance-forgotten", due.account, due.region, due.id, after=due.at)


def _forgotten(_world: World, due: Due) -> None:
    ec2 = backend(due.account, due.region)
    for key, reservation in list(ec2.reservations.items()):
        reservation.instances = [one for one in reservation.instances if one.id != due.id]
        if not reservation.instances:
            del ec2.reservations[key]
    forget_tags(ec2, due.id)


@book.behaves(
    "instance-disk-of-image",
    "RunInstances",
    code="MissingParameter",
    does="The image's own disk takes its size from the image where the launch gives none.",
    see=API + "API_EbsBlockDevice.html",
)
def disks(self: Any) -> Any:
    """Give the root disk its size before moto asks for it."""
    image = images(self.ec2_backend).get(self._get_param("ImageId"))
    for wish in self._get_param("BlockDeviceMappings", []):
        if image is not None and wish.get("DeviceName") == image.root_device_name and "Ebs" in wish:
            wish["Ebs"].setdefault("VolumeSize", IMAGE_GIBIBYTES)
    return _disks_of_moto(self)


CHANGES = {
    "instance-running": _running,
    "instance-stopped": _stopped,
    "instance-terminated": _terminated,
    "instance-forgotten": _forgotten,
}
InstanceBackend.run_instances = run
InstanceResponse._parse_block_device_mapping = disks  # noqa: SLF001 - as above
Instance.start = start
Instance.stop = stop
Instance.terminate = terminate
