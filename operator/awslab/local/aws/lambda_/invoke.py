"""Invocations: `invoke` waits for the result, `send` has the event dealt with later.

Whoever calls does not hold the world's lock, and has asked for the permission.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import limits, model, reporting
from awslab.local.aws.lambda_.asked import API, DEVELOPERS
from awslab.local.aws.lambda_.asynchronous import Events
from awslab.local.aws.lambda_.model import Waiting
from awslab.local.aws.lambda_.pool import SLOT_SECONDS, Environment, Pool
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.model import Deployed, LayerVersion, Reference, Target
    from awslab.local.aws.lambda_.processes import Reply
    from awslab.local.aws.world import World

book = Book("lambda")
REQUEST_LIMIT = 6_291_456
EVENT_LIMIT = 1_048_576
RESPONSE_LIMIT = 6_291_556
LOG_TAIL = 4096


@dataclass(frozen=True)
class Result:
    """What came of an invocation; `error` is empty or `Unhandled`."""

    payload: bytes
    error: str
    log: str
    version: str
    request_id: str

    @property
    def tail(self) -> str:
        """Return the end of the log as LogType=Tail gives it."""
        return base64.b64encode(self.log.encode()[-LOG_TAIL:]).decode()


@dataclass(frozen=True)
class Job:
    """One invocation that was let in."""

    target: Target
    deployed: Deployed
    layers: list[LayerVersion]
    request_id: str
    epoch: int  # of the pool


class Runner:
    """All that runs functions in one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool = Pool(world)
        self.at_work: Counter[str] = Counter()
        world.enders.append(self.pool.close)
        self.events = Events(self)

    def invoke(self, reference: Reference, payload: bytes, account: str, region: str, request_id: str = "") -> Result:
        """Run a function and wait; raises AwsError where the invocation is refused."""
        job = self._let_in(reference, account, region, request_id or str(uuid.uuid4()))
        try:
            slot = self.pool.slots.acquire(timeout=SLOT_SECONDS)
            try:
                return self._run(job, payload)
            finally:
                if slot:
                    self.pool.slots.release()
        finally:
            with self.world.lock:
                self.at_work[job.target.function.arn] -= 1

    @book.behaves(
        "invoke-states",
        "Invoke",
        code="ResourceConflictException",
        does="A function is invoked once it is `Active`; an alias with weights leads to one of its versions by chance.",
        see=DEVELOPERS + "functions-states.html",
    )
    def _let_in(self, reference: Reference, account: str, region: str, request_id: str) -> Job:
        with self.world.lock:
            self.world.settle()
            target = _weighted(model.find(self.world, account, region, reference))
            if target.version.state == "Pending":
                sentence = (
                    "The operation cannot be performed at this time. "
                    "The function is currently in the following state: Pending"
                )
                raise AwsError("ResourceConflictException", sentence, HTTPStatus.CONFLICT)
            self._refuse_too_many(target)
            deployed = target.version.deployed()
            arns = {one["Arn"] for one in deployed.settings.get("Layers") or []}
            there = model.region_of(self.world, target.function.account, target.function.region).layers
            layers = [one for versions in there.values() for one in versions if one.arn in arns]
            self.at_work[target.function.arn] += 1
            return Job(target, deployed, layers, request_id, self.pool.epoch)

    @book.behaves(
        "limit-function-concurrency",
        "Invoke",
        code="TooManyRequestsException",
        does="More invocations at once than a function, or the account, has concurrency for are throttled.",
        see=DEVELOPERS + "lambda-concurrency.html",
    )
    def _refuse_too_many(self, target: Target) -> None:
        function = target.function
        region = model.region_of(self.world, function.account, function.region)
        if function.concurrency is not None:
            busy, most = self.at_work[function.arn], function.concurrency
        else:
            others = [one.arn for one in region.functions.values() if one.concurrency is None]
            busy, most = sum(self.at_work[arn] for arn in others), limits.unreserved(self.world, region)
        if busy >= most:
            reporting.count(self.world, function, target.qualifier, {"Throttles": 1})
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", HTTPStatus.TOO_MANY_REQUESTS)

    def _run(self, job: Job, payload: bytes) -> Result:
        environment = self.pool.take(job.target, job.deployed, job.layers, job.epoch)
        try:
            reply = self._ask(job, environment, payload)
            return self._report(job, environment, reply)
        finally:
            self.pool.give_back(environment)

    @book.behaves(
        "invoke-limits",
        "Invoke",
        does="A function that takes longer than its time-out, or more memory than it has, is ended.",
        see=DEVELOPERS + "configuration-timeout.html",
    )
    def _ask(self, job: Job, environment: Environment, payload: bytes) -> Reply:
        if not (environment.init.message or {}).get("ready"):
            environment.process.end()
            return environment.init
        seconds = job.deployed.settings["Timeout"]
        message = {
            "id": job.request_id,
            "event": payload.decode(),
            "deadline": (time.time() + seconds) * 1000,
            "arn": job.target.arn,
            "trace": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=1",
        }
        return environment.process.ask(message, seconds)

    def _report(self, job: Job, environment: Environment, reply: Reply) -> Result:
        payload, failed, said = _outcome(job, reply)
        early = environment.init.lines if environment.is_new and reply is not environment.init else []
        lines = [*early, *reply.lines]
        if said:
            lines.append((time.time(), said))
        settings, version = job.deployed.settings, job.target.version.number
        report = {
            "requestId": job.request_id,
            "version": version,
            "ms": reply.seconds * 1000,
            "memory": settings["MemorySize"],
            "peak": min(reply.peak_mb, settings["MemorySize"]),
            "init": environment.init.seconds * 1000 if environment.is_new else None,
            "status": "error" if failed else "success",
        }
        lines = reporting.framed(lines, report, as_json=settings["LoggingConfig"].get("LogFormat") == "JSON")
        values = {"Invocations": 1.0, "Errors": float(failed), "Duration": report["ms"]}
        with self.world.lock:
            reporting.write_log(self.world, job.target.function, environment, lines)
            reporting.count(self.world, job.target.function, job.target.qualifier, values)
            if settings["TracingConfig"].get("Mode") == "Active":
                reporting.trace(self.world, environment)
        text = "".join(line for _, line in lines)
        return Result(payload, "Unhandled" if failed else "", text, version, job.request_id)


@book.behaves(
    "invoke-errors",
    "Invoke",
    does="What code raises, a time-out and an end without an answer come back as 200 with FunctionError `Unhandled`.",
    see=DEVELOPERS + "invocation-retries.html",
)
def _outcome(job: Job, reply: Reply) -> tuple[bytes, bool, str]:
    """Return the payload, whether it is an error, and what the log says of it."""
    id_ = job.request_id
    if reply.timed_out:
        seconds = job.deployed.settings["Timeout"]
        sentence = f"Task timed out after {seconds:.2f} seconds"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        return _error("Sandbox.Timedout", f"RequestId: {id_} Error: {sentence}"), True, f"{stamp} {id_} {sentence}\n"
    if reply.message is None:
        why = _end(reply.ended)
        said = f"RequestId: {id_} Error: {why}"
        return _error("Runtime.ExitError", said), True, f"{said}\nRuntime.ExitError"
    message = reply.message
    error = message.get("error") or message.get("init_error")
    if error:
        return json.dumps(error | {"requestId": id_}).encode(), True, message.get("log", "")
    result = message["result"].encode()
    if len(result) > RESPONSE_LIMIT:
        sentence = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        return _error("Function.ResponseSizeTooLarge", sentence), True, ""
    return result, False, ""


def _end(status: int | None) -> str:
    if status is not None and status < 0:
        return f"Runtime exited with error: signal: {'killed' if status == -9 else -status}"  # noqa: PLR2004 - SIGKILL
    return f"Runtime exited with error: exit status {status}" if status else "Runtime exited without providing a reason"


def _error(kind: str, sentence: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": sentence}).encode()


def _weighted(target: Target) -> Target:
    """Choose between the versions of an alias that has weights."""
    alias = target.function.aliases.get(target.qualifier)
    chance = random.random()  # noqa: S311 - no secret
    for number, weight in (alias.weights if alias else {}).items():
        if chance < weight:
            return model.Target(target.function, target.function.versions[number], target.qualifier)
        chance -= weight
    return target


_RUNNERS: WeakKeyDictionary[World, Runner] = WeakKeyDictionary()
_MAKING = threading.Lock()


def runner_of(world: World) -> Runner:
    """Return what runs the functions of a world."""
    with _MAKING:
        if world not in _RUNNERS:
            _RUNNERS[world] = Runner(world)
        return _RUNNERS[world]


@book.behaves(
    "invoke-payload",
    "Invoke",
    code="InvalidRequestContentException",
    does="An event is JSON, of at most 6 MB, or 1 MB where it is dealt with later.",
    see=API + "API_Invoke.html",
)
def checked(payload: bytes, limit: int = REQUEST_LIMIT) -> bytes:
    """Return an event as it is given to a function; refuses what is none."""
    if len(payload) > limit:
        sentence = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise AwsError("RequestTooLargeException", sentence, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        sentence = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", sentence) from error
    return payload or b"{}"


def send(
    world: World, reference: Reference | str, payload: bytes, account: str = "", region: str = "", request_id: str = ""
) -> str:
    """Have an event dealt with later; returns its id. Raises AwsError where there is no such function."""
    named = model.read_name(reference) if isinstance(reference, str) else reference
    checked(payload, EVENT_LIMIT)
    id_ = request_id or str(uuid.uuid4())
    with world.lock:
        target = model.find(world, account, region, named)
        now, function = world.clock(), target.function
        event = Waiting(id_, function.account, function.region, target.arn, payload or b"{}", born=now, due=now)
    runner_of(world).events.add(event)
    return id_


def invoke(world: World, function: str, payload: bytes, *, account: str = "", region: str = "") -> Result:
    """Invoke a function, named by its ARN or in a region of an account, and wait for the result."""
    return runner_of(world).invoke(model.read_name(function), checked(payload), account, region)
