"""Elastic Load Balancing: moto keeps load balancers, target groups and listeners; how they live is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.elbv2.responses import ELBV2Response

from awslab.local.aws.elb import balancers, listeners, targets, tls
from awslab.local.aws.modelled import Modelled

if TYPE_CHECKING:
    from awslab.local.aws.world import World

__all__ = ["LoadBalancing", "listeners", "tls"]


class LoadBalancing(Modelled):
    """Answers the calls of Elastic Load Balancing, version 2."""

    def __init__(self, world: World) -> None:
        actions = {**balancers.ACTIONS, **targets.ACTIONS}
        super().__init__(world, "elasticloadbalancing", "elbv2", actions, ELBV2Response, rules="elb")
        world.changes.update({**balancers.CHANGES, **targets.CHANGES})
