"""The story: made, kept, repaired, changed, deleted; each step is checked.

Commands are the real ones, run as they are shown; what they promise is checked in AWS itself, past the operator.
"""

import os
import queue
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from awslab.local.demo import account
from awslab.local.demo.screen import Screen
from awslab.local.demo.telling import State, drift_line, news
from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes.watching import Watch
from awslab.local.world import World

NAMESPACE, NAME = "lab", "production"
OWNER = f"default/LabVpc/{NAMESPACE}/{NAME}"
PATIENCE = 60.0  # seconds for each step
_LOOK = 0.1
_OBJECT = f"labvpc {NAME} -n {NAMESPACE}"


class CheckError(LocalWorldError):
    """Something that was promised does not hold; the message is a sentence about it."""


@dataclass
class Story:
    """Tells the story in one world; `repository` is where the examples are."""

    world: World
    repository: Path
    screen: Screen
    watch: Watch
    state: State = field(default_factory=State)

    def tell(self) -> None:
        """Go through all of it; raises CheckError at the first thing that does not hold."""
        for scene in (self.make, self.repair, self.grow, self.delete):
            scene()

    # --- the scenes

    def make(self) -> None:
        """A network from one `kubectl apply`."""
        self.screen.scene("One `kubectl apply`, and a production network is made")
        self._run(f"kubectl create namespace {NAMESPACE}")
        self._run("kubectl apply -f examples/vpc.yaml")
        took = self._follow(lambda state: state.is_ready, "Ready")
        self._run(f"kubectl get labvpc -n {NAMESPACE}")
        self.screen.tree(f"LabVpc {NAMESPACE}/{NAME}", self.state)
        self.screen.holds(f"{NAME} was Ready after {took:.1f} s")
        there = account.of_owner(self._ec2, OWNER)
        self._check(
            set(self.state.ids.values()) == {id_ for id_ in there if not id_.startswith("rtbassoc-")},
            f"AWS has just these {len(self.state.ids)} resources under its owner tag, each with the id in status",
        )

    def repair(self) -> None:
        """A route deleted by hand is noticed, reported and put back."""
        self.screen.scene("Somebody deletes a route in AWS, behind the operator's back")
        self.screen.say("AWS is looked at every 10 minutes while nothing changes; here, every 2 seconds.")
        self._run(self._patch('{"spec":{"management":{"driftInterval":"2s"}}}'))
        self._follow(lambda state: state.is_ready, "Ready")
        table, nat = self.state.ids["RouteTable/private-a"], self.state.ids["NatGateway/a"]
        self._run(f"aws ec2 delete-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0")
        took = self._follow(lambda state: bool(state.drift), "showing the drift")
        drift = self.state.drift
        for entry in drift:
            self.screen.say(f"  status.drift: {drift_line(entry)}")
        seen = [(d["resource"], d["field"], d["desired"], d["observed"]) for d in drift]
        self._check(
            seen == [("RouteTable/private-a", "routes.0.0.0.0/0", nat, "none")],
            f"the drift was reported {took:.1f} s later, with table, destination, what is wanted and what is there",
        )
        self._follow(lambda state: state.is_ready and not state.drift, "Ready again")
        self._await_events("Drifted", "Repaired")
        self._run(f"kubectl get events -n {NAMESPACE} --field-selector reason!=Created,reason!=Updated")
        self._check(
            account.route(self._ec2, table, "0.0.0.0/0") == nat,
            f"the route is back in AWS: {table} sends 0.0.0.0/0 to {nat}",
        )

    def grow(self) -> None:
        """A third zone is added, and nothing that existed is touched."""
        self.screen.scene("From two availability zones to three")
        before, ids = account.of_owner(self._ec2, OWNER), self.state.ids
        self._run(self._patch('{"spec":{"availabilityZones":3}}'))
        self._follow(lambda state: state.is_ready, "Ready with three zones")
        self._run(f"kubectl get labvpc -n {NAMESPACE}")
        after = account.of_owner(self._ec2, OWNER)
        added = sorted(set(self.state.ids) - set(ids))
        self._check(len(self.state.status["zones"]) == 3, f"new: {', '.join(added)}")  # noqa: PLR2004 - as asked for
        self._check(ids.items() <= self.state.ids.items(), f"all {len(ids)} resources kept their ids")
        touched = [id_ for id_ in before if before[id_] != after.get(id_)]
        self._check(not touched, f"all {len(before)} things in AWS are as before, field by field", *touched)

    def delete(self) -> None:
        """`kubectl delete` ends when AWS is empty."""
        self.screen.scene("`kubectl delete` ends when AWS is empty")
        self._run(f"kubectl delete {_OBJECT}", meanwhile=lambda: self._follow(lambda state: not state.obj, "gone"))
        self._run("aws ec2 describe-vpcs --filters Name=is-default,Values=false")
        left = [*account.of_owner(self._ec2, OWNER), *account.leftovers(self._ec2)]
        self._check(not left, "AWS is empty: no network, no address, no gateway is left", *left)

    # --- how

    @cached_property
    def _ec2(self) -> Any:
        return self.world.boto("ec2")

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        """That of the person's shell, in which the world's kubectl and our aws are found first."""
        folders = (self.world.kubectl.command.parent, Path(sys.executable).parent)
        path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
        return os.environ | self.world.environment | {"PATH": path, "AWS_PAGER": ""}

    def _run(self, line: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Show the command line, run just that, and show what it says; raises CheckError when it fails."""
        self.screen.command(line)
        command = shlex.split(line)
        # S603: the lines are those of this module
        with subprocess.Popen(  # noqa: S603
            command,
            cwd=self.repository,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                meanwhile()
                said, _ = process.communicate(timeout=PATIENCE)
            except BaseException:
                process.kill()
                raise
        self.screen.output(said)
        if process.returncode:
            raise CheckError(f"`{line}` ended with {process.returncode}.")

    @staticmethod
    def _patch(change: str) -> str:
        return f"kubectl patch {_OBJECT} --type=merge -p '{change}'"

    def _follow(self, done: Callable[[State], bool], aim: str) -> float:
        """Show each state until `done`; returns the seconds that it took, raises CheckError after PATIENCE."""
        start = time.monotonic()
        with self.screen.following() as board:
            while True:
                if time.monotonic() - start > PATIENCE:
                    where = self.state.message or "nothing"
                    raise CheckError(f"{NAME} was not {aim} within {PATIENCE:.0f} s; its status says: {where}")
                try:
                    state = State(self.watch.next(_LOOK))
                except queue.Empty:
                    board.show(self.state)
                    continue
                for line in news(self.state, state):
                    board.news(line)
                self.state = state
                if done(state):
                    return time.monotonic() - start

    def _await_events(self, *reasons: str) -> None:
        """Events are posted behind the pass; wait until each of these is there."""
        deadline = time.monotonic() + PATIENCE
        ask = ("get", "events", f"--namespace={NAMESPACE}", "--output=jsonpath={.items[*].reason}")
        while missing := set(reasons) - set(self.world.kubectl(*ask).split()):
            if time.monotonic() > deadline:
                raise CheckError(f"Nobody posted the event {', '.join(sorted(missing))}.")
            time.sleep(_LOOK)

    def _check(self, holds: bool, sentence: str, *found: str) -> None:  # noqa: FBT001 - it is what the check is about
        if not holds:
            more = f" (found: {', '.join(found)})" if found else ""
            self.screen.failed(sentence + more)
            raise CheckError(f"This does not hold: {sentence}{more}.")
        self.screen.holds(sentence)
