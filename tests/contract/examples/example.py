"""What an example is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from awslab.core.ownership import Owner
from awslab.core.resource import Resource

OWNER = Owner("test", "LabVpc", "lab", "net", "uid-1")
"""Whose all examples are: names in AWS follow from it."""


@dataclass(frozen=True)
class Example:
    """A resource, and for each mutable field how somebody else would change it.

    A drift is a function of ``aws``, which returns a boto3 client by the name of its service, and of the
    resource as it was found.
    """

    resource: Resource
    drifts: dict[str, Callable[[Any, Any], Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return type(self.resource).__name__
