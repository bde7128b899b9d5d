"""The permissions that the operator needs in AWS, by kind."""

from __future__ import annotations

from typing import Any

from awslab.aws.ec2 import Ec2Resource
from awslab.kinds.kind import Kind

from . import ec2, named
from .documents import Json, document


def policy(kind: Kind[Any, Any]) -> Json:
    """The permissions to make, keep and delete objects of *kind*, of what is its own only."""
    return document(*(ec2.statements(kind.name) if _uses_ec2(kind) else named.statements(kind.name, _names(kind))))


def services_policy(kind: Kind[Any, Any]) -> Json | None:
    """Of a kind that uses EC2, those to look at EC2, and those in other services: one policy would be too long."""
    return document(*ec2.looking(), *named.statements(kind.name, _names(kind))) if _uses_ec2(kind) else None


def adoption_policy(kind: Kind[Any, Any]) -> Json | None:
    """What adoption needs besides, and the repair of lost owner tags: in EC2 only."""
    return document(*ec2.adoption(kind.name)) if _uses_ec2(kind) else None


def _names(kind: Kind[Any, Any]) -> list[str]:
    return [type_.__name__ for type_ in kind.types]


def _uses_ec2(kind: Kind[Any, Any]) -> bool:
    return any(issubclass(type_, Ec2Resource) for type_ in kind.types)
