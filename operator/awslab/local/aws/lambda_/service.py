"""Lambda: every call goes by the rules, and is carried out on what `model` keeps."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.utils import get_service_model

from awslab.local.aws.errors import AwsError
from awslab.local.aws.families import changes_of
from awslab.local.aws.lambda_ import (
    aliases,
    eventconfigs,
    functions,
    invocations,
    layers,
    limits,
    permissions,
    tags,
)
from awslab.local.aws.lambda_.asked import LambdaAsked
from awslab.local.aws.rules import check_all
from awslab.local.aws.services import unknown_action
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

MODEL = get_service_model("lambda")
ZIP = "awslab.zip"
HANDLERS: dict[str, Callable[[LambdaAsked], dict[str, Any] | None]] = {
    "CreateFunction": functions.create,
    "UpdateFunctionCode": functions.update_code,
    "UpdateFunctionConfiguration": functions.update_configuration,
    "PublishVersion": functions.publish,
    "DeleteFunction": functions.delete,
    "GetFunction": functions.get,
    "GetFunctionConfiguration": functions.get_configuration,
    "ListFunctions": functions.list_functions,
    "ListVersionsByFunction": functions.list_versions,
    "CreateAlias": aliases.create,
    "UpdateAlias": aliases.update,
    "GetAlias": aliases.get,
    "DeleteAlias": aliases.delete,
    "ListAliases": aliases.list_all,
    "AddPermission": permissions.add,
    "RemovePermission": permissions.remove,
    "GetPolicy": permissions.get,
    "PutFunctionConcurrency": limits.put,
    "GetFunctionConcurrency": limits.get,
    "DeleteFunctionConcurrency": limits.delete,
    "GetAccountSettings": limits.account_settings,
    "PublishLayerVersion": layers.publish,
    "GetLayerVersion": layers.get,
    "GetLayerVersionByArn": layers.get,
    "DeleteLayerVersion": layers.delete,
    "ListLayers": layers.list_all,
    "ListLayerVersions": layers.list_versions,
    "PutFunctionEventInvokeConfig": eventconfigs.put,
    "UpdateFunctionEventInvokeConfig": eventconfigs.update,
    "GetFunctionEventInvokeConfig": eventconfigs.get,
    "DeleteFunctionEventInvokeConfig": eventconfigs.delete,
    "ListFunctionEventInvokeConfigs": eventconfigs.list_all,
    "TagResource": tags.add,
    "UntagResource": tags.remove,
    "ListTags": tags.shown,
}


class Lambda:
    """Answers the calls of Lambda."""

    unlocked = frozenset({"Invoke", "InvokeAsync"})

    def __init__(self, world: World) -> None:
        self.world = world
        tags.apply()
        world.changes.update(changes_of("lambda"))
        invocations.prepare(world)

    def prepare(self, call: Call) -> None:
        """Add the parameters of the query, and take the package out of them."""
        if call.action not in set(MODEL.operation_names):
            raise unknown_action(call)
        shape = MODEL.operation_model(call.action).input_shape
        query = parse_qs(call.environ.get("QUERY_STRING", ""), keep_blank_values=True)
        for member, one in shape.members.items() if shape else ():
            values = query.get(one.serialization.get("name", member))
            if one.serialization.get("location") == "querystring" and values:
                call.params[member] = values if one.type_name == "list" else values[-1]
        _take_zip(call)

    def answer(self, call: Call) -> Answer:
        """Carry one call out."""
        asked = LambdaAsked(call, self.world, call.environ.get(ZIP))
        if call.action in self.unlocked:
            return invocations.answer(asked)
        handler = HANDLERS.get(call.action)
        if handler is None:
            sentence = f"The local AWS does not carry {call.action}."
            raise AwsError("InvalidParameterValueException", sentence, HTTPStatus.NOT_IMPLEMENTED)
        check_all("lambda", call.action, asked)
        return _written(call.action, handler(asked))

    def made(self, call: Call, _: Answer) -> list[str]:
        """A new function is known by its name."""
        return [call.params["FunctionName"]] if call.action == "CreateFunction" else []


def _take_zip(call: Call) -> None:
    """Decode the package; the log of calls shows only how long it is."""
    for holder in (call.params, call.params.get("Code"), call.params.get("Content")):
        if isinstance(holder, dict) and holder.get("ZipFile") is not None:
            try:
                data = base64.b64decode(holder["ZipFile"])
            except (binascii.Error, ValueError, TypeError) as error:
                raise AwsError("SerializationException", "ZipFile is not base64.") from error
            call.environ[ZIP] = data
            holder["ZipFile"] = f"({len(data)} bytes)"


def _written(action: str, result: dict[str, Any] | None) -> Answer:
    status = MODEL.operation_model(action).http["responseCode"]
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    if result is None:
        return Answer(HTTPStatus.NO_CONTENT, headers)
    return Answer(status, headers, json.dumps(result).encode())
