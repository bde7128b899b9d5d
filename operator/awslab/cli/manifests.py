"""Read manifests as `kubectl` would, and say in a sentence what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import ValidationError

from awslab.api.base import sentences
from awslab.api.kinds import AWS_ACCOUNT
from awslab.core.ownership import Owner
from awslab.kinds import KINDS
from awslab.kinds.kind import Kind


@dataclass(frozen=True)
class Manifest:
    """One object of ours in a file."""

    kind: Kind[Any, Any]
    name: str
    namespace: str
    spec: Any

    def owner(self, instance: str) -> Owner:
        """Whose work it is that the operator *instance* does for it."""
        return Owner(instance, self.kind.name, self.namespace, self.name)


def read(path: Path) -> list[Manifest]:
    """Every object of ours in the file, or on standard input for ``-``; raises ClickException."""
    manifests = list(_ours(_documents(path)))
    if not manifests:
        names = ", ".join(k.name for k in KINDS)
        raise click.ClickException(f"{path}: has no object of awslab.dev; its kinds are {names}")
    return manifests


def _documents(path: Path) -> list[Mapping[str, Any]]:
    """Every mapping in the file; anything else is nobody's object."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return [d for d in yaml.safe_load_all(text) if isinstance(d, Mapping)]
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path}: cannot be read: it is no text in UTF-8") from error
    except yaml.YAMLError as error:
        raise click.ClickException(f"{path}: is no YAML: {_in_one_line(error)}") from error


def _in_one_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem}, line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())


def _ours(documents: Iterable[Mapping[str, Any]]) -> Iterator[Manifest]:
    kinds = {kind.name: kind for kind in KINDS}
    for document in documents:
        if not str(document.get("apiVersion", "")).startswith("awslab.dev/"):
            continue
        if document.get("kind") == AWS_ACCOUNT.kind:
            continue  # it makes nothing in AWS
        kind, meta = kinds.get(document.get("kind", "")), document.get("metadata") or {}
        if kind is None:
            raise click.ClickException(f"kind: {document.get('kind')} is no kind of awslab.dev")
        try:
            spec = kind.spec_of(document)
        except ValidationError as error:
            raise click.ClickException(f"{kind.name}/{meta.get('name')}: " + "; ".join(sentences(error))) from error
        yield Manifest(kind, meta.get("name", ""), meta.get("namespace", "default"), spec)
