"""What somebody else may have beside our networks."""

from __future__ import annotations

from typing import Any


def prefix_list(ec2: Any, cidr: str) -> str:
    """The id of a new list, named theirs, of one range of addresses."""
    entries = [{"Cidr": cidr, "Description": "one"}]
    made = ec2.create_managed_prefix_list(PrefixListName="theirs", MaxEntries=1, AddressFamily="IPv4", Entries=entries)
    return str(made["PrefixList"]["PrefixListId"])
