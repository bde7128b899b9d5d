"""What Lambda refuses before it makes or changes a function."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.utils import get_service_model

from awslab.local.aws import identity
from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_.asked import API, DEVELOPERS
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")
MAKES = ("CreateFunction", "UpdateFunctionConfiguration")
CHANGES_IT = ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion")
EXECUTION_ROLE = DEVELOPERS + "lambda-intro-execution-role.html"
ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/?[\w+=,.@/-]+", re.ASCII)
RUNTIMES = frozenset(get_service_model("lambda").shape_for("Runtime").enum)
RETIRED = re.compile(
    r"python2\.7|python3\.[67]|nodejs|nodejs\d\..*|nodejs1[0246]\.x|dotnetcore.*|ruby2.*|go1\.x|java8|provided"
)
SIZES = {"MemorySize": (128, 10_240), "Timeout": (1, 900)}
ENVIRONMENT_BYTES = 4096
NAME_LENGTH = 64
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
SENDERS = {"sqs": ("sqs:SendMessage", "SendMessage on SQS"), "sns": ("sns:Publish", "Publish on SNS")}


@book.refuses(
    "function-exists",
    "CreateFunction",
    code="ResourceConflictException",
    status=HTTPStatus.CONFLICT,
    does="A function's name is unique in its region.",
    see=API + "API_CreateFunction.html",
)
def _exists(asked: LambdaAsked) -> str | None:
    return f"Function already exist: {asked.reference.name}" if asked.there() else None


@book.refuses(
    "function-settings",
    *MAKES,
    code="ValidationException",
    does="Memory is 128 to 10,240 MB, the time-out 1 to 900 seconds, the temporary storage 512 to 10,240 MB.",
    see=DEVELOPERS + "gettingstarted-limits.html",
)
def _sizes(asked: LambdaAsked) -> str | None:
    storage = (asked.params.get("EphemeralStorage") or {}).get("Size", 512)
    wishes = [(name, asked.params[name], limits) for name, limits in SIZES.items() if name in asked.params]
    for name, value, (least, most) in [*wishes, ("EphemeralStorage.Size", storage, (512, 10_240))]:
        if not (isinstance(value, int) and least <= value <= most):
            return f"1 validation error detected: Value '{value}' at '{name}' must be between {least} and {most}"
    return None


@book.refuses(
    "function-runtime",
    *MAKES,
    code="InvalidParameterValueException",
    does="A zip package has a handler and a runtime that Lambda offers and has not retired; an image has neither.",
    see=DEVELOPERS + "lambda-runtimes.html",
)
def _runtime(asked: LambdaAsked) -> str | None:
    runtime = asked.params.get("Runtime")
    if runtime is not None and runtime not in RUNTIMES:
        return f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"
    if runtime and RETIRED.fullmatch(runtime):
        return f"The runtime parameter of {runtime} is no longer supported for creating or updating functions."
    if asked.call.action != "CreateFunction":
        return None
    given = [name for name in ("Runtime", "Handler") if asked.params.get(name)]
    if asked.params.get("PackageType") == "Image":
        sentence = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
        return sentence if given else None
    sentence = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    return None if len(given) == 2 else sentence  # noqa: PLR2004 - both


@book.refuses(
    "function-environment",
    *MAKES,
    code="InvalidParameterValueException",
    does="The variables of a function have at most 4 KB together, and none of Lambda's own names.",
    see=DEVELOPERS + "configuration-envvars.html",
)
def _environment(asked: LambdaAsked) -> str | None:
    variables: dict[str, str] = (asked.params.get("Environment") or {}).get("Variables") or {}
    start = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    if reserved := sorted(RESERVED & set(variables)):
        return (
            f"{start} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    size = len(json.dumps(variables, separators=(",", ":")).encode())
    return f"{start} exceeded the 4KB limit. String measured: {variables}" if size > ENVIRONMENT_BYTES else None


@book.refuses(
    "function-busy",
    *CHANGES_IT,
    code="ResourceConflictException",
    status=HTTPStatus.CONFLICT,
    does="A function that is `Pending`, or whose last update is in progress, cannot be changed or published.",
    see=DEVELOPERS + "functions-states.html",
)
def _busy(asked: LambdaAsked) -> str | None:
    function = asked.function()
    start = "The operation cannot be performed at this time."
    if function.latest.state == "Pending":
        return f"{start} The function is currently in the following state: Pending"
    return f"{start} An update is in progress for resource: {function.arn}" if function.latest.updating else None


@book.refuses(
    "function-role",
    *MAKES,
    code="InvalidParameterValueException",
    does="A function's role is there, of the same account, trusts Lambda, and is not brand-new.",
    see=EXECUTION_ROLE,
)
def _role(asked: LambdaAsked) -> str | None:
    arn = asked.params.get("Role")
    if arn is None and asked.call.action != "CreateFunction":
        return None
    found = ROLE.fullmatch(str(arn))
    if found is None:
        sentence = f"1 validation error detected: Value '{arn}' at 'role' failed to satisfy constraint"
        raise AwsError("ValidationException", sentence)
    if found[1] != asked.call.account:
        raise AwsError("AccessDeniedException", "Cross-account pass role is not allowed.", HTTPStatus.FORBIDDEN)
    try:
        identity.assume(asked.world, str(arn), "lambda.amazonaws.com", keep=False)
    except AwsError:
        return "The role defined for the function cannot be assumed by Lambda."
    return None


@book.refuses(
    "function-role-permissions",
    *MAKES,
    code="InvalidParameterValueException",
    does="A function's role may do what its configuration needs: send dead letters, trace, make network interfaces.",
    see=EXECUTION_ROLE,
)
def _role_permissions(asked: LambdaAsked) -> str | None:
    before = asked.function().latest.settings if asked.call.action != "CreateFunction" else {}
    role = str(asked.params.get("Role") or before.get("Role"))
    for action, resource, shown in _needs(before | asked.params):
        if not identity.may(asked.world, role, action, resource):
            return f"The provided execution role does not have permissions to call {shown}"
    return None


def _needs(settings: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return action, resource and AWS's words for each permission that a configuration needs."""
    needs = []
    if target := (settings.get("DeadLetterConfig") or {}).get("TargetArn"):
        action, shown = SENDERS.get(target.split(":")[2], SENDERS["sqs"])
        needs.append((action, target, shown))
    if (settings.get("TracingConfig") or {}).get("Mode") == "Active":
        needs.append(("xray:PutTraceSegments", "*", "PutTraceSegments on XRAY"))
    if (settings.get("VpcConfig") or {}).get("SubnetIds"):
        names = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")
        needs += [(f"ec2:{name}", "*", f"{name} on EC2") for name in names]
    return needs


@book.refuses(
    "function-dead-letters",
    *MAKES,
    code="InvalidParameterValueException",
    does="Dead letters go to a queue of SQS or a topic of SNS.",
    see=DEVELOPERS + "invocation-async-retain-records.html",
)
def _dead_letters(asked: LambdaAsked) -> str | None:
    target = (asked.params.get("DeadLetterConfig") or {}).get("TargetArn")
    if not target or target.split(":")[2:3] in (["sqs"], ["sns"]):
        return None
    return f"The dead letter target {target} must be an SQS queue or an SNS topic."
