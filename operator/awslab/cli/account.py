"""AWS as the operator sees it for a live object: its account, its region."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import click

from awslab.aws.accounts import located
from awslab.aws.errors import translated
from awslab.aws.session import Aws
from awslab.controller.accounts import granted
from awslab.controller.handle import Handle
from awslab.controller.reconcile import LabReconciler
from awslab.core.errors import LabError
from awslab.kinds import KINDS
from awslab.settings import Settings

from .live import INSTANCE, Live, told
from .lookahead import Onlooker


@contextmanager
def aws_of(live: Live, instance: str = INSTANCE) -> Iterator[Aws]:
    """AWS with the caller's credentials, in the account that the object is made in; errors are sentences."""
    onlooker, region = cast("Handle", Onlooker(live.cluster.kube, live.obj)), live.obj["spec"]["region"]
    world = LabReconciler(Settings.model_validate({"instance": instance}), KINDS)
    with told():
        try:
            clients = world.clients(region, granted(onlooker, instance, region).account)
        except LabError as error:
            raise click.ClickException(f"{live.name}: {error}") from error
    try:
        with translated():
            yield Aws(clients, live.owner)
    except LabError as error:
        raise click.ClickException(f"{live.name}: {located(error, clients)}") from error
