"""Tags: what a key may be, how many there may be, and that they go with their resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.ec2.index import forget_tags
from awslab.local.aws.ec2.kinds import exists, kind_of
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.ec2.context import Context

book = Book("ec2")
SEE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"
MAKING = ("Create*", "AllocateAddress", "RunInstances", "Authorize*")
MOST = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
TAGGABLE = {
    "CreateVpc": {"vpc"},
    "CreateSubnet": {"subnet"},
    "CreateDhcpOptions": {"dhcp-options"},
    "CreateInternetGateway": {"internet-gateway"},
    "CreateEgressOnlyInternetGateway": {"egress-only-internet-gateway"},
    "AllocateAddress": {"elastic-ip"},
    "CreateNatGateway": {"natgateway"},
    "CreateRouteTable": {"route-table"},
    "CreateSecurityGroup": {"security-group"},
    "AuthorizeSecurityGroupIngress": {"security-group-rule"},
    "AuthorizeSecurityGroupEgress": {"security-group-rule"},
    "CreateNetworkAcl": {"network-acl"},
    "CreateNetworkInterface": {"network-interface"},
    "CreateVpcEndpoint": {"vpc-endpoint"},
    "CreateVpcPeeringConnection": {"vpc-peering-connection"},
    "CreateTransitGatewayVpcAttachment": {"transit-gateway-attachment"},
    "CreateVpnGateway": {"vpn-gateway"},
    "CreateFlowLogs": {"vpc-flow-log"},
    "RunInstances": {"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"},
}


def _specified(context: Context) -> list[dict[str, Any]]:
    """Return the tags of each resource type that a call shall make."""
    return context.params.get("TagSpecifications") or context.params.get("TagSpecification") or []


def _tags(context: Context) -> list[dict[str, Any]]:
    """Return every tag in a call, of CreateTags or of what is made."""
    loose = context.params.get("Tags") or []
    return [*loose, *(tag for specified in _specified(context) for tag in specified.get("Tags") or [])]


@book.refuses(
    "tag-reserved-prefix",
    *MAKING,
    "DeleteTags",
    code="InvalidParameterValue",
    does="Tag keys that begin with `aws:` are AWS's own.",
    see=SEE,
)
def reserved_prefix(context: Context) -> str | None:
    """Refuse a key of AWS's own."""
    reserved = any(str(tag.get("Key", "")).lower().startswith("aws:") for tag in _tags(context))
    return "Tag keys starting with 'aws:' are reserved for internal use" if reserved else None


@book.refuses(
    "tag-length",
    *MAKING,
    code="InvalidParameterValue",
    does="A tag's key has at most 128 characters and its value at most 256.",
    see=SEE,
)
def length(context: Context) -> str | None:
    """Refuse what is too long."""
    for tag in _tags(context):
        if len(str(tag.get("Key", ""))) > LONGEST_KEY:
            return f"Tag key exceeds the maximum length of {LONGEST_KEY} characters"
        if len(str(tag.get("Value", ""))) > LONGEST_VALUE:
            return f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters"
    return None


@book.refuses(
    "tag-duplicate-key",
    *MAKING,
    code="InvalidParameterValue",
    does="One call cannot give the same tag key twice.",
    see=SEE,
)
def duplicate_key(context: Context) -> str | None:
    """Refuse a key given twice for one resource."""
    lists = [context.params.get("Tags") or [], *(one.get("Tags") or [] for one in _specified(context))]
    for tags in lists:
        keys = [tag.get("Key") for tag in tags]
        if doubled := next((key for key in keys if keys.count(key) > 1), None):
            return f"Duplicate tag key '{doubled}' specified."
    return None


@book.refuses(
    "tag-wrong-type",
    *TAGGABLE,
    code="InvalidParameterValue",
    does="TagSpecifications must name a resource type that the call makes.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html",
)
def wrong_type(context: Context) -> str | None:
    """Refuse tags for something that the call does not make."""
    for specified in _specified(context):
        if (type_ := specified.get("ResourceType")) not in TAGGABLE[context.call.action]:
            return f"'{type_}' is not a valid taggable resource type for this operation."
    return None


@book.refuses(
    "tag-limit",
    *MAKING,
    code="TagLimitExceeded",
    does="A resource has at most 50 tags.",
    see=SEE,
)
def limit(context: Context) -> str | None:
    """Refuse the 51st tag."""
    fresh = {tag.get("Key") for tag in context.params.get("Tags") or []}
    counts = [len(one.get("Tags") or []) for one in _specified(context)]
    counts += [len(fresh | set(context.ec2.tags.get(id_, ()))) for id_ in context.params.get("Resources") or []]
    return (
        f"The maximum number of Tags for a resource has been reached: {MOST}" if max(counts, default=0) > MOST else None
    )


@book.refuses(
    "tag-missing-resource",
    "CreateTags",
    "DeleteTags",
    code="*.NotFound",
    does="Tags can only be set on what is there; the code is that of the resource's type.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html",
)
def missing_resource(context: Context) -> str | None:
    """Refuse tags for a resource that is not there."""
    for id_ in context.params.get("Resources") or []:
        kind = kind_of(id_)
        if kind and not exists(kind, context.ec2, id_):
            raise AwsError(kind.missing, kind.sentence.format(id=id_))
    return None


@book.follows(
    "tags-go-with-resource",
    "Delete*",
    "ReleaseAddress",
    does="The tags of a deleted resource are gone with it.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html",
)
def go_with_resource(context: Context, _result: Any) -> None:
    """Forget the tags of what the call has deleted."""
    for id_ in context.call.resources():
        kind = kind_of(id_)
        if kind and id_ in context.ec2.tags and not exists(kind, context.ec2, id_):
            forget_tags(context.ec2, id_)
