"""The control address of a local AWS: everything under `/_awslab/`, in JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from awslab.local.aws import state
from awslab.local.aws.call import read_body
from awslab.local.aws.lambda_.model import package
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from awslab.local.aws.world import World

PREFIX = "/_awslab/"


def respond(world: World, environ: dict[str, Any]) -> Answer:
    """Answer one control request; a wish that makes no sense gets 400 and a sentence."""
    verb, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PREFIX).strip("/")
    name, _, argument = path.partition("/")
    handler = HANDLERS.get((verb, name))
    if handler is None:
        return _json({"error": f"no such control call: {verb} {PREFIX}{path}"}, HTTPStatus.NOT_FOUND)
    try:
        body = json.loads(read_body(environ) or b"{}")
        query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        result = handler(world, body | query | ({"argument": argument} if argument else {}))
        return result if isinstance(result, Answer) else _json(result)
    except (ValueError, TypeError) as error:
        return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)


def _json(value: object, status: int = HTTPStatus.OK) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value, default=str).encode())


def _health(world: World, _: dict[str, Any]) -> object:
    return {"status": "ok", "pid": os.getpid(), "settings": asdict(world.settings)}


def _reset(world: World, _: dict[str, Any]) -> object:
    state.reset(world)
    return {}


def _settings(world: World, _: dict[str, Any]) -> object:
    return asdict(world.settings)


def _configure(world: World, wish: dict[str, Any]) -> object:
    world.settings.change(wish)
    return asdict(world.settings)


def _add_fault(world: World, wish: dict[str, Any]) -> object:
    return {"id": world.faults.add(wish)}


def _faults(world: World, _: dict[str, Any]) -> object:
    return {"faults": world.faults.shown()}


def _remove_faults(world: World, wish: dict[str, Any]) -> object:
    return {"removed": world.faults.remove(wish.get("argument"))}


def _calls(world: World, wish: dict[str, Any]) -> object:
    return world.calls.since(int(wish.get("since", 0)))


def _clear_calls(world: World, _: dict[str, Any]) -> object:
    world.calls.clear()
    return {}


def _authorizations(world: World, wish: dict[str, Any]) -> object:
    return world.decisions.since(int(wish.get("since", 0)))


def _clear_authorizations(world: World, _: dict[str, Any]) -> object:
    world.decisions.clear()
    return {}


def _package(world: World, wish: dict[str, Any]) -> object:
    found = package(world, str(wish.get("argument")))
    if found is None:
        return _json({"error": "no such package"}, HTTPStatus.NOT_FOUND)
    return Answer(HTTPStatus.OK, {"Content-Type": "application/zip"}, found)


HANDLERS: dict[tuple[str, str], Callable[[World, dict[str, Any]], object]] = {
    ("GET", "health"): _health,
    ("POST", "reset"): _reset,
    ("GET", "config"): _settings,
    ("POST", "config"): _configure,
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): _faults,
    ("DELETE", "faults"): _remove_faults,
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _clear_calls,
    ("GET", "package"): _package,
    ("GET", "authorizations"): _authorizations,
    ("DELETE", "authorizations"): _clear_authorizations,
}
