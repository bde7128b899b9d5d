"""ClientToken: the same request with the same token is carried out once, and answered alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.ec2.context import Context
    from awslab.local.aws.wire import Answer

book = Book("ec2")


@book.behaves(
    "client-token",
    "Create*",
    "RunInstances",
    "Allocate*",
    "Modify*",
    code="IdempotentParameterMismatch",
    does="A call repeated with its ClientToken makes nothing new and gets the first answer;"
    " with other parameters it is refused.",
    see="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html",
)
def once(context: Context, carry_out: Callable[[], Answer]) -> Answer:
    """Carry a call out unless its token tells that it was; a refused call may be tried again."""
    token = context.params.get("ClientToken")
    if not token:
        return carry_out()
    call = context.call
    key = (call.account, call.region, call.action, token)
    asked = json.dumps(context.params, sort_keys=True, default=str)  # before moto puts things of its own in
    remembered = context.world.recall(key)
    if remembered is None:
        answer = carry_out()
        context.world.remember(key, asked, answer)
        return answer
    if remembered.asked != asked:
        sentence = "The client token was already used with other parameters; use a new one for a new request."
        raise AwsError("IdempotentParameterMismatch", sentence)
    return remembered.answer
