"""What happens to events that a function could not deal with: retries, age, destinations."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws import identity
from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_.asked import API, DEVELOPERS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked
    from awslab.local.aws.lambda_.model import Target

book = Book("lambda")
SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}


@book.refuses(
    "event-limits",
    "PutFunctionEventInvokeConfig",
    "UpdateFunctionEventInvokeConfig",
    code="InvalidParameterValueException",
    does="An event is tried again at most twice, and is at most between a minute and six hours old.",
    see=API + "API_PutFunctionEventInvokeConfig.html",
)
def _limits(asked: LambdaAsked) -> str | None:
    tries, age = (asked.params.get(name) for name in SETTINGS[:2])
    if tries is not None and not 0 <= tries <= 2:  # noqa: PLR2004 - AWS's own
        return f"MaximumRetryAttempts {tries} is not between 0 and 2"
    if age is not None and not 60 <= age <= 21_600:  # noqa: PLR2004 - AWS's own
        return f"MaximumEventAgeInSeconds {age} is not between 60 and 21600"
    return None


@book.refuses(
    "destination-permissions",
    "PutFunctionEventInvokeConfig",
    "UpdateFunctionEventInvokeConfig",
    code="InvalidParameterValueException",
    does="A function's role may send to the destinations of its events.",
    see=DEVELOPERS + "invocation-async-retain-records.html",
)
def _permissions(asked: LambdaAsked) -> str | None:
    role = asked.target().version.settings["Role"]
    for one in (asked.params.get("DestinationConfig") or {}).values():
        arn = one.get("Destination", "")
        action = ACTIONS.get((arn + "::").split(":")[2])
        if arn and (action is None or not identity.may(asked.world, role, action, arn)):
            verb = (action or "sqs:SendMessage").partition(":")[2]
            return f"The function's execution role does not have permissions to call {verb} on {arn}"
    return None


def put(asked: LambdaAsked) -> dict[str, Any]:
    """Say what shall happen; what is not said is as AWS has it."""
    target = asked.target()
    target.function.invoke_configs.pop(target.qualifier, None)
    return update(asked)


def update(asked: LambdaAsked) -> dict[str, Any]:
    """Change what is named and leave the rest."""
    target = asked.target()
    wish = {key: asked.params[key] for key in SETTINGS if asked.params.get(key) is not None}
    before = target.function.invoke_configs.get(target.qualifier, {"DestinationConfig": {}})
    destinations = {"OnSuccess": {}, "OnFailure": {}} | before["DestinationConfig"] | wish.get("DestinationConfig", {})
    settings = before | wish | {"DestinationConfig": destinations, "LastModified": asked.world.clock()}
    target.function.invoke_configs[target.qualifier] = settings
    return _shown(target, settings)


def get(asked: LambdaAsked) -> dict[str, Any]:
    """Return what was said."""
    target = asked.target()
    return _shown(target, _found(target))


def delete(asked: LambdaAsked) -> None:
    """Let it be as AWS has it."""
    target = asked.target()
    _found(target)
    del target.function.invoke_configs[target.qualifier]


def list_all(asked: LambdaAsked) -> dict[str, Any]:
    """Return a page of what was said for a function, its versions and aliases."""
    function = asked.function()
    shown = [
        settings | {"FunctionArn": f"{function.arn}:{qualifier or '$LATEST'}"}
        for qualifier, settings in sorted(function.invoke_configs.items())
    ]
    return asked.page("FunctionEventInvokeConfigs", shown)


def _found(target: Target) -> dict[str, Any]:
    if target.qualifier not in target.function.invoke_configs:
        sentence = f"The function {target.arn} doesn't have an EventInvokeConfig"
        raise AwsError("ResourceNotFoundException", sentence, HTTPStatus.NOT_FOUND)
    return target.function.invoke_configs[target.qualifier]


def _shown(target: Target, settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"FunctionArn": f"{target.function.arn}:{target.qualifier or '$LATEST'}"}
