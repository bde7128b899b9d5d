"""Objects in the cluster, as the commands that look at them see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from kubernetes import config as kubeconfig
from rich.text import Text

from awslab.controller import credentials
from awslab.controller.kube import ApiError, ApiGone, Kube
from awslab.controller.objects import Key, Object
from awslab.core.ownership import Owner
from awslab.kinds import KINDS
from awslab.kinds.kind import Kind

P = ParamSpec("P")
R = TypeVar("R")

INSTANCE = "default"
"""The operator's name where nothing else is said."""

SIGNS = {"Create": ("+", "green"), "Update": ("~", "yellow"), "Replace": ("±", "bold red"), "Delete": ("-", "red")}


@dataclass(frozen=True)
class Cluster:
    """The cluster that a command was told of, and the namespace it is about."""

    kube: Kube
    namespace: str

    def get(self, reference: str) -> Live:
        """The object that *reference*, such as ``labvpc/production``, names; raises ClickException."""
        kind, name = named(reference)
        return self.find(kind, name)

    def find(self, kind: Kind[Any, Any], name: str) -> Live:
        """The object of *kind* with that name, as it is now; raises ClickException."""
        with told():
            try:
                obj = self.kube.get(kind, Key(kind.name, self.namespace, name))
            except ApiGone as error:
                missing = f"there is no {kind.api.singular} {name} in namespace {self.namespace}"
                raise click.ClickException(f"{missing}; see: kubectl get {kind.plural} -A") from error
        return Live(self, kind, {"apiVersion": kind.api.api_version, "kind": kind.name, **obj})


@dataclass(frozen=True)
class Live:
    """One object in the cluster."""

    cluster: Cluster
    kind: Kind[Any, Any]
    obj: Object

    @property
    def meta(self) -> Mapping[str, Any]:
        """Its metadata."""
        meta: Mapping[str, Any] = self.obj["metadata"]
        return meta

    @property
    def name(self) -> str:
        """``LabVpc lab/production``."""
        return f"{self.kind.name} {self.meta['namespace']}/{self.meta['name']}"

    @property
    def owner(self) -> Owner:
        """Whose resources they are, for drawings: by the operator's usual instance name."""
        return Owner(INSTANCE, self.kind.name, self.meta["namespace"], self.meta["name"])

    @property
    def status(self) -> Mapping[str, Any]:
        """What the operator told of it; empty where it has not yet."""
        return self.obj.get("status") or {}

    @property
    def deleting(self) -> bool:
        """Whether somebody asked for its deletion."""
        return bool(self.meta.get("deletionTimestamp"))

    @property
    def is_current(self) -> bool:
        """Whether the status is about the newest spec."""
        return bool(self.status.get("observedGeneration") == self.meta.get("generation"))

    def condition(self, type_: str) -> Mapping[str, Any]:
        """One condition; empty where there is none."""
        return next((c for c in self.status.get("conditions", ()) if c["type"] == type_), {})

    def again(self) -> Live:
        """The object as it is now; raises ClickException where it is gone."""
        return self.cluster.find(self.kind, self.meta["name"])


def in_cluster(command: Callable[P, R]) -> Callable[..., R]:
    """Give *command* the options that say which cluster and namespace, and the ``cluster`` itself."""

    @click.option("-n", "--namespace", help="The namespace; else that of the kubeconfig's context.")
    @click.option("--kubeconfig", envvar="AWSLAB_KUBECONFIG", help="Path of a kubeconfig; else KUBECONFIG.")
    @click.option("--context", help="Context of the kubeconfig; else its current one.")
    @wraps(command)
    def wrapped(*args: Any, namespace: str | None, kubeconfig: str | None, context: str | None, **more: Any) -> R:
        return command(*args, cluster=_cluster(namespace, kubeconfig, context), **more)  # type: ignore[arg-type]

    return wrapped


def _cluster(namespace: str | None, path: str | None, context: str | None) -> Cluster:
    kube = Kube(lambda: credentials.load(path, context))
    return Cluster(kube, namespace or _namespace_of_context(path, context) or "default")


def _namespace_of_context(path: str | None, context: str | None) -> str:
    """The namespace that the kubeconfig's context names, as kubectl takes it."""
    try:
        contexts, current = kubeconfig.list_kube_config_contexts(path)
    except (kubeconfig.ConfigException, OSError):
        return ""
    chosen = next((c for c in contexts if c["name"] == context), current)
    return str(chosen["context"].get("namespace", ""))


def named(reference: str) -> tuple[Kind[Any, Any], str]:
    """The kind and name in ``labvpc/production``; kinds by every name that kubectl knows."""
    word, slash, name = reference.partition("/")
    kinds = {n: k for k in KINDS for n in (k.api.singular, k.plural, *k.api.short_names)}
    kind = kinds.get(word.lower())
    if not (slash and name) or kind is None:
        known = ", ".join(k.api.singular for k in KINDS)
        raise click.BadParameter(f"{reference} is no object; say KIND/NAME, with a kind of {known}")
    return kind, name


@contextmanager
def told() -> Iterator[None]:
    """Say what the API server refused in a sentence."""
    try:
        yield
    except ApiError as error:
        raise click.ClickException(str(error)) from error


def plan_lines(plan: Mapping[str, Any]) -> Iterator[Text]:
    """A plan as in ``status.plan``, for people: a line a resource, a line a change."""
    for step in plan["steps"]:
        sign, style = SIGNS[step["action"]]
        about = f"  ({step['id']})" if step.get("id") else ""
        line = Text(f"  {sign} {step['resource']}{about}", style)
        yield line.append("".join(_warnings(step)), "bold red").append(f"  {step.get('reason', '')}".rstrip(), "dim")
        for change in step.get("changes", ()):
            yield Text(f"        {change['field']}: {change.get('from')} -> {change.get('to')}", "dim")
    yield Text(f"{plan['summary']}; plan {plan['hash']}")
    yield from cost_lines(plan.get("cost"))


def cost_lines(cost: Mapping[str, str] | None) -> Iterator[Text]:
    """What a plan changes in the cost, of ``status.plan.cost``; nothing where it stays or is not known."""
    if cost and cost["before"] != cost["after"]:
        yield Text(f"estimated cost: {cost['before']} -> {cost['after']} a month ({cost['difference']})")


def _warnings(step: Mapping[str, Any]) -> Iterator[str]:
    if step.get("losesData"):
        yield "  loses data"
    if step.get("interrupts"):
        yield "  interrupts service"
