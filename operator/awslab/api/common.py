"""Parts that every kind shares: networks, tags, and what a spec and a status begin with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema as cs

from .base import Immutable, KeyedBy, Model, Rule, StatusModel, Timestamp, UniqueItems, with_validations
from .management import Adopt, Approved, Management, NonConverging, PlanStatus
from .outputs import Outputs, WrittenOutput
from .references import AccountRef, Namespaces

MAX_TAG_KEY = 128
REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"


def ipv4_network(text: str) -> IPv4Network | None:
    """Read a network in CIDR notation; None if it is not one. Host bits are allowed, netmasks are not."""
    if not re.fullmatch(r"[0-9.]+/(0|[1-9][0-9]?)", text):
        return None
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def _about_networks(check: Callable[[IPv4Network], bool]) -> Callable[[str], bool]:
    """Ask only about what is a network at all: that it is one is a rule of its own."""

    def ask(text: str) -> bool:
        network = ipv4_network(text)
        return network is None or check(network)

    return ask


def prefix_between(largest: int, smallest: int, example: str) -> Rule:
    """Hold a network's size between two prefix lengths."""
    return Rule(
        message=f"must be between /{largest} and /{smallest}, for example {example}",
        cel=f"!isCIDR(self) || (cidr(self).prefixLength() >= {largest} && cidr(self).prefixLength() <= {smallest})",
        check=_about_networks(lambda network: largest <= network.prefixlen <= smallest),
    )


Cidr = Annotated[
    str,
    Field(max_length=43),
    Rule(
        message="must be an IPv4 network in CIDR notation, for example 10.0.0.0/16",
        cel="isCIDR(self) && cidr(self).ip().family() == 4",
        check=lambda text: ipv4_network(text) is not None,
    ),
    Rule(
        message="must have no bits set behind its prefix, for example 10.0.0.0/16 instead of 10.0.1.0/16",
        cel="!isCIDR(self) || cidr(self) == cidr(self).masked()",
        check=lambda text: (network := ipv4_network(text)) is None or str(network) == text,
    ),
]

RegionName = Annotated[
    str,
    Field(max_length=32),
    Rule(
        message="must be the name of an AWS region, for example us-east-1",
        cel=f"self.matches('{REGION}')",
        check=lambda text: re.fullmatch(REGION, text) is not None,
    ),
]

Region = Annotated[
    RegionName,
    Immutable("make a new object in the other region, move what uses this one, then delete this one"),
]

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Ports = Annotated[tuple[Port, ...], Field(min_length=1, max_length=10), UniqueItems()]


def _only_tag_characters(text: str) -> bool:
    """Letters, digits, spaces of any script and the punctuation that AWS documents for tags.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    return all(char in "_.:/=+-@" or unicodedata.category(char)[0] in "LZN" for char in text)


_TAG_CHARACTERS = r"^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$"
_TAG_SENTENCE = "letters, digits, spaces and _ . : / = + - @"


def _every_key(check: Callable[[str], bool]) -> Callable[[Iterable[str]], bool]:
    return lambda keys: all(map(check, keys))


TagValue = Annotated[
    str,
    Field(max_length=256),
    Rule(
        message=f"must consist of {_TAG_SENTENCE}",
        cel=f"self.matches('{_TAG_CHARACTERS}')",
        check=_only_tag_characters,
    ),
]

Tags = Annotated[
    Mapping[str, TagValue],
    Field(max_length=40),
    Rule(
        message=f"must have keys of 1 to {MAX_TAG_KEY} characters",
        cel=f"self.all(key, 1 <= size(key) && size(key) <= {MAX_TAG_KEY})",
        check=_every_key(lambda key: 1 <= len(key) <= MAX_TAG_KEY),
    ),
    Rule(
        message="must not have keys that begin with aws: (kept by AWS) or awslab.dev/ (kept by the operator)",
        cel="self.all(key, !key.matches('^(?i:aws:|awslab[.]dev/)'))",
        check=_every_key(lambda key: not key.lower().startswith(("aws:", "awslab.dev/"))),
    ),
    Rule(
        message=f"must have keys of {_TAG_SENTENCE}",
        cel=f"self.all(key, key.matches('{_TAG_CHARACTERS}'))",
        check=_every_key(_only_tag_characters),
    ),
]


STAYS = "AWS resources never move between accounts, make a new object in the other account, then delete this one"


class KindSpec(Model):
    """What the spec of every kind begins with."""

    region: Region = Field(description="The AWS region in which everything is made, for example us-east-1.")
    tags: Tags = Field(
        default_factory=dict,
        description="Tags for everything that is made, beside those by which the operator knows its own.",
    )
    management: Management = Field(
        default=Management(), description="What the operator may do on its own: modes, drift, deletion."
    )
    adopt: Adopt = Field(default=Adopt(), description="What exists already and is to be taken over.")
    account_ref: Annotated[AccountRef, Immutable(STAYS)] | None = Field(
        default=None,
        description="The AwsAccount in which everything is made. Without it: the one that the annotation "
        "awslab.dev/account of the namespace names, else the account of the operator's own credentials.",
    )
    allowed_namespaces: Namespaces = Field(
        default=Namespaces(),
        description="The other namespaces whose objects may refer to this one. Its own namespace always may.",
    )
    outputs: Outputs = Field(
        default=Outputs(), description="Where the outputs are written for applications, once the object is Ready."
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Let the account neither come nor go later: a rule of the field itself sees only changes of it."""
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        same = {
            "rule": "has(self.accountRef) == has(oldSelf.accountRef)",
            "message": f"cannot be set or taken away later: {STAYS}",
            "fieldPath": ".accountRef",
        }
        with_validations(handler.resolve_ref_schema(schema), [same])
        return schema


class Condition(StatusModel):
    """One aspect of the object's state, as Kubernetes defines conditions."""

    type: str = Field(description="The aspect, for example Ready.", max_length=316)
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this condition is about."
    )
    last_transition_time: Timestamp = Field(description="When the status last went from one value to another.")
    reason: str = Field(description="One CamelCase word for programs.", max_length=1024)
    message: str = Field(description="One plain sentence for people.", max_length=32768)


class ResourceStatus(StatusModel):
    """One resource in AWS that belongs to the object."""

    address: str = Field(description="The resource's place in the composition, for example Subnet/public-a.")
    id: str | None = Field(default=None, description="The id that AWS gave it.")
    state: str = Field(description="What the operator last saw or did, for example Ready, Creating or Waiting.")
    message: str | None = Field(default=None, description="What is waited for or what went wrong.")
    since: Timestamp | None = Field(default=None, description="Since when it is in this state.")


class DriftItem(StatusModel):
    """One field of one resource that is not as the spec wants it."""

    resource: str = Field(description="The address of the resource, for example RouteTable/public.")
    field: str = Field(description="The field that differs.")
    desired: str | None = Field(default=None, description="What the spec asks for.")
    observed: str | None = Field(default=None, description="What AWS has.")
    since: Timestamp | None = Field(default=None, description="When the difference was first seen.")


class Summary(StatusModel):
    """Short texts for the columns of kubectl get."""

    drift: str | None = Field(default=None, description="None, or how many fields differ.")
    message: str | None = Field(default=None, description="The message of the condition Ready.")
    monthly_cost: str | None = Field(default=None, description="The estimated cost a month, with its currency.")


class CostPart(StatusModel):
    """What is paid for together."""

    part: str = Field(description="A type of resources, or a service by what goes through it.")
    count: int | None = Field(default=None, ge=0, description="How many resources of the type.")
    monthly: str = Field(description="A month, for example $65.70.")


class CostStatus(StatusModel):
    """What the object costs a month, by list prices; `awslab cost` tells what that goes by."""

    monthly: str = Field(description="All of it, for example $84.88.")
    parts: tuple[CostPart, ...] = Field(default=(), description="What is paid for, without what is free.")
    prices_as_of: str = Field(description="When the prices were last compared with AWS's, for example 2025-06.")


class AccountStatus(StatusModel):
    """The account in which the resources of an object were made."""

    name: str = Field(description="The name of the AwsAccount.")
    id: str | None = Field(default=None, description="The id of the account in AWS.")


class KindStatus(StatusModel):
    """What the status of every kind begins with."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that the operator last worked on."
    )
    conditions: Annotated[tuple[Condition, ...], KeyedBy(("type",))] = Field(
        default=(), description="Ready, Synced, Reconciling, Stalled and others, as kstatus reads them."
    )
    resources: tuple[ResourceStatus, ...] = Field(
        default=(), description="Everything in AWS that belongs to this object, with its state."
    )
    drift: tuple[DriftItem, ...] = Field(
        default=(), description="Every field that somebody else changed and that is not yet put back."
    )
    cost: CostStatus | None = Field(
        default=None, description="The estimated cost; none where the prices of the region are not known."
    )
    plan: PlanStatus | None = Field(
        default=None, description="What would be done next; there while something is to be done or approved."
    )
    approved: Approved | None = Field(default=None, description="The approved plan that is being carried out.")
    non_converging: tuple[NonConverging, ...] = Field(
        default=(), description="Fields that were written without effect; after three times they are left alone."
    )
    intents: Mapping[str, Timestamp] = Field(
        default_factory=dict,
        description="What is about to be made and since when, so that nothing is made twice after a crash.",
    )
    account: AccountStatus | None = Field(
        default=None,
        description="The AwsAccount in use; none for the operator's own credentials. What was made stays there.",
    )
    other_accounts: tuple[AccountStatus, ...] = Field(
        default=(), description="The further AwsAccounts in which it acts, such as that of a peered network."
    )
    outputs: tuple[WrittenOutput, ...] = Field(
        default=(), description="What the outputs were written to and is the object's own."
    )
    synced_digest: str | None = Field(
        default=None,
        description="The hash of all that was wanted when AWS was last found to be so: a difference "
        "while it stays the same is drift.",
    )
    applied_tag_keys: tuple[str, ...] = Field(
        default=(),
        description="The keys of spec.tags that were last applied: one that leaves the spec leaves AWS.",
    )
