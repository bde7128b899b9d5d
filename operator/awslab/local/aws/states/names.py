"""Names and ARNs of Step Functions."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.states.store import Machine

book = Book("states")
NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")


@book.behaves(
    "machine-names",
    "CreateStateMachine",
    "StartExecution",
    code="InvalidName",
    does="Names have 1 to 80 characters, none of them white space, brackets, wildcards, control or special characters.",
    see="https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html",
)
def check_name(name: str) -> str:
    """Return a name that is one; raises AwsError."""
    if not NAME.fullmatch(name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    return name


def execution_arn(machine: Machine, name: str) -> str:
    """Return the ARN of an execution; an express one's is always its own."""
    if machine.type == "EXPRESS":
        return machine.arn.replace(":stateMachine:", ":express:") + f":{name}:{uuid.uuid4()}"
    return machine.arn.replace(":stateMachine:", ":execution:") + f":{name}"
