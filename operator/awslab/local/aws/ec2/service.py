"""EC2: every call goes by the rules, then to moto, and is written by us."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.ec2.responses import EC2Response

from awslab.local.aws.call import RESOURCE
from awslab.local.aws.errors import AwsError
from awslab.local.aws.services import unknown_action
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

MODEL = get_service_model("ec2")
OPERATIONS = frozenset(MODEL.operation_names)
PARSED = "awslab.ec2"


class Ec2:
    """Answers the calls of EC2."""

    def __init__(self, world: World) -> None:
        self.world = world

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

    def answer(self, call: Call) -> Answer:
        """Carry one call out."""
        response = call.environ[PARSED]
        method = getattr(response, camelcase_to_underscores(call.action), None)
        if method is None:
            raise AwsError("UnsupportedOperation", f"The local AWS does not carry {call.action}.")
        try:
            result = method()
        except ServiceException as error:
            raise AwsError(error.code, error.message) from error
        if isinstance(result, ActionResult):
            status, headers, body = response.serialized(result)
            return Answer(int(status), dict(headers), body.encode())
        return Answer(HTTPStatus.OK, {"Content-Type": "text/xml;charset=UTF-8"}, _text(result))

    def made(self, call: Call, answer: Answer) -> list[str]:
        """Return ids in the answer that were not in the question."""
        asked = set(call.resources())
        return [found for found in dict.fromkeys(RESOURCE.findall(answer.body.decode())) if found not in asked]


def _text(result: Any) -> bytes:
    body = result if isinstance(result, str) else result[-1]
    return body if isinstance(body, bytes) else str(body).encode()
