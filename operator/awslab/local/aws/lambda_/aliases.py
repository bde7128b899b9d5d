"""Aliases: names that point to published versions."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import model, shapes
from awslab.local.aws.lambda_.asked import API
from awslab.local.aws.lambda_.model import LATEST, Alias, Function
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")


@book.refuses(
    "alias-exists",
    "CreateAlias",
    code="ResourceConflictException",
    status=HTTPStatus.CONFLICT,
    does="An alias's name is unique among the aliases of its function.",
    see=API + "API_CreateAlias.html",
)
def _exists(asked: LambdaAsked) -> str | None:
    function, name = asked.function(), asked.params.get("Name", "")
    return f"Alias already exists: {function.arn}:{name}" if name in function.aliases else None


@book.refuses(
    "alias-name",
    "CreateAlias",
    code="ValidationException",
    does="An alias's name has letters, digits, `-` and `_`, and is no number.",
    see=API + "API_CreateAlias.html",
)
def _name(asked: LambdaAsked) -> str | None:
    name = str(asked.params.get("Name", ""))
    proper = name.replace("-", "").replace("_", "").isalnum() and not name.isdigit()
    return None if proper else f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint"


@book.behaves(
    "alias-version",
    "CreateAlias",
    "UpdateAlias",
    code="ResourceNotFoundException",
    does="An alias points to versions that are there; with weights, to two published ones.",
    see=API + "API_CreateAlias.html",
)
def _refuse_missing(function: Function, alias: Alias) -> None:
    for number in (alias.version, *alias.weights):
        if number != LATEST and number not in function.versions:
            raise model.missing(f"{function.arn}:{number}")
    if alias.weights and LATEST in {alias.version, *alias.weights}:
        sentence = "$LATEST is not supported for an alias pointing to more than 1 version"
        raise AwsError("InvalidParameterValueException", sentence)


def create(asked: LambdaAsked) -> dict[str, Any]:
    """Make an alias."""
    function = asked.function()
    alias = Alias(asked.params["Name"], str(asked.params.get("FunctionVersion", "")))
    return _change(asked, function, alias)


def update(asked: LambdaAsked) -> dict[str, Any]:
    """Let an alias point elsewhere."""
    function, alias = _find(asked)
    asked.refuse_other_revision(alias.revision)
    return _change(asked, function, Alias(alias.name, alias.version, alias.description, alias.weights))


def _change(asked: LambdaAsked, function: Function, alias: Alias) -> dict[str, Any]:
    params = asked.params
    alias.version = str(params.get("FunctionVersion") or alias.version)
    alias.description = params.get("Description", alias.description)
    if params.get("RoutingConfig") is not None:
        alias.weights = params["RoutingConfig"].get("AdditionalVersionWeights") or {}
    _refuse_missing(function, alias)
    alias.revision = str(uuid.uuid4())
    function.aliases[alias.name] = alias
    return shapes.alias(function, alias)


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return an alias."""
    return shapes.alias(*_find(asked))


def delete(asked: LambdaAsked) -> None:
    """Delete an alias, with the permissions that were given for it; one that is gone is no error."""
    function, name = asked.function(), asked.params["Name"]
    function.aliases.pop(name, None)
    function.policies.pop(name, None)
    function.invoke_configs.pop(name, None)


def list_all(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of a function's aliases, of one version where asked for."""
    function, number = asked.function(), asked.params.get("FunctionVersion")
    found = sorted(function.aliases.values(), key=lambda one: one.name)
    shown = [shapes.alias(function, one) for one in found if number in {None, one.version, *one.weights}]
    return asked.page("Aliases", shown)


def _find(asked: LambdaAsked) -> tuple[Function, Alias]:
    function, name = asked.function(), asked.params["Name"]
    if name not in function.aliases:
        sentence = f"Cannot find alias arn: {function.arn}:{name}"
        raise AwsError("ResourceNotFoundException", sentence, HTTPStatus.NOT_FOUND)
    return function, function.aliases[name]
