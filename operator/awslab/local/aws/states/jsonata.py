"""JSONata in state machines: evaluated by jsonata-python, with the functions that Step Functions adds.

moto asks a Java library for it, which it does not bring. Values are bound, not written into the expression.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import uuid
from typing import Any

from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class EvaluationError(Exception):
    """An expression cannot be evaluated, or gave nothing that JSON can carry; the message says which."""


def evaluate(expression: str, bindings: dict[str, Any]) -> Any:
    """Return what an expression gives, with variables bound by their names without `$`."""
    try:
        program = Jsonata(expression)
        program.set_output_convert_nulls(False)
        for name, function in FUNCTIONS.items():
            program.register_lambda(name, function)
        result = program.evaluate(None, {name: _bound(value) for name, value in bindings.items()})
    except Exception as error:  # the library raises its own and Python's
        raise EvaluationError(f"The JSONata expression '{expression}' threw an error: {error}") from error
    if result is None:
        raise EvaluationError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return _plain(result, expression)


def _bound(value: Any) -> Any:
    """Return a value as the library wants it: null is a thing of its own there, None is undefined."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _bound(one) for key, one in value.items()}
    return [_bound(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any, expression: str) -> Any:
    """Return a result as JSON has it: lists are lists, null is None, 2.0 is 2."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: _plain(one, expression) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, expression) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str | int | float):
        return value
    raise EvaluationError(f"The JSONata expression '{expression}' returned an unsupported result type.")


def _partition(array: list[Any], size: float) -> list[list[Any]]:
    step = int(size)
    return [array[first : first + step] for first in range(0, len(array), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    count = math.floor((last - first) / step) + 1
    return [first + number * step for number in range(max(count, 0))]


def _hash(value: Any, algorithm: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return hashlib.new(HASHES[algorithm], text.encode()).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()  # noqa: S311 - what a user's flow asks for, no secret


# Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
FUNCTIONS = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
}
