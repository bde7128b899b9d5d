"""The WSGI application: parse, hurt where asked, carry out, write down."""

from __future__ import annotations

import logging
import socket
import time
from http import HTTPStatus
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from awslab.local.aws import controlapi
from awslab.local.aws.call import Call, parse, read_body
from awslab.local.aws.cloudwatch.service import CloudWatch
from awslab.local.aws.dynamodb.service import DynamoDb
from awslab.local.aws.ec2.service import Ec2
from awslab.local.aws.elb.service import LoadBalancing
from awslab.local.aws.errors import AwsError
from awslab.local.aws.events.service import EventBridge
from awslab.local.aws.faults import Fault, refusal_of
from awslab.local.aws.iam.service import Iam
from awslab.local.aws.lambda_.service import Lambda
from awslab.local.aws.logs.service import Logs
from awslab.local.aws.messaging.queues import Sqs
from awslab.local.aws.messaging.topics import Sns
from awslab.local.aws.permissions import Sts, authorize_call
from awslab.local.aws.s3.service import S3
from awslab.local.aws.services import PlainMoto, Service
from awslab.local.aws.states.service import StepFunctions
from awslab.local.aws.tagging import service as tagging
from awslab.local.aws.wire import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from awslab.local.aws.world import World

log = logging.getLogger(__name__)
POLL_SECONDS = 0.05
LOST = "lost"


class Lost(ConnectionError):
    """The client shall get no answer."""


class LocalAws:
    """One local AWS as a WSGI application."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.application = self
        self.moto: Service = PlainMoto(world)
        self.services: dict[str, Service] = {
            "ec2": Ec2(world),
            "elasticloadbalancing": LoadBalancing(world),
            "iam": Iam(world),
            "lambda": Lambda(world),
            "logs": Logs(world),
            "s3": S3(world),
            "states": StepFunctions(world),
            "tagging": tagging.Tagging(world),
            "dynamodb": DynamoDb(world),
            "events": EventBridge(world),
            "monitoring": CloudWatch(world),
            "sns": Sns(world),
            "sqs": Sqs(world),
            "sts": Sts(world),
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request: of AWS, or of the control address."""
        read_body(environ)  # all of it, whoever looks at it: the next request comes after it
        if environ["PATH_INFO"].startswith(controlapi.PREFIX):
            answer = controlapi.respond(self.world, environ)
        else:
            answer = self._aws(environ)
        reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        told = environ["REQUEST_METHOD"] == "HEAD"  # the length of what is not sent
        dropped = {"status"} if told else {"status", "content-length"}
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in dropped}
        if not any(k.lower() == "content-length" for k in headers):
            headers["Content-Length"] = str(len(answer.body))
        start_response(f"{answer.status} {reason}", [(k, str(v)) for k, v in headers.items()])
        return [answer.body]

    def _aws(self, environ: dict[str, Any]) -> Answer:
        call = parse(environ)
        began, clock = time.time(), time.perf_counter()
        answer = Answer(0, result=LOST)
        try:
            answer = self._hurt(call)
        except Lost:
            _hang_up(environ)
            raise
        finally:
            seconds = time.perf_counter() - clock
            self.world.calls.add(call, began=began, seconds=seconds, status=answer.status, result=answer.result)
            log.debug("%s %s %s %s %.1f ms", call.who, call.service, call.action, answer.result, seconds * 1000)
        return answer

    def _hurt(self, call: Call) -> Answer:
        """Carry a call out with the faults that hit it."""
        service = self.services.get(call.service, self.moto)
        try:
            service.prepare(call)
        except AwsError as error:
            return refusal(call.protocol, error)
        faults = self.world.faults.hitting(call)
        if self.world.settings.latency_ms:
            time.sleep(self.world.settings.latency_ms / 1000)
        for fault in faults:
            if refused := refusal_of(fault, call):
                return refusal(call.protocol, refused)
            _lose_or_hang(fault, call, "before")
        answer = self._carry_out(service, call, faults)
        for fault in faults:
            _lose_or_hang(fault, call, "after")
        return answer

    def _carry_out(self, service: Service, call: Call, faults: list[Fault]) -> Answer:
        try:
            with self.world.lock:
                self.world.settle()
                authorize_call(self.world, call)
                if call.action not in service.unlocked:
                    answer = service.answer(call)
                    tagging.note(self.world, call)
                    self._hide(service.made(call, answer), faults)
                    return answer
            return service.answer(call)
        except AwsError as error:
            return refusal(call.protocol, error)
        except Exception as error:  # moto's own failures must reach the client as AWS's would
            log.exception("%s %s failed inside the local AWS", call.service, call.action)
            wrong = AwsError("InternalError", f"The local AWS failed: {error!r}", HTTPStatus.INTERNAL_SERVER_ERROR)
            return refusal(call.protocol, wrong)

    def _hide(self, made: list[str], faults: list[Fault]) -> None:
        for fault in faults:
            if fault.kind in {"hide", "hide-tags"}:
                self.world.hide(made, fault.seconds, tags_only=fault.kind == "hide-tags")


def _lose_or_hang(fault: Fault, call: Call, when: str) -> None:
    if fault.kind == f"lose-{when}":
        raise Lost(f"{call.action}: the reply was to be lost")
    if fault.kind == f"hang-{when}":
        while not fault.released.wait(POLL_SECONDS):
            if _is_gone(call.environ.get("werkzeug.socket")):
                raise Lost(f"{call.action}: the client is gone")


def _is_gone(connection: socket.socket | None) -> bool:
    """Tell whether the client has closed its end."""
    if connection is None:
        return False
    return bool(wait([connection], 0)) and not connection.recv(1, socket.MSG_PEEK)


def _hang_up(environ: dict[str, Any]) -> None:
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
