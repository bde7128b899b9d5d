"""Key pairs: known by an id and by a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")


@book.refuses(
    "key-pair-taken",
    "ImportKeyPair",
    "CreateKeyPair",
    code="InvalidKeyPair.Duplicate",
    does="A region has one key pair of a name.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportKeyPair.html",
)
def taken(context: Context) -> Any:
    """Refuse a name that is taken."""
    name = context.params.get("KeyName")
    return f"The keypair '{name}' already exists." if name in context.ec2.key_pairs else None
