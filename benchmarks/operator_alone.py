"""The operator's process with stubs in place of boto3's clients: as many networks as asked for, all as wanted.

Everything else is the product: watch, cache, queue, workers, sweeps, plans. What is missing is what boto3 spends on
HTTP and XML.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
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
    if not number:
        return text
    return _form(text).replace("@@@@@", f"{number:05x}").replace("#####", str(number))


@functools.cache
def _form(text: str) -> str:
    """The *text* with marks where copies differ."""
    return ID.sub(r"\g<1>@@@@@", re.sub(rf"\b{NAME}\b(?!\d)", "net-#####", text))


ID = re.compile(r"\b((?!pl-)[a-z]+-[0-9a-f]{12})([0-9a-f]{5})\b")
"""An id of AWS's, which in a copy ends with the number of its network; the prefix lists are the same for all."""


class StubClient:
    """Lists copies of one network's resources, and nothing of what that network does not have; forgets what is written.

    The *template* has an answer for each operation about the first network, by its name, or by its name and `of VPC`
    where the VPC is asked about.
    """

    def __init__(self, service: str, template: dict[str, str], count: int) -> None:
        self.meta = boto3.client(service, region_name=REGION).meta
        self._template, self._count = template, count

    def get_paginator(self, operation: str) -> Any:
        """As boto3's, with a page for each network."""
        stub = self

        class _Paginator:
            def paginate(self, PaginationConfig: Any = None, **arguments: Any) -> Iterator[dict[str, Any]]:  # noqa: N803, ARG002 - as boto3's
                return stub.pages(operation, arguments)

        return _Paginator()

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        """Any operation: all pages as one answer."""
        return lambda **arguments: functools.reduce(_joined, self.pages(operation, arguments))

    def pages(self, operation: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The answer about each network that is asked about; an empty one about what the first does not have."""
        text = json.dumps(arguments)
        known = f"{operation} of VPC" if "vpc-id" in text or "resource-id" in text else operation
        if known not in self._template:
            yield self._empty(operation)
            return
        for number in self._numbers(text):
            yield json.loads(copy_of(self._template[known], number))

    def _numbers(self, asked: str) -> Iterable[int]:
        """The networks that a call is about, by their ids and owners; that of the template, where it names none."""
        if "/*" in asked:
            return range(1, self._count + 1)
        owners, ids = re.findall(r"/net-(\d+)", asked), ID.findall(asked)
        return sorted({*map(int, owners), *(int(number, 16) for _, number in ids)}) or [0]

    def _empty(self, operation: str) -> dict[str, Any]:
        shape = self.meta.service_model.operation_model(self.meta.method_to_api_mapping[operation]).output_shape
        return {name: [] for name, member in shape.members.items() if member.type_name == "list"} if shape else {}

    def describe_vpc_attribute(self, Attribute: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own word
        """Both are on."""
        return {Attribute[0].upper() + Attribute[1:]: {"Value": True}}


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {key: [*value, *second[key]] if isinstance(value, list) else value for key, value in first.items()}


class _Stubs(dict[tuple[str, str], Any]):
    """The clients of a session, made when they are asked for."""

    def __init__(self, make: Callable[[str], StubClient]) -> None:
        super().__init__()
        self._make = make

    def __contains__(self, where: object) -> bool:
        return True

    def __missing__(self, where: tuple[str, str]) -> StubClient:
        self[where] = self._make(where[0])
        return self[where]  # type: ignore[no-any-return] # just put there


class StubReconciler(LabReconciler):
    """The product's, with clients that call nobody."""

    make: Callable[[str], StubClient]

    def clients(self, region: str, account: Account = OWN) -> Clients:
        """As the product's, and the stubs in it."""
        clients = super().clients(region, account)
        if not isinstance(clients._clients, _Stubs):  # noqa: SLF001 - the one place where the stubs come in
            clients._clients = _Stubs(self.make)  # noqa: SLF001 - as above
        return clients


def main(template: str, count: str, kubeconfig: str, resync: str, port: str) -> int:
    """Run until SIGTERM."""
    address = f"127.0.0.1:{port}"
    settings = operator_settings(kubeconfig=kubeconfig, resync=float(resync), metrics_address=address)
    reconciler = StubReconciler(settings, KINDS)
    answers = json.loads(Path(template).read_text())
    reconciler.make = lambda service: StubClient(service, answers, int(count))
    return Operator(settings, KINDS, reconciler).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
