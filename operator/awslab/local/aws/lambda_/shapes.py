"""Answers of Lambda: how a version, an alias, a layer look on the wire."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from awslab.local.aws.lambda_.model import LATEST

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.model import Alias, Function, LayerVersion, Version

PENDING = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
UPDATING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}


def configuration(function: Function, version: Version, *, qualified: bool = True) -> dict[str, Any]:
    """Return a version's configuration; the ARN has the version's number only where it was asked for."""
    shown = {key: value for key, value in version.settings.items() if value not in (None, {}, [])}
    if not shown.get("Environment", {}).get("Variables", True):
        del shown["Environment"]
    status = PENDING if version.state == "Pending" else {"State": version.state} | _update(version)
    code = {"CodeSha256": version.code.sha256, "CodeSize": len(version.code.data)}
    arn = f"{function.arn}:{version.number}" if qualified else function.arn
    return (
        {"FunctionName": function.name, "FunctionArn": arn, "Version": version.number}
        | shown
        | code
        | {"LastModified": moment(version.modified), "RevisionId": version.revision}
        | status
    )


def _update(version: Version) -> dict[str, Any]:
    return UPDATING if version.updating else {"LastUpdateStatus": "Successful"}


def is_qualified(version: Version, qualifier: str) -> bool:
    """Tell whether an answer names the version in its ARN."""
    return bool(qualifier) or version.number != LATEST


def moment(seconds: float) -> str:
    """Return a moment as Lambda writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03}+0000"


def alias(function: Function, one: Alias) -> dict[str, Any]:
    """Return an alias."""
    shown: dict[str, Any] = {
        "AliasArn": f"{function.arn}:{one.name}",
        "Name": one.name,
        "FunctionVersion": one.version,
        "Description": one.description,
        "RevisionId": one.revision,
    }
    return shown | ({"RoutingConfig": {"AdditionalVersionWeights": one.weights}} if one.weights else {})


def layer(one: LayerVersion, *, endpoint: str = "") -> dict[str, Any]:
    """Return a version of a layer, with its content where an address is given."""
    shown = one.shown | {"LayerVersionArn": one.arn, "Version": one.number}
    if not endpoint:
        return shown
    content = {"Location": endpoint, "CodeSha256": one.code.sha256, "CodeSize": len(one.code.data)}
    return shown | {"LayerArn": one.arn.rpartition(":")[0], "Content": content}
