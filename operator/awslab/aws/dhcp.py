"""DHCP options: what machines in a VPC are told of names and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed

from .blockers import filters as only
from .ec2 import VALUES, Ec2Resource, Filters, Item, pages
from .network import Vpc
from .session import Aws

DEFAULT = "default"
"""What AWS calls the options that a VPC has without any of its own."""

KEYS = {"domain_name": "domain-name", "servers": "domain-name-servers", "ntp_servers": "ntp-servers"}


@dataclass(frozen=True, kw_only=True)
class DhcpOptions(Ec2Resource):
    """A set of options and the VPC that uses it; AWS changes no set, so another one has another name."""

    noun: ClassVar = "dhcp-options"
    id_key: ClassVar = "DhcpOptionsId"
    id_filter: ClassVar = "dhcp-options-id"
    mutable: ClassVar = frozenset({"vpc"})
    late: ClassVar = frozenset({"vpc"})

    vpc: Vpc
    domain_name: str = ""
    servers: tuple[str, ...] = ()
    ntp_servers: tuple[str, ...] = ()

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterable[Item]:
        """Every set, with the VPC that uses it."""
        sets = pages(aws, "describe_dhcp_options", "DhcpOptions", Filters=filters)
        while some := list(islice(sets, VALUES)):
            wanted = [{"Name": "dhcp-options-id", "Values": [item[cls.id_key] for item in some]}]
            users = {v[cls.id_key]: v["VpcId"] for v in pages(aws, "describe_vpcs", "Vpcs", Filters=wanted)}
            yield from ({**item, "VpcId": users.get(item[cls.id_key])} for item in some)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        told = {c["Key"]: tuple(v["Value"] for v in c["Values"]) for c in item.get("DhcpConfigurations", ())}
        listed = {field: told.get(key, ()) for field, key in KEYS.items()}
        return {**listed, "vpc": item.get("VpcId"), "domain_name": " ".join(listed["domain_name"])}

    @classmethod
    def read(cls, item: Item, name: str) -> Observed:
        found = super().read(item, name)
        return replace(found, usable=found.fields["vpc"] is not None)

    def create(self, aws: Aws, ids: Ids) -> Observed:
        wanted = {"domain_name": (self.domain_name,) if self.domain_name else (), "servers": self.servers}
        wanted |= {"ntp_servers": self.ntp_servers}
        answer = aws.ec2.create_dhcp_options(
            DhcpConfigurations=[{"Key": KEYS[f], "Values": list(values)} for f, values in wanted.items() if values],
            TagSpecifications=aws.tagged(self, self.noun),
        )
        return self.made(aws, answer["DhcpOptions"])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Let the VPC use it in place of any other set."""
        aws.ec2.associate_dhcp_options(DhcpOptionsId=found.id, VpcId=changes.desired("vpc"))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Give the VPCs that use it AWS's own options first, as AWS asks."""
        for vpc in _users(aws, found.id):
            aws.ec2.associate_dhcp_options(DhcpOptionsId=DEFAULT, VpcId=vpc)
        aws.ec2.delete_dhcp_options(DhcpOptionsId=found.id)


def _users(aws: Aws, options: str) -> Iterator[str]:
    """The VPCs that use *options* now: the plan may have given one another set meanwhile."""
    found = pages(aws, "describe_vpcs", "Vpcs", Filters=only("dhcp-options-id", options))
    return (vpc["VpcId"] for vpc in found)
