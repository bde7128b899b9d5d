"""Where the outputs of an object are written for applications: a ConfigMap or a Secret of its namespace."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from .base import Model, Rule, StatusModel, UniqueItems
from .references import ObjectName

KEY = r"^[-._a-zA-Z0-9]+$"

OutputKey = Annotated[
    str,
    Field(max_length=253),
    Rule(
        message="must consist of letters, digits and - _ .",
        cel=f"self.matches('{KEY}')",
        check=lambda text: re.fullmatch(KEY, text) is not None,
    ),
]


class Destination(Model):
    """A ConfigMap or Secret that the operator makes and keeps."""

    name: ObjectName = Field(description="Its name. One that exists and is not this object's is never touched.")
    keys: Annotated[tuple[OutputKey, ...], Field(max_length=50), UniqueItems()] = Field(
        default=(), description="The outputs to write, for example vpcId; none means all of them."
    )


class Outputs(Model):
    """Where outputs are written, once the object is Ready."""

    config_map: Destination | None = Field(default=None, description="A ConfigMap of the object's namespace.")
    secret: Destination | None = Field(
        default=None, description="A Secret of the object's namespace; the operator's settings must allow it."
    )


class WrittenOutput(StatusModel):
    """Something that outputs were written to."""

    kind: str = Field(description="ConfigMap or Secret.")
    name: str = Field(description="Its name.")
