"""What IAM documents are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from awslab.core.ownership import OWNER_TAG

INSTANCE = "default"
"""The operator's name in the policies; whoever uses another writes it there."""

MANAGED_POLICY_LIMIT = 6144
"""Characters, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

Json = dict[str, Any]


def text(document: Json) -> str:
    """As it is written to a file."""
    return json.dumps(document, indent=2) + "\n"


def document(*statements: Json) -> Json:
    """A policy of those statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(
    sid: str, actions: Iterable[str], resources: Iterable[str] = (), condition: Mapping[str, Any] | None = None
) -> Json:
    """One statement that allows; without resources it is about everything."""
    made: Json = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources) or ["*"]}
    return made | ({"Condition": dict(condition)} if condition else {})


def owner(what: str, kind: str) -> dict[str, str]:
    """Any owner of *kind*, in the tags of the request or of the resource."""
    return {f"aws:{what}/{OWNER_TAG}": f"{INSTANCE}/{kind}/*"}


def requested(kind: str) -> Json:
    """The call itself gives the tag that makes it ours."""
    return {"StringLike": owner("RequestTag", kind)}


def tagged(kind: str) -> Json:
    """The resource has the tag that makes it ours."""
    return {"StringLike": owner("ResourceTag", kind)}


def ours(kind: str) -> Json:
    """The resource is ours, and if its owner's tag is given anew, it stays so."""
    return {**tagged(kind), "StringLikeIfExists": owner("RequestTag", kind)}


def nobodys(kind: str) -> Json:
    """The resource has no owner, and the call gives it ours."""
    return {"Null": {f"aws:ResourceTag/{OWNER_TAG}": "true"}, **requested(kind)}
