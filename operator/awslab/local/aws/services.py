"""Who answers a call: a service of ours, or moto as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from moto import backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.server import DomainDispatcherApplication, create_backend_app

from awslab.local.aws.errors import AwsError
from awslab.local.aws.families import changes_of
from awslab.local.aws.rules import Book, check_all, follow_all
from awslab.local.aws.wire import Answer

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World


MODULES = tuple(backends.list_of_moto_modules())


class Service(Protocol):
    """Answers the calls of one AWS service.

    `unlocked` has the actions that are carried out without the world's lock, as they take long.
    """

    unlocked: frozenset[str]

    def prepare(self, call: Call) -> None:
        """Read the parameters of a call; raises AwsError where they cannot be read."""

    def answer(self, call: Call) -> Answer:
        """Carry a call out, with the world's lock held; raises AwsError to refuse."""

    def made(self, call: Call, answer: Answer) -> list[str]:
        """Return the ids of the resources that a call has made."""


class PlainMoto:
    """A service for which there are no rules yet: moto's own answer."""

    unlocked: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = DomainDispatcherApplication(create_backend_app)
        backends.list_of_moto_modules = lambda: MODULES  # moto would look at its folder for every call

    def prepare(self, call: Call) -> None:
        """Refuse what moto would fail at; the parameters are what the call brought."""
        _refuse_unknown_region(call)

    def answer(self, call: Call) -> Answer:
        """Let moto answer; what it does not know is an error that botocore can read."""
        answer = Answer(HTTPStatus.OK)

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answer.status = int(status.split(maxsplit=1)[0])
            answer.headers = dict(headers)

        try:
            answer.body = b"".join(self.app(call.environ, start))
        except NotImplementedError as error:
            raise unknown_action(call) from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            answer.result = error_code(answer)
        return answer

    def made(self, _call: Call, _answer: Answer) -> list[str]:
        """Nothing is known of what other services make."""
        return []


@dataclass
class Asked:
    """What a rule is given: the call and the world it is carried out in."""

    call: Call
    world: World

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters."""
        return self.call.params

    def later(self, change: str, id_: str) -> None:
        """Let a change come to a resource after its usual time."""
        self.world.later(change, self.call.account, self.call.region, id_)


class Ruled(PlainMoto):
    """A service whose calls go by the rules first, and then to moto."""

    name: str

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.changes.update(changes_of(self.name))

    def answer(self, call: Call) -> Answer:
        """Ask the rules, let moto answer, let happen what follows."""
        asked = self.asked(call)
        check_all(self.name, call.action, asked)
        answer = super().answer(call)
        if answer.status < HTTPStatus.BAD_REQUEST:
            follow_all(self.name, call.action, asked, answer)
        return answer

    def asked(self, call: Call) -> Asked:
        """Return what the rules of this service are given."""
        return Asked(call, self.world)


@Book("sts").behaves(
    "sts-unknown-region",
    "*",
    code="InvalidClientTokenId",
    does="A region that does not exist does not know the caller's credentials.",
    see="https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
)
def _refuse_unknown_region(call: Call) -> None:
    if call.service == "sts" and call.region not in regions():
        sentence = "The security token included in the request is invalid."
        raise AwsError("InvalidClientTokenId", sentence, HTTPStatus.FORBIDDEN)


@lru_cache(maxsize=1)
def regions() -> frozenset[str]:
    """Return the regions that there are."""
    return frozenset(ec2_backends[DEFAULT_ACCOUNT_ID].regions)


def unknown_action(call: Call) -> AwsError:
    """Return the refusal of an action that the service, or its emulation, does not have."""
    name = "InvalidAction" if call.protocol in {"ec2", "query"} else "UnknownOperationException"
    return AwsError(name, f"The action {call.action} is not valid for this web service.")


def error_code(answer: Answer) -> str:
    """Find the error code in an answer of moto, for the log."""
    header = answer.headers.get("x-amzn-errortype") or answer.headers.get("x-amzn-ErrorType")
    if header:
        return header.split(":")[0]
    for begin, end in ((b"<Code>", b"<"), (b'"__type": "', b'"'), (b'"__type":"', b'"')):
        _, found, rest = answer.body.partition(begin)
        if found:
            return rest.partition(end)[0].decode().rpartition("#")[2]
    return str(answer.status)
