"""The operator's process with a stub in place of boto3's client: as many networks as asked for, all as wanted.

Everything else is the product: watch, cache, queue, workers, sweeps, plans. What is missing is what boto3 spends on
HTTP and XML.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from awslab.aws.accounts import OWN, Account
from awslab.aws.session import Clients
from awslab.controller.operator import Operator
from awslab.controller.reconcile import LabReconciler
from awslab.kinds import KINDS

from .world import REGION, operator_settings

NAME = "vpc-0"
"""Of the LabVpc that all others are copies of."""


def copy_of(text: str, number: int) -> str:
    """The JSON *text* about the first network, as it reads for another one."""
    text = re.sub(rf"\b{NAME}\b(?!\d)", f"net-{number}", text)
    return re.sub(r"\b([a-z]+-[0-9a-f]{12})[0-9a-f]{5}\b", rf"\g<1>{number:05x}", text) if number else text


class StubEc2:
    """Lists copies of one network's resources; takes new tags and forgets them."""

    def __init__(self, template: dict[str, str], count: int) -> None:
        self.meta = boto3.client("ec2", region_name=REGION).meta
        self._template, self._count = template, count

    def get_paginator(self, operation: str) -> Any:
        """As boto3's."""
        stub = self

        class _Paginator:
            def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
                filters = arguments.get("Filters") or arguments.get("Filter") or []
                return (json.loads(page) for page in stub.pages(operation, filters))

        return _Paginator()

    def pages(self, operation: str, filters: list[dict[str, Any]]) -> Iterator[str]:
        """A page for each network whose owner passes the filter."""
        wish = next((f["Values"][0] for f in filters if f["Name"].startswith("tag:")), "")
        number = re.search(r"net-(\d+)$", wish)
        numbers = [int(number[1])] if number else range(1, self._count + 1) if "*" in wish else []
        return (copy_of(self._template[operation], n) for n in numbers)

    def describe_addresses(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's own words
        """The only listing without pages."""
        pages = self.pages("describe_addresses", Filters)
        return {"Addresses": [address for page in pages for address in json.loads(page)["Addresses"]]}

    def describe_vpc_attribute(self, Attribute: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Both are on."""
        return {Attribute[0].upper() + Attribute[1:]: {"Value": True}}

    def describe_availability_zones(self, **_: Any) -> dict[str, Any]:
        """As the local AWS answered."""
        answer: dict[str, Any] = json.loads(self._template["describe_availability_zones"])
        return answer

    def create_tags(self, **_: Any) -> dict[str, Any]:
        """Take note of nothing."""
        return {}


class StubReconciler(LabReconciler):
    """The product's, with clients that call nobody."""

    stub: StubEc2

    def clients(self, region: str, account: Account = OWN) -> Clients:
        """As the product's, and the stub in it."""
        clients = super().clients(region, account)
        clients._clients.setdefault(("ec2", region), self.stub)  # noqa: SLF001 - the one place where the stub comes in
        return clients


def main(template: str, count: str, kubeconfig: str, resync: str, port: str) -> int:
    """Run until SIGTERM."""
    address = f"127.0.0.1:{port}"
    settings = operator_settings(kubeconfig=kubeconfig, resync=float(resync), metrics_address=address)
    reconciler = StubReconciler(settings, KINDS)
    reconciler.stub = StubEc2(json.loads(Path(template).read_text()), int(count))
    return Operator(settings, KINDS, reconciler).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
