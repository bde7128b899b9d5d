"""Functions: made, changed, published, deleted, shown."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import model, network, packages, shapes
from awslab.local.aws.lambda_.asked import API, DEVELOPERS, LambdaAsked
from awslab.local.aws.lambda_.model import LATEST, Function, Version
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import Due, World

book = Book("lambda")
STATES = DEVELOPERS + "functions-states.html"
SETTINGS = (
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "VpcConfig",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "TracingConfig",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "Architectures",
    "EphemeralStorage",
    "LoggingConfig",
    "PackageType",
    "SnapStart",
)


def settings_of(asked: LambdaAsked, before: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the whole configuration: what is asked for, over what there was, over AWS's defaults."""
    wish = {key: asked.params[key] for key in SETTINGS if key in asked.params}
    defaults: dict[str, Any] = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "PackageType": "Zip",
        "SnapStart": {"ApplyOn": "None"},
    }
    settings = defaults | before | wish
    settings["SnapStart"] = {"OptimizationStatus": "Off"} | settings["SnapStart"]
    settings["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"} | settings.get(
        "LoggingConfig", {}
    )
    if "Layers" in wish:
        settings["Layers"] = packages.layers_of(asked, wish["Layers"])
    if "VpcConfig" in wish:
        settings["VpcConfig"] = packages.network_of(asked, wish["VpcConfig"])
    if not settings.get("DeadLetterConfig", {}).get("TargetArn", True):
        del settings["DeadLetterConfig"]
    return settings


@book.behaves(
    "function-pending",
    "CreateFunction",
    "PublishVersion",
    does="A new function or version is `Pending` for some seconds; until it is `Active` it is not invoked or changed.",
    see=STATES,
)
def create(asked: LambdaAsked) -> dict[str, Any]:
    """Make a function."""
    name, now = asked.reference.name, asked.world.clock()
    settings = settings_of(asked, {}, name)
    code = packages.code_of(asked, asked.params.get("Code", {}))
    latest = Version(LATEST, settings, code, now)
    function = Function(name, asked.call.account, asked.call.region, latest, tags=dict(asked.params.get("Tags") or {}))
    asked.region.functions[name] = function
    in_new_network = network.align(asked.world, function.account, function.region)
    asked.later("function-active-in-network" if in_new_network else "function-active", f"{name}:{LATEST}")
    if asked.params.get("Publish"):
        return shapes.configuration(function, _publish(asked, function, None))
    return shapes.configuration(function, latest, qualified=False)


def _active(world: World, due: Due) -> None:
    if version := _due_version(world, due):
        version.state = "Active"


@book.behaves(
    "function-update",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    code="ResourceConflictException",
    does="An update is `InProgress` for some seconds; until then the old code serves, and another update is refused.",
    see=STATES,
)
def _updated(world: World, due: Due) -> None:
    version = _due_version(world, due)
    if version and due.id.endswith(version.revision):
        version.updating, version.serving = False, None


def _due_version(world: World, due: Due) -> Version | None:
    name, number, *_ = due.id.split(":")
    function = model.region_of(world, due.account, due.region).functions.get(name)
    if function is None:
        return None
    return function.latest if number == LATEST else function.versions.get(number)


CHANGES: dict[str, Callable[[World, Due], None]] = {
    "function-active": _active,
    "function-active-in-network": _active,
    "function-updated": _updated,
}


def update_code(asked: LambdaAsked) -> dict[str, Any]:
    """Give a function new code."""
    function = asked.function()
    asked.refuse_other_revision(function.latest.revision)
    code = packages.code_of(asked, asked.params)
    settings = function.latest.settings | {key: asked.params[key] for key in ("Architectures",) if key in asked.params}
    if asked.params.get("DryRun"):
        trial = Version(LATEST, settings, code, asked.world.clock(), state="Active")
        return shapes.configuration(function, trial, qualified=False)
    return _change(asked, function, settings, code)


def update_configuration(asked: LambdaAsked) -> dict[str, Any]:
    """Give a function another configuration; what is not named stays."""
    function = asked.function()
    asked.refuse_other_revision(function.latest.revision)
    return _change(asked, function, settings_of(asked, function.latest.settings, function.name), function.latest.code)


def _change(asked: LambdaAsked, function: Function, settings: dict[str, Any], code: model.Code) -> dict[str, Any]:
    function.latest.change(settings, code, asked.world.clock())
    network.align(asked.world, function.account, function.region)
    asked.later("function-updated", f"{function.name}:{LATEST}:{function.latest.revision}")
    if asked.params.get("Publish"):
        return shapes.configuration(function, _publish(asked, function, None))
    return shapes.configuration(function, function.latest, qualified=False)


@book.behaves(
    "function-version-unchanged",
    "PublishVersion",
    does="Where neither code nor configuration has changed since the last version, that one is returned.",
    see=API + "API_PublishVersion.html",
)
def publish(asked: LambdaAsked) -> dict[str, Any]:
    """Publish `$LATEST` as a version that never changes."""
    function = asked.function()
    asked.refuse_other_revision(function.latest.revision)
    _refuse_other_code(asked, function)
    return shapes.configuration(function, _publish(asked, function, asked.params.get("Description")))


def _publish(asked: LambdaAsked, function: Function, description: str | None) -> Version:
    latest = function.latest
    origin = (copy.deepcopy(latest.settings), latest.code.sha256)
    last = function.versions.get(str(function.last))
    if last is not None and last.origin == origin:
        return last
    function.last += 1
    settings = copy.deepcopy(latest.settings)
    if description is not None:
        settings["Description"] = description
    made = Version(str(function.last), settings, latest.code, asked.world.clock(), origin=origin)
    function.versions[made.number] = made
    asked.later("function-active", f"{function.name}:{made.number}")
    return made


@book.behaves(
    "version-guards",
    "PublishVersion",
    "UpdateFunction*",
    "*Alias",
    "*Permission",
    code="PreconditionFailedException",
    does="A change asked for with a CodeSha256 or RevisionId is refused where that is no longer the latest.",
    see=API + "API_PublishVersion.html",
)
def _refuse_other_code(asked: LambdaAsked, function: Function) -> None:
    wanted, there = asked.params.get("CodeSha256"), function.latest.code.sha256
    if wanted and wanted != there:
        sentence = (
            f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({there}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
        raise AwsError("InvalidParameterValueException", sentence)


@book.behaves(
    "version-in-use",
    "DeleteFunction",
    code="ResourceConflictException",
    does="A version that an alias points to cannot be deleted; with the function go its versions and aliases.",
    see=API + "API_DeleteFunction.html",
)
def delete(asked: LambdaAsked) -> None:
    """Delete a version, or the function with all that belongs to it."""
    target = asked.target()
    function, qualifier = target.function, target.qualifier
    if not qualifier:
        del asked.region.functions[function.name]
        network.align(asked.world, function.account, function.region)
        return
    if qualifier == LATEST or qualifier in function.aliases:
        sentence = "$LATEST version cannot be deleted without deleting the function."
        if qualifier != LATEST:
            sentence = f"Value '{qualifier}' at 'qualifier' failed to satisfy constraint: it is an alias"
        raise AwsError("InvalidParameterValueException", sentence)
    using = [one.name for one in function.aliases.values() if qualifier in {one.version, *one.weights}]
    if using:
        sentence = f"Unable to delete version because the following aliases reference it: [{', '.join(using)}]"
        raise AwsError("ResourceConflictException", sentence, 409)
    del function.versions[qualifier]
    network.align(asked.world, function.account, function.region)


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return a function with where its code is, its tags and its concurrency."""
    target = asked.target()
    function, version = target.function, target.version
    answer: dict[str, Any] = {
        "Configuration": get_configuration(asked),
        "Code": packages.shown(asked, version),
    }
    if function.tags:
        answer["Tags"] = function.tags
    if function.concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.concurrency}
    return answer


def get_configuration(asked: LambdaAsked) -> dict[str, Any]:
    """Return a version's configuration; through an alias, with the alias's ARN."""
    target = asked.target()
    shown = shapes.configuration(target.function, target.version, qualified=bool(target.qualifier))
    return shown | {"FunctionArn": target.arn}


@book.behaves(
    "list-pages",
    "List*",
    does="Lists come in pages of at most 50, with a marker for the next.",
    see=API + "API_ListFunctions.html",
)
def list_functions(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of the functions, with every version where asked for."""
    functions = sorted(asked.region.functions.values(), key=lambda one: one.name)
    if asked.params.get("FunctionVersion") == "ALL":
        shown = [shapes.configuration(one, version) for one in functions for version in one.all_versions()]
    else:
        shown = [shapes.configuration(one, one.latest, qualified=False) for one in functions]
    return asked.page("Functions", shown)


def list_versions(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of a function's versions, `$LATEST` first."""
    function = asked.function()
    return asked.page("Versions", [shapes.configuration(function, one) for one in function.all_versions()])
