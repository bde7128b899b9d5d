"""In which account an object is to be made, and whether it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from awslab.api.awsaccount import AwsAccountSpec
from awslab.api.base import sentences
from awslab.api.common import STAYS
from awslab.api.kinds import AWS_ACCOUNT
from awslab.aws.accounts import NONE, OWN, Account
from awslab.core.errors import AccountChanged, AccountNotAllowed, AccountNotFound, RegionNotAllowed
from awslab.core.values import FrozenMap

from .handle import Handle
from .objects import Key, Object, meta

ANNOTATION = "awslab.dev/account"
"""On a namespace: the AwsAccount of the objects that name none."""

KIND = AWS_ACCOUNT.kind


@dataclass(frozen=True)
class Grant:
    """An account that an object may use, and what comes with it."""

    account: Account = OWN
    default_tags: FrozenMap[str, str] = NONE

    def on_wire(self) -> dict[str, str] | None:
        """As in ``status.account``."""
        return {"name": self.account.name, "id": self.account.id} if self.account.name else None


def granted(handle: Handle, instance: str, region: str) -> Grant:
    """The account for an object that is wanted; raises Denied where it may not use it."""
    name = account_of(handle)
    if (named := _named(handle.obj)) and named != name:
        raise AccountChanged(f"spec.accountRef: this object was made {_where(handle)}: {STAYS}")
    if not name:
        return Grant()
    spec = _described(handle, name)
    _check_namespace(handle, name, spec)
    if spec.allowed_regions and region not in spec.allowed_regions:
        allowed = ", ".join(spec.allowed_regions)
        way_out = f"its administrator adds {region} to spec.allowedRegions, or spec.region names another one"
        raise RegionNotAllowed(f"AwsAccount {name} allows {allowed}, not {region}: {way_out}")
    return _grant(handle, name, spec, instance)


def granted_for_deletion(handle: Handle, instance: str) -> Grant:
    """The account from which an object is to be deleted.

    What an account allows now does not matter: what was made while it allowed that can be deleted.
    """
    name = account_of(handle)
    return _grant(handle, name, _described(handle, name), instance) if name else Grant()


def account_of(handle: Handle) -> str:
    """The name of the object's AwsAccount; empty for the operator's own account.

    What has been made stays where it is: later changes of the namespace's annotation do not move it.
    """
    if has_made_something(handle.obj):
        return _recorded(handle.obj).get("name", "")
    if named := _named(handle.obj):
        return named
    annotations: Mapping[str, str] = meta(handle.namespace()).get("annotations") or {}
    return annotations.get(ANNOTATION, "")


def target_of(obj: Object) -> list[Key]:
    """The AwsAccount that an object refers to by itself."""
    names = {_named(obj), _recorded(obj).get("name", "")} - {""}
    return [Key(KIND, "", name) for name in sorted(names)]


def has_made_something(obj: Object) -> bool:
    """Whether an object has, or may have, anything in AWS."""
    status = obj.get("status") or {}
    return bool(status.get("intents")) or any(r.get("id") for r in status.get("resources") or ())


def _named(obj: Object) -> str:
    """The AwsAccount that the spec names."""
    return str(((obj.get("spec") or {}).get("accountRef") or {}).get("name", ""))


def _recorded(obj: Object) -> Mapping[str, str]:
    """The account in which the object was made; empty for the operator's own."""
    return (obj.get("status") or {}).get("account") or {}


def _where(handle: Handle) -> str:
    recorded = _recorded(handle.obj)
    return f"in AwsAccount {recorded['name']}" if recorded else "with the operator's own credentials"


def _described(handle: Handle, name: str) -> AwsAccountSpec:
    found = handle.lookup(KIND, "", name)
    if found is None:
        raise AccountNotFound(f"AwsAccount {name} does not exist: an administrator makes it{_for_deletion(handle)}")
    try:
        return AwsAccountSpec.model_validate(found.get("spec") or {})
    except ValidationError as error:
        wrong = "; ".join(sentences(error))
        raise AccountNotFound(f"AwsAccount {name} is not valid: {wrong}; its administrator corrects it") from error


def _for_deletion(handle: Handle) -> str:
    if not handle.deleting:
        return ""
    count = len((handle.obj.get("status") or {}).get("resources") or ())
    return f" again, or sets spec.management.deletion to Retain to leave {count} resources in AWS"


def _check_namespace(handle: Handle, name: str, spec: AwsAccountSpec) -> None:
    namespace = meta(handle.obj)["namespace"]
    allowed = spec.allowed_namespaces
    labels = meta(handle.namespace()).get("labels") or {} if allowed.match_labels else {}
    if not allowed.has(namespace, labels):
        way_out = "its administrator adds it to spec.allowedNamespaces"
        raise AccountNotAllowed(f"AwsAccount {name} does not allow namespace {namespace}: {way_out}")


def _grant(handle: Handle, name: str, spec: AwsAccountSpec, instance: str) -> Grant:
    account = described(name, spec, instance)
    made_in = _recorded(handle.obj).get("id", account.id)
    if has_made_something(handle.obj) and made_in != account.id:
        was = f"AwsAccount {name} is of account {account.id} now, but this object was made in {made_in}"
        raise AccountChanged(f"{was}: its administrator brings back a role of {made_in}")
    return Grant(account, FrozenMap(spec.default_tags))


def described(name: str, spec: AwsAccountSpec, instance: str) -> Account:
    """The account that an AwsAccount describes."""
    return Account(
        name=name,
        role_arn=spec.role_arn,
        external_id=spec.external_id or "",
        session_name=spec.session_name or f"awslab-{instance}",
        session_tags=FrozenMap(spec.session_tags),
        endpoint=spec.endpoint or "",
    )
