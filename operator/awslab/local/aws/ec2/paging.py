"""Pages: MaxResults within AWS's bounds, and a NextToken that remembers where to go on."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from awslab.local.aws.ec2.shapes import MODEL
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

book = Book("ec2")
BOUNDS = (5, 1000)
# AWS's documents: "You cannot specify this parameter and the ... IDs parameter in the same call."
NOT_TOGETHER = {
    "DescribeInstances": ("InstanceIds", "instancesSet"),
    "DescribeInstanceStatus": ("InstanceIds", "instancesSet"),
    "DescribeVolumes": ("VolumeIds", "volumeSet"),
}
SEE = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination"


@book.behaves(
    "page-size",
    "Describe*",
    code="InvalidParameterValue",
    does="MaxResults must lie within the bounds that the call documents, mostly 5 to 1,000.",
    see=SEE,
)
def page_size(action: str, params: dict[str, Any]) -> int | None:
    """Return how many items the caller wants at most; None is all of them."""
    wish = params.get("MaxResults")
    if wish is None:
        return None
    shape = MODEL.operation_model(action).input_shape.members["MaxResults"]
    low, high = (shape.metadata.get(name, bound) for name, bound in zip(("min", "max"), BOUNDS, strict=True))
    if int(wish) < low:
        sentence = f"Value ( {wish} ) for parameter maxResults is invalid. Expecting a value greater than {low}."
        raise AwsError("InvalidParameterValue", sentence)
    if int(wish) > high:
        sentence = f"Value ( {wish} ) for parameter maxResults is invalid. Expecting a value less than {high}."
        raise AwsError("InvalidParameterValue", sentence)
    _not_with_ids(action, params)
    return int(wish)


@book.behaves(
    "page-or-ids",
    *NOT_TOGETHER,
    code="InvalidParameterCombination",
    does="Where AWS documents it, MaxResults cannot be given together with ids.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html",
)
def _not_with_ids(action: str, params: dict[str, Any]) -> None:
    ids, name = NOT_TOGETHER.get(action, ("", ""))
    if ids and params.get(ids):
        sentence = f"The parameter {name} cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", sentence)


def token_for(action: str, position: int, last: str) -> str:
    """Return the token that leads on behind an item."""
    return base64.urlsafe_b64encode(json.dumps([action, position, last]).encode()).decode()


@book.behaves(
    "page-token",
    "Describe*",
    code="InvalidParameterValue",
    does="A NextToken is good only for the call that gave it; anything else is refused.",
    see=SEE,
)
def begin(action: str, token: str | None, keys: list[str]) -> int:
    """Return where a page begins: behind the last item shown, wherever that is now."""
    if not token:
        return 0
    try:
        of, position, last = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error, TypeError):
        of, position, last = "", 0, ""
    if of != action:
        raise AwsError("InvalidParameterValue", "The token is invalid or has expired.")
    try:
        return keys.index(last) + 1
    except ValueError:
        return int(position)
