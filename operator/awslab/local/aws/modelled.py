"""A service whose calls are read and answered by its model: our actions first, moto's for the rest, rules around both.

moto reads the parameters and writes the answers in whatever protocol a client speaks, CBOR included.
"""

from __future__ import annotations

import io
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from awslab.local.aws.asked import Asked
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book, check_all, follow_all
from awslab.local.aws.services import error_code, unknown_action
from awslab.local.aws.wire import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

    Action = Callable[[Asked], dict[str, Any]]

PARSED = "awslab.modelled"


class Refusal(ServiceException):  # type: ignore[misc] # moto has no types for us
    """A refusal of ours, in the form that moto writes."""


class Modelled:
    """Answers the calls of one service; `name` is the one in signatures, `model` boto3's, `rules` that of its book.

    Actions in `unlocked` leave something to wait for (`Asked.finish`), which is done without the world's lock.
    """

    def __init__(
        self,
        world: World,
        name: str,
        model: str,
        actions: Mapping[str, Action],
        responses: type[BaseResponse] | None = None,
        unlocked: frozenset[str] = frozenset(),
        rules: str = "",
    ) -> None:
        self.world, self.name, self.model, self.actions = world, name, model, actions
        self.unlocked, self.rules = unlocked, rules or name
        self.operations = frozenset(get_service_model(model).operation_names)
        shapes = get_service_model(model).error_shapes
        self.codes = frozenset(code for shape in shapes for code in (shape.name, shape.error_code))
        self.responses = _followed(responses or BaseResponse, self.rules)

    def prepare(self, call: Call) -> None:
        """Let moto read the parameters; raises AwsError for an action that is not there."""
        if call.action not in self.operations:
            raise unknown_action(call)
        response = self._response()
        try:
            response.setup_class(Request(call.environ | {"wsgi.input": io.BytesIO(call.body)}))
        except (ValueError, TypeError, KeyError) as error:
            raise AwsError("SerializationException", f"A parameter cannot be read: {error}") from error
        call.environ[PARSED] = response
        call.params = getattr(response, "params", call.params)

    def answer(self, call: Call) -> Answer:
        """Carry a call out; a refusal is written in the protocol of the call."""
        asked, response = Asked(self.world, call), call.environ[PARSED]
        response.asked = asked
        asked.motos = lambda: _result(getattr(response, camelcase_to_underscores(call.action))())
        try:
            with self.world.lock:
                check_all(self.rules, call.action, asked)
                answer = self._ours(asked, response) if call.action in self.actions else self._motos(asked, response)
            return self._ours(asked, response, asked.finish) if asked.finish else answer
        except AwsError as error:
            return self.refused(response, error)
        except ServiceException as error:
            return self.refused(response, AwsError(error.code, error.message, getattr(error, "status_code", 400)))
        except JsonRESTError as error:
            return self.refused(response, AwsError(error.error_type, error.message, error.code))

    def made(self, _call: Call, _answer: Answer) -> list[str]:
        """Nothing is hidden by these services."""
        return []

    def refused(self, response: Any, error: AwsError) -> Answer:
        """Write a refusal; AWS has codes that its models do not list, and that moto could not write."""
        if error.code not in self.codes:
            return refusal(self._protocol(response), error)
        answer = _answer(response.serialized(ActionResult(Refusal(error.code, error.message))))
        answer.status, answer.result = error.status, error.code
        return answer

    def _protocol(self, response: Any) -> str:
        return str(response.determine_response_protocol(get_service_model(self.model)))

    def _response(self) -> Any:
        if self.responses.motos:
            return self.responses()
        response = self.responses(service_name=self.model)
        response.automated_parameter_parsing = True
        return response

    @Book("states").behaves(
        "parameters-required",
        "*",
        code="ValidationException",
        does="A call without a parameter that it needs is refused (so are those of EventBridge, CloudWatch and the"
        " tagging API).",
        see="https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html",
    )
    def _refuse_missing(self, asked: Asked) -> None:
        """Refuse what the model does not allow to be left out."""
        shape = get_service_model(self.model).operation_model(asked.call.action).input_shape
        for name in shape.required_members if shape is not None else ():
            if asked.params.get(name) is None:
                sentence = f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
                raise AwsError("ValidationException", f"1 validation error detected: {sentence}")

    def _ours(self, asked: Asked, response: Any, finish: Callable[[], dict[str, Any]] | None = None) -> Answer:
        self._refuse_missing(asked)
        result = finish() if finish else self.actions[asked.call.action](asked)
        follow_all(self.rules, asked.call.action, asked, result)
        return _answer(response.serialized(ActionResult(result), followed=True))

    def _motos(self, asked: Asked, response: Any) -> Answer:
        call = asked.call
        if not hasattr(response, camelcase_to_underscores(call.action)):
            raise unknown_action(call)
        answer = _answer(response.call_action())
        if answer.status >= HTTPStatus.BAD_REQUEST:
            answer.result = error_code(answer)
        return answer


def _followed(responses: type[Any], rules: str) -> type[Any]:
    """Return moto's class, with our rules between its result and its writing."""

    class Followed(responses):  # type: ignore[misc] # moto has no types for us
        motos = responses is not BaseResponse
        asked: Asked | None = None

        def serialized(self, action_result: ActionResult, *, followed: bool = False) -> Any:
            result = action_result.result
            if self.asked is not None and not followed and not isinstance(result, Exception):
                follow_all(rules, self.asked.call.action, self.asked, result)
            return super().serialized(action_result)

    return Followed


def _result(returned: Any) -> Any:
    """Return what a method of moto's responses gives, as an object."""
    if isinstance(returned, ActionResult):
        return returned.result
    body = returned[0] if isinstance(returned, tuple) else returned
    return json.loads(body or "{}")


def _answer(written: Any) -> Answer:
    status, headers, body = written
    data = body.encode() if isinstance(body, str) else bytes(body)
    return Answer(int(status), {str(name): str(value) for name, value in headers.items()}, data)
