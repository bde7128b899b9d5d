"""What others hear of executions: metrics, and events of their status."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awslab.local.aws.states.store import Execution
    from awslab.local.aws.world import World


def began(world: World, account: str, region: str, execution: Execution) -> None:
    """Tell that an execution has begun."""


def ended(world: World, account: str, region: str, execution: Execution) -> None:
    """Tell how an execution has ended."""
