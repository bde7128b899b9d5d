"""Layers: archives that several functions share."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import packages, shapes
from awslab.local.aws.lambda_.asked import API
from awslab.local.aws.lambda_.model import LayerVersion
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")
SAID = ("Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")


@book.behaves(
    "layer-number",
    "PublishLayerVersion",
    does="Each version of a layer has the next number, also where earlier ones were deleted.",
    see=API + "API_PublishLayerVersion.html",
)
def publish(asked: LambdaAsked) -> dict[str, Any]:
    """Make a version of a layer."""
    name, region = _name(asked), asked.region
    number = region.layer_numbers.get(name, 0) + 1
    shown = {key: asked.params[key] for key in SAID if key in asked.params}
    shown["CreatedDate"] = shapes.moment(asked.world.clock())
    arn = f"arn:aws:lambda:{asked.call.region}:{asked.call.account}:layer:{name}:{number}"
    made = LayerVersion(arn, number, packages.code_of(asked, asked.params.get("Content", {})), shown)
    region.layers.setdefault(name, []).append(made)
    region.layer_numbers[name] = number
    return _shown(asked, made)


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return a version of a layer."""
    arn = asked.params.get("Arn", "")
    name, number = (arn.split(":")[-2], arn.split(":")[-1]) if arn else (_name(asked), asked.params["VersionNumber"])
    found = next((one for one in asked.region.layers.get(name, []) if str(one.number) == str(number)), None)
    if found is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", HTTPStatus.NOT_FOUND)
    return _shown(asked, found)


def delete(asked: LambdaAsked) -> None:
    """Delete a version of a layer; functions that have it keep it, and one that is gone is no error."""
    name, number = _name(asked), str(asked.params["VersionNumber"])
    asked.region.layers[name] = [one for one in asked.region.layers.get(name, []) if str(one.number) != number]


def list_all(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of the layers, each with its last version."""
    shown = [
        {
            "LayerName": name,
            "LayerArn": versions[-1].arn.rpartition(":")[0],
            "LatestMatchingVersion": shapes.layer(versions[-1]),
        }
        for name, versions in sorted(asked.region.layers.items())
        if versions
    ]
    return asked.page("Layers", shown)


def list_versions(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of a layer's versions, newest first."""
    versions = asked.region.layers.get(_name(asked), [])
    return asked.page("LayerVersions", [shapes.layer(one) for one in reversed(versions)])


def _name(asked: LambdaAsked) -> str:
    return str(asked.params["LayerName"]).rpartition(":")[2]


def _shown(asked: LambdaAsked, one: LayerVersion) -> dict[str, Any]:
    return shapes.layer(one, endpoint=packages.location(asked, one.code))
