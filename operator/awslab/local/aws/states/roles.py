"""The role of a state machine: who may take it on, and clients that act in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sts.models import sts_backends

from awslab.local.aws import inside

if TYPE_CHECKING:
    from awslab.local.aws.world import World

SERVICE = "states.amazonaws.com"


def client(world: World, role_arn: str, service: str, region: str) -> Any:
    """Return a client that acts as a role."""
    return inside.client(world, service, region, ("AKIA", "x", None))
