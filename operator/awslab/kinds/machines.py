"""The instances of a network: what they are made of, and the bastion."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import partial

from awslab.api.labvpc import LabVpcSpec
from awslab.api.labvpc_parts import AmiRefresh, Bastion, BastionAccess, Machine
from awslab.aws.iam import Role
from awslab.aws.instance import Image, Instance, KeyPair
from awslab.aws.instance_profile import InstanceProfile
from awslab.aws.lookups import image
from awslab.aws.policies import Policy, Statement, trust
from awslab.core.values import FrozenMap

from .address_plan import Tier
from .kind import Situation
from .network_layout import Layout

BASTION, WEB = "bastion", "web"
NEWEST = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"
ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*)[.]")
"""The families of instances with AWS's own processors: t4g, m7gd, c7gn."""

SESSIONS: Policy = FrozenMap(
    {
        "Sessions": Statement.allow(
            [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            ["*"],
        )
    }
)
"""What Session Manager needs, and no more.

https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
"""


def machines(spec: LabVpcSpec) -> dict[str, Machine]:
    """What instances are made of, by what they are for."""
    asked: dict[str, Machine | None] = {BASTION: spec.bastion, WEB: spec.web_server}
    return {name: machine for name, machine in asked.items() if machine}


def names_matter(spec: LabVpcSpec) -> bool:
    """Whether there is anything with an ARN of our choice."""
    return bool(machines(spec)) or spec.flow_logs is not None


def images(spec: LabVpcSpec, situation: Situation) -> dict[str, Image]:
    """The images to use: those that were found before, unless the spec wants the newest or another one."""
    before = situation.status.get("images") or {}
    return {name: _image(machine, before.get(name) or {}, situation) for name, machine in machines(spec).items()}


def _image(machine: Machine, before: Mapping[str, str], situation: Situation) -> Image:
    wanted = machine.ami or NEWEST.format("arm64" if ARM.match(machine.instance_type) else "x86_64")
    if machine.ami_refresh is AmiRefresh.PINNED and before.get("source") == wanted:
        return Image(before["id"], before["rootDevice"], wanted)
    found: Image = situation.clients.fact(f"image {wanted}", partial(image, wanted=wanted))
    return found


def as_status(image: Image) -> dict[str, str]:
    """An image as ``status.images`` keeps it."""
    return {"id": image.id, "rootDevice": image.root_device, "source": image.source}


def bastion(layout: Layout) -> None:
    """An instance in the first zone, in public if it has that, with a role for Session Manager or a key for SSH."""
    asked = layout.spec.bastion
    if asked is None:
        return
    by_ssh = asked.access is BastionAccess.SSH
    key = _key(layout, asked) if by_ssh else None
    role = None if by_ssh else profile(layout, BASTION)
    chosen = layout.facts.images[BASTION]
    layout.graph.add(
        Instance(
            name=BASTION,
            subnet=layout.tiers.get(Tier.PUBLIC, layout.tiers[Tier.PRIVATE])[layout.zones[0]],
            groups=frozenset({layout.groups[BASTION]}),
            image=chosen.id,
            root_device=chosen.root_device,
            instance_type=asked.instance_type,
            profile=role,
            key=key,
            key_name=key.key_name if key else "",
            tags=layout.tags,
        )
    )


def _key(layout: Layout, asked: Bastion) -> KeyPair:
    """The key pair; its name follows from the key, as instances keep the one that they were made with."""
    public = " ".join((asked.public_key or "").split()[:2])
    part = f"{BASTION}-{hashlib.sha256(public.encode()).hexdigest()[:8]}"
    name = layout.facts.owner.physical_name(part, 255)
    return layout.graph.add(KeyPair(name=BASTION, key_name=name, public_key=public, tags=layout.tags))


def profile(layout: Layout, name: str) -> InstanceProfile:
    """What lets people into an instance by Session Manager."""
    facts = layout.facts
    path = f"{facts.owner.path}{facts.owner.physical_name(name)}"
    role = layout.graph.add(
        Role(
            name=name,
            arn=facts.arn("iam", f"role{path}"),
            trust=trust("ec2.amazonaws.com"),
            access=SESSIONS,
            tags=layout.tags,
        )
    )
    return layout.graph.add(
        InstanceProfile(name=name, arn=facts.arn("iam", f"instance-profile{path}"), role=role, tags=layout.tags)
    )
