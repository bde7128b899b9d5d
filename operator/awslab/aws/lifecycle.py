"""How long S3 keeps objects: the rules of a bucket's lifecycle."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from awslab.core.values import FrozenMap


@dataclass(frozen=True)
class LifecycleRule:
    """What becomes of the objects under a prefix, in days; None: nothing."""

    prefix: str = ""
    """"" for all objects."""
    expire: int | None = None
    """After its creation an object is deleted: where versions are kept, its last one becomes an older one."""
    expire_versions: int | None = None
    """After an older version has been replaced it is deleted."""
    abort_uploads: int | None = None
    """After its begin an upload in parts that was never finished is given up."""
    transitions: tuple[tuple[int, str], ...] = ()
    """After so many days, to which storage class; in order."""
    drop_markers: bool = False
    """Whether a delete marker goes once no version is left behind it."""
    enabled: bool = True
    further: str = ""
    """What else a rule of somebody else's says, as JSON: nothing that is ever wanted."""

    def __str__(self) -> str:
        words = [self.prefix or "everything", *_words(self)]
        return "; ".join(words) + ("" if self.enabled else "; disabled") + self.further


Lifecycle = FrozenMap[str, LifecycleRule]
NONE: Lifecycle = FrozenMap()


def _words(rule: LifecycleRule) -> Iterable[str]:
    if rule.expire:
        yield f"deleted after {rule.expire} days"
    if rule.expire_versions:
        yield f"older versions deleted after {rule.expire_versions} days"
    if rule.abort_uploads:
        yield f"unfinished uploads given up after {rule.abort_uploads} days"
    for days, storage in rule.transitions:
        yield f"{storage} after {days} days"
    if rule.drop_markers:
        yield "delete markers without versions dropped"


def written(rules: Mapping[str, LifecycleRule]) -> list[dict[str, Any]]:
    """Rules as S3 takes them."""
    return [_written(id_, rule) for id_, rule in sorted(rules.items())]


def _written(id_: str, rule: LifecycleRule) -> dict[str, Any]:
    if rule.further:
        return {"ID": id_, **json.loads(rule.further)}
    parts: dict[str, Any] = {"Filter": {"Prefix": rule.prefix}, "Status": "Enabled" if rule.enabled else "Disabled"}
    if rule.expire or rule.drop_markers:
        parts["Expiration"] = {"Days": rule.expire} if rule.expire else {"ExpiredObjectDeleteMarker": True}
    if rule.expire_versions:
        parts["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.expire_versions}
    if rule.abort_uploads:
        parts["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": rule.abort_uploads}
    if rule.transitions:
        parts["Transitions"] = [{"Days": days, "StorageClass": storage} for days, storage in rule.transitions]
    return {"ID": id_, **parts}


def read(rules: Iterable[Mapping[str, Any]]) -> Lifecycle:
    """Rules as S3 gives them back; one that says more than ours can is kept as it stands."""
    return FrozenMap({rule.get("ID", ""): _read(rule) for rule in rules})


def _read(rule: Mapping[str, Any]) -> LifecycleRule:
    expiration = rule.get("Expiration", {})
    read = LifecycleRule(
        prefix=rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")),
        expire=expiration.get("Days"),
        expire_versions=rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
        abort_uploads=rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        transitions=tuple(sorted((t.get("Days", 0), t["StorageClass"]) for t in rule.get("Transitions", ()))),
        drop_markers=bool(expiration.get("ExpiredObjectDeleteMarker")),
        enabled=rule["Status"] == "Enabled",
    )
    plain = {key: value for key, value in rule.items() if key != "ID"}
    same = _comparable(_written("", read)) == _comparable(plain)
    return read if same else LifecycleRule(further=_text(plain))


def _comparable(rule: Mapping[str, Any]) -> str:
    """The rule without what says nothing: an empty filter is an empty prefix, a marker is not dropped by default."""
    parts = {key: value for key, value in rule.items() if key not in {"ID", "Filter", "Prefix"}}
    filter_ = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
    if parts.get("Expiration", {}).get("ExpiredObjectDeleteMarker") is False:
        parts["Expiration"] = {k: v for k, v in parts["Expiration"].items() if k != "ExpiredObjectDeleteMarker"}
    parts["Transitions"] = sorted(map(_text, parts.get("Transitions", ())))
    return _text({**parts, "Filter": filter_})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
