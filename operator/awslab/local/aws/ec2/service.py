"""EC2: every call goes by the rules, then to moto, and is written by us."""

from __future__ import annotations

import io
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ec2.responses import EC2Response
from werkzeug.exceptions import HTTPException

from awslab.local.aws.call import RESOURCE
from awslab.local.aws.ec2 import filters, paging, patches, reads, tokens
from awslab.local.aws.ec2.context import Context, backend
from awslab.local.aws.ec2.shapes import MODEL, written
from awslab.local.aws.errors import AwsError
from awslab.local.aws.families import changes_of
from awslab.local.aws.rules import Book, check_all, follow_all
from awslab.local.aws.services import error_code, regions, unknown_action
from awslab.local.aws.wire import Answer
from awslab.local.aws.world import make_current

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

OPERATIONS = frozenset(MODEL.operation_names)
PARSED = "awslab.ec2"
HEADERS = {"Content-Type": "text/xml;charset=UTF-8", "server": "AmazonEC2"}
book = Book("ec2")


class Ec2:
    """Answers the calls of EC2."""

    unlocked: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world
        make_current(world)
        patches.apply()
        world.changes.update(changes_of("ec2"))

    def prepare(self, call: Call) -> None:
        """Let moto read the parameters; they are logged, and looked at by the rules."""
        if call.action not in OPERATIONS:
            raise unknown_action(call)
        response = EC2Response()
        try:
            response.setup_class(Request(call.environ | {"wsgi.input": io.BytesIO(call.body)}))
        except (ValueError, TypeError, KeyError) as error:
            raise AwsError("InvalidParameterValue", f"A parameter cannot be read: {error}") from error
        call.environ[PARSED] = response
        call.params, call.account, call.region = response.params, response.current_account, response.region
        _refuse_unknown_region(call.region)

    def answer(self, call: Call) -> Answer:
        """Carry one call out."""
        if denied := _denied(call.environ[PARSED]):
            return denied
        context = Context(call, self.world, backend(call.account, call.region))
        if reads.describes(call.action):
            return _written(call, reads.described(context))
        _refuse_dry_run(context)
        return tokens.once(context, lambda: self._carry_out(context))

    def _carry_out(self, context: Context) -> Answer:
        call, response = context.call, context.call.environ[PARSED]
        method = getattr(response, camelcase_to_underscores(call.action), None)
        if method is None:
            raise AwsError("UnsupportedOperation", f"The local AWS does not carry {call.action}.")
        if call.action.startswith("Describe"):
            filters.refuse_unknown(call.action, filters.asked(call.params))
        check_all("ec2", call.action, context)
        try:
            result = method()
        except ServiceException as error:
            raise AwsError(error.code, error.message) from error
        if not isinstance(result, ActionResult):
            return Answer(HTTPStatus.OK, dict(HEADERS), _text(result))
        follow_all("ec2", call.action, context, result.result)
        _cut_page(call, result)
        status, headers, body = response.serialized(result)
        return Answer(int(status), {str(key): str(value) for key, value in headers.items()}, body.encode())

    def made(self, call: Call, answer: Answer) -> list[str]:
        """Return the ids of the resources that a call was for, as far as they are new."""
        asked = set(call.resources())
        new = [found for found in dict.fromkeys(RESOURCE.findall(answer.body.decode())) if found not in asked]
        return reads.hidden_ids_of(call.action, new)


def _denied(response: Any) -> Answer | None:
    """Ask moto's IAM, which says no only where it was told to (`POST /moto-api/reset-auth`)."""
    try:
        response._authenticate_and_authorize_normal_action()  # noqa: SLF001 - moto calls it in what we replace
    except HTTPException as error:
        answer = Answer(error.code or HTTPStatus.FORBIDDEN, dict(HEADERS), str(error.description).encode())
        answer.result = error_code(answer)
        return answer
    return None


def _written(call: Call, result: dict[str, Any]) -> Answer:
    request_id = str(uuid.uuid4())
    return Answer(HTTPStatus.OK, HEADERS | {"x-amzn-RequestId": request_id}, written(call.action, result, request_id))


def _text(result: Any) -> bytes:
    body = result if isinstance(result, str) else result[-1]
    return body if isinstance(body, bytes) else str(body).encode()


def _cut_page(call: Call, result: ActionResult) -> None:
    """Page the answer of a describe call that moto answers whole."""
    members = MODEL.operation_model(call.action).input_shape
    if members is None or "MaxResults" not in members.members or not isinstance(result.result, dict):
        return
    size = paging.page_size(call.action, call.params)
    name = next((key for key, value in result.result.items() if isinstance(value, list)), None)
    if name is None or "NextToken" in result.result:
        return
    items = result.result[name]
    first = paging.begin(call.action, call.params.get("NextToken"), [])
    end = len(items) if size is None else first + size
    result.result[name] = items[first:end]
    if end < len(items):
        result.result["NextToken"] = paging.token_for(call.action, end, "")


@book.behaves(
    "unknown-region",
    "*",
    code="AuthFailure",
    does="A region that does not exist does not know the caller's credentials.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
)
def _refuse_unknown_region(region: str) -> None:
    if region not in regions():
        sentence = "AWS was not able to validate the provided access credentials"
        raise AwsError("AuthFailure", sentence, HTTPStatus.UNAUTHORIZED)


@book.behaves(
    "dry-run",
    "*",
    code="DryRunOperation",
    does="With DryRun a call is not carried out, and an error says that it would have been.",
    see="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html",
)
def _refuse_dry_run(context: Context) -> None:
    if context.params.get("DryRun"):
        sentence = "Request would have succeeded, but DryRun flag is set."
        raise AwsError("DryRunOperation", sentence, HTTPStatus.PRECONDITION_FAILED)
