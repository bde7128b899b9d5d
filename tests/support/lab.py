"""One owner in the local AWS, driven by the engine alone: no Kubernetes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache

from awslab.aws.calls import is_read
from awslab.aws.elb import ElbResource, retag
from awslab.aws.named import Named
from awslab.aws.session import Aws, Clients
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.plan import Hints
from awslab.engine import Claims, Permit, observe, reconcile
from awslab.kinds import KINDS
from tests.contract.examples import EXAMPLES
from tests.contract.examples.example import OWNER

POOL = ThreadPoolExecutor(16)
REGION = "us-east-1"
TYPES = tuple(dict.fromkeys([*(t for kind in KINDS for t in kind.types), *(type(e.resource) for e in EXAMPLES)]))


@cache
def clients(endpoint):
    return Clients(REGION, endpoint=endpoint)


@dataclass
class Lab:
    """Reconciles graphs on behalf of one owner."""

    control: object
    owner: Owner = OWNER
    types: tuple = ()
    """What it looks at from the beginning; the types of each graph come to it."""
    aws: Aws = field(init=False)
    hints: Hints = field(init=False)
    stamp: int = 0
    named: dict = field(default_factory=dict)
    """The ids of our choice, as a status would have them recorded."""

    def __post_init__(self):
        self.aws = Aws(clients(self.control.endpoint), self.owner)
        self.hints = Hints(self.owner)

    def once(self, graph):
        self.stamp += 1
        self.types = tuple(dict.fromkeys([*self.types, *map(type, graph)]))
        self.named |= {r.address: r.known_id for r in graph if r.known_id}

        def begin(steps):
            return Permit({s.address: str(self.stamp) for s in steps})

        claims = Claims(self.named, self.named)
        return reconcile(graph, self.types, self.aws, self.hints, POOL, begin=begin, claims=claims)

    def settle(self, graph=None, seconds=10):
        """Pass after pass until all is as wanted; fails where that takes too long."""
        graph = graph or Graph()

        def left(result):
            return [str(s) for s in result.steps if s.action != "Keep"]

        return _until(lambda: self.once(graph), lambda result: result.settled, left, seconds)

    def found(self):
        return {o.address: o for o in observe(self.types, self.aws, POOL)}

    def seen(self, address, seconds=10):
        """A resource, as soon as AWS lists it with its tags; what was just made may be missing for a while."""
        return _until(self.found, lambda found: address in found, sorted, seconds)[address]

    def drifted(self, graph, seconds=10):
        """The first pass in which AWS shows what somebody changed; AWS may show it late."""

        def shows_it(result):
            return any(step.changes for step in result.first)

        return _until(lambda: self.once(graph), shows_it, lambda result: [str(s) for s in result.steps], seconds)

    def writes(self, since):
        """Our calls after *since* that changed AWS; its services make calls of their own."""
        ours = (c for c in self.control.calls(since) if "awslab-operator" in c["user_agent"])
        return [c["action"] for c in ours if not is_read(c["action"])]

    def tag(self, found, **tags):
        """Set tags, as anybody may."""
        if issubclass(found.type, Named):
            found.type.retag(self.aws, found.id, tags, [])
        elif issubclass(found.type, ElbResource):
            retag(self.aws, found.id, tags, [])
        else:
            pairs = [{"Key": k, "Value": v} for k, v in tags.items()]
            self.aws.ec2.create_tags(Resources=[found.id], Tags=pairs)

    def stranger(self, **names):
        return replace(self, owner=replace(self.owner, **(names or {"name": "other", "uid": "uid-2"})))


def _until(look, is_done, told, seconds):
    """Look again and again until it is done; fails with what is *told* of the last look where that takes too long."""
    end = time.monotonic() + seconds
    while not is_done(seen := look()):
        assert time.monotonic() < end, told(seen)
        time.sleep(0.05)
    return seen


def with_references(*resources):
    """The graph of *resources* and everything they need."""
    graph = Graph()

    def add(resource):
        for reference in resource.all_references:
            if hasattr(reference, "wishes"):
                add(reference)
        if resource.address not in graph:
            graph.add(resource)

    for resource in resources:
        add(resource)
    return graph
