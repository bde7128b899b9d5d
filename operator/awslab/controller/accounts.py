"""In which account an object is to be made, and whether it may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from awslab.api.awsaccount import AwsAccountSpec
from awslab.api.base import sentences
from awslab.api.common import STAYS
from awslab.api.kinds import AWS_ACCOUNT
from awslab.aws.accounts import NONE, OWN, Account
from awslab.core.errors import AccountChanged, AccountNotAllowed, AccountNotFound, RegionNotAllowed
from awslab.core.values import FrozenMap
from awslab.kinds.kind import Neighbor

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


def others(
    handle: Handle, instance: str, neighbors: Iterable[Neighbor] = (), *, strict: bool = True
) -> dict[str, Account]:
    """The other accounts in which an object acts, by their ids.

    Those that the spec names must be allowed, else this raises Denied; those of the objects that it refers to,
    and of what it had earlier, are taken where they are. Unless it is *strict*, nothing raises.
    """
    named, theirs = _named_inside(handle.obj), {_account_named(n.status) for n in neighbors}
    allowed: dict[str, Account] = {}
    for name in sorted({*named, *theirs, *_earlier(handle.obj)} - {account_of(handle), ""}):
        try:
            spec = _described(handle, name)
            _check_namespace(handle, name, spec)
        except (AccountNotFound, AccountNotAllowed):
            if strict and name in named:
                raise
        else:
            account = described(name, spec, instance)
            allowed[account.id] = account
    return allowed


def _named_inside(obj: Object) -> set[str]:
    """The AwsAccounts that parts of the spec name."""

    def search(value: Any) -> Iterator[str]:
        if isinstance(value, Mapping):
            if isinstance(ref := value.get("accountRef"), Mapping) and isinstance(ref.get("name"), str):
                yield ref["name"]
            for inner in value.values():
                yield from search(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from search(inner)

    return {name for part in (obj.get("spec") or {}).values() for name in search(part)}


def _account_named(status: Mapping[str, Any]) -> str:
    """The AwsAccount in which an object was made; empty for the operator's own account."""
    return str((status.get("account") or {}).get("name", ""))


def _earlier(obj: Object) -> set[str]:
    """The AwsAccounts in which it has acted."""
    return {account["name"] for account in (obj.get("status") or {}).get("otherAccounts") or ()}


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
    names = {_named(obj), _recorded(obj).get("name", ""), *_named_inside(obj), *_earlier(obj)} - {""}
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
