"""Tags of functions, by Lambda's own calls and by those of the tagging API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend
from moto.core.resource_tagging import TaggedResource

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import model
from awslab.local.aws.lambda_.asked import DEVELOPERS
from awslab.local.aws.rules import Book
from awslab.local.aws.world import current

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")


@book.behaves(
    "tags-of-functions",
    "TagResource",
    "UntagResource",
    "ListTags",
    code="InvalidParameterValueException",
    does="Tags are a function's; a version or an alias has none.",
    see=DEVELOPERS + "configuration-tags.html",
)
def _tags(asked: LambdaAsked) -> dict[str, str]:
    arn = asked.params.get("Resource", "")
    reference = model.read_name(arn)
    if reference.qualifier:
        sentence = "Tags on function aliases and versions are not supported. Please specify a function ARN."
        raise AwsError("InvalidParameterValueException", sentence)
    return model.find(asked.world, asked.call.account, asked.call.region, reference).function.tags


def add(asked: LambdaAsked) -> None:
    """Add tags."""
    _tags(asked).update(asked.params.get("Tags", {}))


def remove(asked: LambdaAsked) -> None:
    """Take tags away."""
    tags = _tags(asked)
    for key in asked.params.get("TagKeys", []):
        tags.pop(key, None)


def shown(asked: LambdaAsked) -> dict[str, Any]:
    """Return the tags."""
    return {"Tags": _tags(asked)}


def _tagged(backend: Any) -> Iterator[TaggedResource]:
    """Yield our functions to moto's tagging API."""
    functions = model.region_of(current(), backend.account_id, backend.region_name).functions
    for one in functions.values():
        yield TaggedResource(arn=one.arn, tags=one.tags, resource_type="lambda:function")


def _tags_of(backend: Any, arn: str) -> dict[str, str]:
    return model.find(current(), backend.account_id, backend.region_name, model.read_name(arn)).function.tags


def _tag(backend: Any, resource_arn: str, tags: dict[str, str]) -> None:
    _tags_of(backend, resource_arn).update(tags)


def _untag(backend: Any, resource_arn: str, tag_keys: list[str]) -> None:
    for key in tag_keys:
        _tags_of(backend, resource_arn).pop(key, None)


def apply() -> None:
    """Let moto's tagging API see our functions instead of moto's."""
    LambdaBackend.iter_tagged_resources = _tagged
    LambdaBackend.list_tags = _tags_of
    LambdaBackend.tag_resource = _tag
    LambdaBackend.untag_resource = _untag
