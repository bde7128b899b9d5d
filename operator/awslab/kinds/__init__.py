"""The kinds: what each composes of AWS resources, and what it tells of them."""

from __future__ import annotations

from typing import Any

from .datapipeline import DATA_PIPELINE
from .kind import Kind
from .labvpc import LAB_VPC

KINDS: tuple[Kind[Any, Any], ...] = (LAB_VPC, DATA_PIPELINE)
"""Every kind that the operator reconciles; to add one, add its line here."""
