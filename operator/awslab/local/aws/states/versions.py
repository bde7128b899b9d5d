"""Versions and aliases of state machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book
from awslab.local.aws.states import executions
from awslab.local.aws.states.store import Alias, Machine, Store, Version, store_of

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked

book = Book("states")
API = "https://docs.aws.amazon.com/step-functions/latest/apireference/"
MOST_VERSIONS = 1000
MOST_ALIASES = 100
MOST_ROUTES = 2
WHOLE = 100
ALIAS_NAME = re.compile(r"(?=.*[a-zA-Z_\-.])[a-zA-Z0-9_\-.]{1,80}")


@book.behaves(
    "machine-version-unchanged",
    "PublishStateMachineVersion",
    "CreateStateMachine",
    "UpdateStateMachine",
    does="Publishing again what is the newest version makes no new one; a number is never given twice.",
    see=API + "API_PublishStateMachineVersion.html",
)
def publish_now(asked: Asked, machine: Machine, description: str | None) -> Version:
    """Return the version of a state machine's present revision, a new one unless the newest is of it."""
    newest = machine.versions.get(machine.last_version)
    if newest is not None and newest.revision.id == machine.revision.id:
        return newest
    if len(machine.versions) >= MOST_VERSIONS:
        sentence = "The maximum number of state machine versions has been reached."
        raise AwsError("ServiceQuotaExceededException", sentence)
    machine.last_version += 1
    arn = f"{machine.arn}:{machine.last_version}"
    version = Version(arn, machine.last_version, machine.revision, description, asked.now)
    machine.versions[version.number] = version
    return version


@book.behaves(
    "machine-version-revision",
    "PublishStateMachineVersion",
    code="ConflictException",
    does="Publishing with a revision id is refused where the state machine has been changed since.",
    see=API + "API_PublishStateMachineVersion.html",
)
def publish(asked: Asked) -> dict[str, Any]:
    """Answer PublishStateMachineVersion."""
    machine = _store(asked).machine(asked.params.get("stateMachineArn", ""))
    executions.refuse_deleting(machine)
    wished = asked.params.get("revisionId")
    if wished and wished != machine.revision.id:
        sentence = f"The revision {wished} is not the current one; it is {machine.revision.id}"
        raise AwsError("ConflictException", sentence)
    version = publish_now(asked, machine, asked.params.get("description"))
    return {"stateMachineVersionArn": version.arn, "creationDate": version.created}


def list_versions(asked: Asked) -> dict[str, Any]:
    """Answer ListStateMachineVersions, newest first."""
    machine = _store(asked).machine(asked.params.get("stateMachineArn", ""))
    newest_first = sorted(machine.versions.values(), key=lambda one: -one.number)
    page, token = asked.page(newest_first)
    told = [{"stateMachineVersionArn": one.arn, "creationDate": one.created} for one in page]
    return {"stateMachineVersions": told} | ({"nextToken": token} if token else {})


@book.behaves(
    "machine-version-in-alias",
    "DeleteStateMachineVersion",
    code="ConflictException",
    does="A version that an alias routes to cannot be deleted.",
    see=API + "API_DeleteStateMachineVersion.html",
)
def delete_version(asked: Asked) -> dict[str, Any]:
    """Answer DeleteStateMachineVersion; deleting one that is not there succeeds."""
    arn = asked.params.get("stateMachineVersionArn", "")
    parent, _, number = arn.rpartition(":")
    machine = _store(asked).machines.get(parent)
    if machine is None or not number.isdigit():
        return {}
    users = [alias.name for alias in machine.aliases.values() if arn in _routed(alias.routes)]
    if users:
        sentence = f"Version to be deleted must not be referenced by an alias. Current list of aliases: {users}"
        raise AwsError("ConflictException", sentence)
    machine.versions.pop(int(number), None)
    return {}


def _routed(routes: list[dict[str, Any]]) -> list[str]:
    return [route["stateMachineVersionArn"] for route in routes]


@book.behaves(
    "machine-alias-routes",
    "CreateStateMachineAlias",
    "UpdateStateMachineAlias",
    code="ValidationException",
    does="An alias routes to one or two versions of one state machine, with weights that make 100 together.",
    see=API + "API_CreateStateMachineAlias.html",
)
def _checked(store: Store, routes: list[dict[str, Any]]) -> Machine:
    arns = _routed(routes)
    parents = {arn.rpartition(":")[0] for arn in arns}
    if not 1 <= len(routes) <= MOST_ROUTES or len(parents) != 1 or len(set(arns)) != len(arns):
        sentence = "Routing configuration must contain 1 or 2 different versions of one state machine."
        raise AwsError("ValidationException", sentence)
    if sum(int(route.get("weight", 0)) for route in routes) != WHOLE:
        sentence = "The sum of the weights in the routing configuration must be equal to 100."
        raise AwsError("ValidationException", sentence)
    machine = store.machines.get(parents.pop())
    numbers = {str(number) for number in machine.versions} if machine else set()
    for arn in arns:
        if machine is None or arn.rpartition(":")[2] not in numbers:
            raise AwsError("ResourceNotFound", f"State Machine Version Does Not Exist: '{arn}'")
    return _given(machine)


def _given(machine: Machine | None) -> Machine:
    if machine is None:
        raise AwsError("ResourceNotFound", "State Machine Does Not Exist")
    return machine


@book.behaves(
    "machine-alias-same-name",
    "CreateStateMachineAlias",
    code="ConflictException",
    does="Making an alias again with the same routes and description gives the one there is; with others it is"
    " refused.",
    see=API + "API_CreateStateMachineAlias.html",
)
def create_alias(asked: Asked) -> dict[str, Any]:
    """Answer CreateStateMachineAlias."""
    params = asked.params
    name, routes = params.get("name", ""), params.get("routingConfiguration") or []
    if not ALIAS_NAME.fullmatch(name):
        raise AwsError("ValidationException", f"Invalid alias name: '{name}'")
    machine = _checked(_store(asked), routes)
    executions.refuse_deleting(machine)
    found = machine.aliases.get(name)
    if found and (found.routes, found.description) != (routes, params.get("description")):
        sentence = "Failed to create alias because an alias with the same name and a different routing configuration"
        raise AwsError("ConflictException", f"{sentence} already exists.")
    if not found:
        if len(machine.aliases) >= MOST_ALIASES:
            raise AwsError("ServiceQuotaExceededException", "The maximum number of aliases has been reached.")
        arn = f"{machine.arn}:{name}"
        found = Alias(arn, name, routes, params.get("description"), asked.now, asked.now)
        machine.aliases[name] = found
    return {"stateMachineAliasArn": found.arn, "creationDate": found.created}


def _alias(asked: Asked) -> tuple[Machine, Alias]:
    arn = asked.params.get("stateMachineAliasArn", "")
    machine = _store(asked).machines.get(arn.rpartition(":")[0])
    alias = machine.aliases.get(arn.rpartition(":")[2]) if machine else None
    if machine is None or alias is None:
        raise AwsError("ResourceNotFound", f"Request references a resource that does not exist: '{arn}'")
    return machine, alias


def update_alias(asked: Asked) -> dict[str, Any]:
    """Answer UpdateStateMachineAlias."""
    machine, alias = _alias(asked)
    params = asked.params
    if params.get("routingConfiguration"):
        if _checked(_store(asked), params["routingConfiguration"]) is not machine:
            raise AwsError("ValidationException", "An alias routes to versions of its own state machine.")
        alias.routes = params["routingConfiguration"]
    alias.description = params.get("description", alias.description)
    alias.updated = asked.now
    return {"updateDate": alias.updated}


def describe_alias(asked: Asked) -> dict[str, Any]:
    """Answer DescribeStateMachineAlias."""
    _, alias = _alias(asked)
    told = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": alias.routes,
        "creationDate": alias.created,
        "updateDate": alias.updated,
    }
    return told | ({"description": alias.description} if alias.description else {})


def list_aliases(asked: Asked) -> dict[str, Any]:
    """Answer ListStateMachineAliases, of a state machine or of one version."""
    machine, _, version, _ = executions.routed(_store(asked), asked.params.get("stateMachineArn", ""))
    aliases = [one for one in machine.aliases.values() if version is None or version in _routed(one.routes)]
    page, token = asked.page(aliases)
    told = [{"stateMachineAliasArn": one.arn, "creationDate": one.created} for one in page]
    return {"stateMachineAliases": told} | ({"nextToken": token} if token else {})


def delete_alias(asked: Asked) -> dict[str, Any]:
    """Answer DeleteStateMachineAlias."""
    machine, alias = _alias(asked)
    del machine.aliases[alias.name]
    return {}


def _store(asked: Asked) -> Store:
    return store_of(asked.world, asked.account, asked.region)
