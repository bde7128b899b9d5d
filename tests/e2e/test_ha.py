"""Two operators, as processes against a real API server: one of them works, and never both.

Each signs its calls with a key of its own, so that the call log of the local AWS tells them apart.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from functools import partial

import psutil
import pytest

from awslab.aws.calls import is_read
from awslab.local.probe import answers
from awslab.local.processes import exit_code
from awslab.settings import Settings
from tests.e2e.conftest import OPERATOR, place_in
from tests.support.live import Place, eventually, ours, there_is_one_of_everything

FAST = {"AWSLAB_LEASE_DURATION": "4", "AWSLAB_LEASE_RENEW": "1.3"}
DEFAULT: dict[str, str] = {}
DEFAULTS = Settings()


@dataclass(frozen=True)
class Replica:
    """One of the operators; its name is its identity in the Lease and its key at AWS."""

    place: Place
    world: object
    name: str

    def start(self, env) -> Replica:
        own = {"AWSLAB_IDENTITY": self.name, "AWS_ACCESS_KEY_ID": self.name}
        self.world.start_operator(self.name, env=OPERATOR | own | env, wait=False)
        return self

    @property
    def process(self) -> psutil.Process:
        return next(psutil.Process(status.pid) for status in self.world.status() if status.name == self.name)

    def metric(self, sample: str) -> float:
        with urllib.request.urlopen(f"{self.endpoint}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.removeprefix(sample)) for line in lines if line.startswith(f"{sample} ")), 0.0)

    @property
    def endpoint(self) -> str:
        return next(status.endpoint for status in self.world.status() if status.name == self.name)

    @property
    def ready(self) -> bool:
        return answers(f"{self.endpoint}/readyz")

    @property
    def leads(self) -> bool:
        return self.metric("awslab_leader") == 1

    def calls(self, since: int) -> list[str]:
        return [c["action"] for c in self.place.control.calls(since) if c["who"] == self.name]

    def writes(self, since: int) -> list[str]:
        return [action for action in self.calls(since) if not is_read(action)]


@pytest.fixture
def pair(world):
    """Start two replicas with these settings; gives who leads, and who stands by."""
    return partial(started, world)


@pytest.fixture(scope="module")
def standing(session_world):
    """Two replicas that the tests share which leave them as they are; each has a namespace of its own."""
    session_world.kill_operators()
    session_world.reset()
    yield started(session_world, DEFAULT)
    session_world.kill_operators()
    session_world.reset()


@pytest.fixture
def place(session_world):
    place = place_in(session_world)
    yield place
    place.control.heal()


def started(world, env) -> tuple[Replica, Replica]:
    """Two replicas side by side, as a Deployment starts them: whoever comes first leads."""
    pair = [Replica(place_in(world), world, f"operator-{number}").start(env) for number in (1, 2)]
    eventually(lambda: all(replica.ready for replica in pair) and any(replica.leads for replica in pair))
    leader, standby = sorted(pair, key=lambda replica: not replica.leads)
    return leader, standby


def lease(place) -> dict[str, object]:
    found = place.kubectl("get", "lease", "awslab-operator", "--namespace=awslab-system", "--output=json")
    return json.loads(found)["spec"]


def seconds_until(what) -> float:
    """How long from now until *what* is true, to a twentieth of a second."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    return time.monotonic() - began


def made(place, since: int) -> Counter[str]:
    """What was made, by the action that made it."""
    makers = ("CreateVpc", "CreateSubnet", "CreateRouteTable", "CreateInternetGateway", "CreateSecurityGroup")
    return Counter(c["action"] for c in place.writes(since) if c["action"] in makers)


def hang(place, *actions: str, kind="hang-before") -> None:
    """Have these calls wait at AWS until it heals."""
    for action in actions:
        place.control.fault(kind, action)


def hit(place) -> bool:
    return any(fault["hits"] for fault in place.control.faults())


def test_only_the_holder_of_the_lease_works(standing, place):
    first, second = standing
    since = place.control.last_call()

    place.labvpc().apply().ready()

    assert (True, False) == (first.leads, second.leads)
    assert first.name == lease(place)["holderIdentity"]
    assert {first.name} == {c["who"] for c in place.control.calls(since)} - {"test"}


def test_what_others_write_into_an_object_during_a_pass_is_kept_and_nothing_is_made_twice(standing, place):
    first, _ = standing
    since = place.control.last_call()
    hang(place, "CreateVpc")
    vpc = place.labvpc().apply()
    eventually(lambda: hit(place))

    vpc.kubectl("label", "labvpc", vpc.name, "team=network")
    forgotten = json.dumps({"status": {"intents": None, "resources": None}})
    vpc.kubectl("patch", "labvpc", vpc.name, "--subresource=status", "--type=merge", f"--patch={forgotten}")
    place.control.heal()
    vpc.ready()

    assert first.metric('awslab_passes_total{kind="LabVpc",result="conflict"}') >= 1
    assert "network" == vpc.object["metadata"]["labels"]["team"]
    assert 1 == made(place, since)["CreateVpc"]
    assert set(vpc.ids().values()) == ours(vpc)


def test_an_api_server_that_restarts_while_objects_are_made_has_nothing_made_twice(standing, place, session_world):
    since = place.control.last_call()
    hang(place, "CreateSubnet", kind="hang-after")
    vpcs = [place.labvpc(cidr=cidr).apply() for cidr in ("10.1.0.0/20", "10.2.0.0/20")]
    eventually(lambda: Counter(c["action"] for c in place.control.calls(since))["CreateVpc"] == 2)
    eventually(lambda: hit(place))

    session_world.restart_apiserver()
    place.control.heal()
    for vpc in vpcs:
        vpc.ready()

    wanted = Counter(address.partition("/")[0] for vpc in vpcs for address in vpc.ids())
    assert {f"Create{type_}": wanted[type_] for type_ in ("Vpc", "Subnet", "RouteTable", "InternetGateway")} == {
        action: count for action, count in made(place, since).items() if action != "CreateSecurityGroup"
    }
    assert [set(vpc.ids().values()) for vpc in vpcs] == [ours(vpc) for vpc in vpcs]


def test_after_sigterm_amid_a_creation_the_other_leads_within_two_seconds(pair, place, record_property):
    first, second = pair(DEFAULT)
    hang(place, "CreateSubnet")
    vpc = place.labvpc().apply()
    eventually(lambda: hit(place))

    process = first.process
    process.terminate()
    place.control.heal()
    took = seconds_until(lambda: second.leads)
    code, since = exit_code(process.pid, 10), place.control.last_call()
    vpc.ready()

    record_property("hand-over", f"after SIGTERM: {took:.1f} s")
    assert took < 2
    assert 0 == code
    assert [] == first.calls(since)
    assert there_is_one_of_everything(vpc)


@pytest.mark.parametrize(
    ("env", "limit"),
    [
        pytest.param(FAST, 4 + DEFAULTS.lease_poll + 1, id="short"),
        pytest.param(DEFAULT, 15.0, id="default", marks=pytest.mark.all_faults),
    ],
)
def test_after_sigkill_the_other_leads_when_the_lease_has_run_out(pair, place, record_property, env, limit):
    first, second = pair(env)
    hang(place, "CreateSubnet", kind="hang-after")
    vpc = place.labvpc().apply()
    eventually(lambda: hit(place))

    first.world.kill_operator(first.name)
    took = seconds_until(lambda: second.leads)
    place.control.heal()
    vpc.ready()

    record_property("hand-over", f"after SIGKILL, lease of {lease(place)['leaseDurationSeconds']} s: {took:.1f} s")
    assert took < limit
    assert there_is_one_of_everything(vpc)


def test_a_leader_that_stood_still_amid_a_creation_writes_no_more(pair, place, world, record_property):
    first, second = pair(FAST)
    hang(place, "Create*", "Allocate*")
    vpc = place.labvpc(natGateways="Single").apply()
    eventually(lambda: hit(place))
    time.sleep(0.5)  # whatever else it was about to ask hangs as well

    world.pause_operator(first.name)
    process = first.process
    place.control.heal()
    took = seconds_until(lambda: second.leads)
    vpc.ready()
    since = place.control.last_call()
    world.resume_operator(first.name)
    code = exit_code(process.pid, 20)

    record_property("hand-over", f"after SIGSTOP: {took:.1f} s")
    assert [] == first.writes(since)
    assert 1 == code
    assert second.leads
    assert there_is_one_of_everything(vpc.settled())


def test_replicas_that_start_anew_look_at_every_object_and_write_nothing(pair, place, world):
    env = {"AWSLAB_RESYNC": "1"}
    first, second = pair(env)
    vpcs = [place.labvpc(cidr=f"10.{number}.0.0/20").apply() for number in range(1, 4)]
    ids = [vpc.ready().ids()["Vpc/vpc"] for vpc in vpcs]
    for replica in (second, first):
        world.stop_operator(replica.name)
    before, since = [vpc.object for vpc in vpcs], place.control.last_call()

    again = pair(env)
    eventually(lambda: sum(r.metric('awslab_passes_total{kind="LabVpc",result="ok"}') for r in again) >= 6)

    assert [] == place.writes(since)
    assert before == [vpc.object for vpc in vpcs]
    assert ids == [vpc.ids()["Vpc/vpc"] for vpc in vpcs]
