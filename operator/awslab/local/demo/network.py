"""The story of a network: made, kept, repaired, changed, deleted; each step is checked.

What commands promise is checked in AWS itself, past the operator.
"""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from awslab.local.demo import account
from awslab.local.demo.story import NAMESPACE, Story
from awslab.local.demo.telling import drift_line

NAME = "production"
OWNER = f"default/LabVpc/{NAMESPACE}/{NAME}"


@dataclass
class NetworkStory(Story):
    """A LabVpc's life."""

    kind = "labvpc"
    name = NAME

    def scenes(self) -> Iterable[Callable[[], None]]:
        """Its parts, in order."""
        return (self.make, self.prove, self.repair, self.grow, self.delete)

    def make(self) -> None:
        """A network from one `kubectl apply`."""
        self.screen.scene("One `kubectl apply`, and a production network is made")
        self._run(f"kubectl create namespace {NAMESPACE}")
        self._run("kubectl apply -f examples/vpc.yaml")
        took = self._follow_to_ready()
        self._run(f"kubectl get labvpc -n {NAMESPACE}")
        self.screen.tree(f"LabVpc {NAMESPACE}/{NAME}", self.state)
        self.screen.holds(f"{NAME} was Ready after {took:.1f} s")
        there = self._in_aws()
        self._check(
            set(self.state.ids.values()) == account.resources(there),
            f"AWS has just these {len(self.state.ids)} resources under its owner tag, each with the id in status",
        )

    def prove(self) -> None:
        """The promised paths are checked over what AWS has; a way is drawn; the cost is told."""
        self.screen.scene("Does it do what it is for? The paths are checked over what AWS has")
        checks = self.state.status.get("checks", ())
        for check in checks:
            self.screen.say(f"  {'passed' if check['passed'] else 'broken'}: {check['name']}: {check['message']}")
        passed = bool(checks) and all(check["passed"] for check in checks)
        self._check(passed, f"all {len(checks)} promises of the network are kept")
        drawing = Path(tempfile.gettempdir(), "awslab-demo-network.svg")
        self._run(f"awslab reach labvpc/{NAME} -n {NAMESPACE} bastion web:80 --svg {drawing}")
        self._check(drawing.read_text("utf-8").startswith("<svg"), f"the network and the way are drawn in {drawing}")
        cost = self._run(f"awslab cost labvpc/{NAME} -n {NAMESPACE}")
        monthly = str(self.state.status["summary"]["monthlyCost"])
        self._check(monthly in cost, f"it costs {monthly} a month, as the status says too")

    def repair(self) -> None:
        """A route deleted by hand is noticed, reported and put back."""
        self.screen.scene("Somebody deletes a route in AWS, behind the operator's back")
        self.screen.say("AWS is looked at every 10 minutes while nothing changes; here, every 2 seconds.")
        self._run(self._patch('{"spec":{"management":{"driftInterval":"2s"}}}'))
        self._follow_to_ready()
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
        before, ids = self._in_aws(), self.state.ids
        self._run(self._patch('{"spec":{"availabilityZones":3}}'))
        self._follow_to_ready("Ready with three zones")
        self._run(f"kubectl get labvpc -n {NAMESPACE}")
        after = self._in_aws()
        added = sorted(set(self.state.ids) - set(ids))
        self._check(len(self.state.status["zones"]) == 3, f"new: {', '.join(added)}")  # noqa: PLR2004 - as asked for
        self._check(ids.items() <= self.state.ids.items(), f"all {len(ids)} resources kept their ids")
        touched = [id_ for id_ in before if before[id_] != after.get(id_)]
        self._check(not touched, f"all {len(before)} things in AWS are as before, field by field", *touched)

    def delete(self) -> None:
        """`kubectl delete` ends when AWS is empty."""
        self.screen.scene("`kubectl delete` ends when AWS is empty")
        self._run(f"kubectl delete {self._object}", meanwhile=lambda: self._follow(lambda state: not state.obj, "gone"))
        self._run("aws ec2 describe-vpcs --filters Name=is-default,Values=false")
        left = [*self._in_aws(), *account.leftovers(self._ec2)]
        self._check(not left, "AWS is empty: no network, no address, no gateway is left", *left)

    def _in_aws(self) -> account.Facts:
        return account.of_owner(self._ec2, self.world.boto("iam"), OWNER)

    @cached_property
    def _ec2(self) -> Any:
        return self.world.boto("ec2")
