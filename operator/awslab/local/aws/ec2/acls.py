"""Network ACLs: entries, associations, and the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
LAST = 32767


def _acl(context: Context) -> Any:
    return context.ec2.network_acls.get(context.params.get("NetworkAclId"))


def _entry(context: Context) -> Any:
    acl, number = _acl(context), context.params.get("RuleNumber")
    egress = bool(context.params.get("Egress"))
    entries = acl.network_acl_entries if acl is not None else []
    return next((one for one in entries if one.rule_number == number and bool(one.egress) == egress), None)


@book.refuses(
    "acl-default",
    "DeleteNetworkAcl",
    code="InvalidParameterValue",
    does="A VPC's default network ACL cannot be deleted.",
    see=API + "API_DeleteNetworkAcl.html",
)
def default(context: Context) -> str | None:
    """Refuse to delete a default ACL."""
    acl = _acl(context)
    return f"cannot delete default network ACL {acl.id}" if acl is not None and acl.default else None


@book.refuses(
    "acl-in-use",
    "DeleteNetworkAcl",
    code="DependencyViolation",
    does="A network ACL that is associated with a subnet cannot be deleted.",
    see=API + "API_DeleteNetworkAcl.html",
)
def in_use(context: Context) -> str | None:
    """Refuse to delete an ACL in use."""
    acl = _acl(context)
    held = acl is not None and acl.associations
    return f"The networkAcl '{acl.id}' has dependencies and cannot be deleted." if held else None


@book.refuses(
    "acl-entry-missing",
    "DeleteNetworkAclEntry",
    "ReplaceNetworkAclEntry",
    code="InvalidNetworkAclEntry.NotFound",
    does="Only an entry that is there can be deleted or replaced.",
    see=API + "API_DeleteNetworkAclEntry.html",
)
def entry_missing(context: Context) -> str | None:
    """Refuse to touch an entry that is not there."""
    if _acl(context) is None or _entry(context) is not None:
        return None
    way = "egress" if context.params.get("Egress") else "ingress"
    return f"The network acl entry {context.params.get('RuleNumber')} {way} does not exist"


@book.refuses(
    "acl-entry-duplicate",
    "CreateNetworkAclEntry",
    code="NetworkAclEntryAlreadyExists",
    does="A direction of a network ACL has one entry of a number.",
    see=API + "API_CreateNetworkAclEntry.html",
)
def entry_duplicate(context: Context) -> str | None:
    """Refuse a number that is taken."""
    number = context.params.get("RuleNumber")
    return f"The network acl entry identified by {number} already exists." if _entry(context) else None


@book.refuses(
    "acl-entry-number",
    "CreateNetworkAclEntry",
    "DeleteNetworkAclEntry",
    "ReplaceNetworkAclEntry",
    code="InvalidParameterValue",
    does="An entry's number is between 1 and 32766; the last one is AWS's own.",
    see=API + "API_CreateNetworkAclEntry.html",
)
def entry_number(context: Context) -> str | None:
    """Refuse a number out of bounds."""
    number = context.params.get("RuleNumber")
    if number is None or 0 < int(number) < LAST:
        return None
    return f"Value ({number}) for parameter ruleNumber is invalid. Rule number must be between 1 and 32766."


@book.follows(
    "acl-last-entries",
    "CreateNetworkAcl",
    does="A new network ACL denies everything in both directions by an entry of AWS's own.",
    see=API + "API_CreateNetworkAcl.html",
)
def last_entries(context: Context, result: Any) -> None:
    """Add the entries that deny what nothing else decided."""
    for egress in (True, False):
        context.ec2.create_network_acl_entry(
            network_acl_id=result["NetworkAcl"].id,
            rule_number=LAST,
            protocol="-1",
            rule_action="deny",
            egress=egress,
            cidr_block="0.0.0.0/0",
            icmp_code=None,
            icmp_type=None,
            port_range_from=None,
            port_range_to=None,
            ipv6_cidr_block=None,
        )


@book.follows(
    "acl-entry-icmp",
    "CreateNetworkAclEntry",
    "ReplaceNetworkAclEntry",
    does="An entry about ICMP tells its type and code.",
    see=API + "API_NetworkAclEntry.html",
)
def icmp(context: Context, _result: Any) -> None:
    """Keep what moto does not read."""
    kind, entry = context.params.get("IcmpTypeCode") or {}, _entry(context)
    entry.icmp_type, entry.icmp_code = kind.get("Type"), kind.get("Code")


@book.refuses(
    "acl-association-other-vpc",
    "ReplaceNetworkAclAssociation",
    code="InvalidParameterValue",
    does="A network ACL serves subnets of its own VPC.",
    see=API + "API_ReplaceNetworkAclAssociation.html",
)
def association_other_vpc(context: Context) -> str | None:
    """Refuse the ACL of another VPC."""
    id_, acl = context.params.get("AssociationId"), _acl(context)
    before = next((one for one in context.ec2.network_acls.values() if id_ in one._associations), None)  # noqa: SLF001 - kept nowhere else
    if acl is None or before is None or acl.vpc_id == before.vpc_id:
        return None
    return f"Network ACL {acl.id} and the subnet of {id_} belong to different networks"


@book.refuses(
    "acl-association-missing",
    "ReplaceNetworkAclAssociation",
    code="InvalidAssociationID.NotFound",
    does="Only an association that is there can be replaced.",
    see=API + "API_ReplaceNetworkAclAssociation.html",
)
def association_missing(context: Context) -> str | None:
    """Refuse to replace what is not there."""
    id_ = context.params.get("AssociationId")
    there = any(id_ in acl._associations for acl in context.ec2.network_acls.values())  # noqa: SLF001 - kept nowhere else
    return None if there else f"The association ID '{id_}' does not exist"
