"""An AWS of our own for the core: a few types, and a world in which steps can be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.plan import Action, Hints, plan
from awslab.core.resource import Ids, Observed, Phase, Ref, Resource, resolved
from awslab.core.values import FrozenMap

OWNER = Owner("test", "LabVpc", "lab", "net", "uid-1")
HINTS = Hints(OWNER)


@dataclass(frozen=True, kw_only=True)
class Fake(Resource):
    """A type that AWS never sees."""

    @classmethod
    def observe(cls, aws):
        raise AssertionError("the core looks at no AWS")

    def create(self, aws, ids):
        raise AssertionError("the core calls no AWS")

    @classmethod
    def delete(cls, aws, found):
        raise AssertionError("the core calls no AWS")


@dataclass(frozen=True)
class Link:
    """As a rule of a security group: a port, and who is at the other end."""

    port: int
    peer: str | Resource | Ref

    def __str__(self):
        return f"{self.port} {self.peer}"


@dataclass(frozen=True, kw_only=True)
class Net(Fake):
    """Something that others are made in."""

    mutable: ClassVar = frozenset({"dns"})
    outlives: ClassVar = frozenset({"Door"})

    cidr: str = "10.0.0.0/16"
    dns: bool = True


@dataclass(frozen=True, kw_only=True)
class Door(Fake):
    """Holds up its net's deletion without being named by it, and is slow."""


@dataclass(frozen=True, kw_only=True)
class Host(Fake):
    """Something in a net, with fields of every sort."""

    mutable: ClassVar = frozenset({"size", "friends", "links"})
    late: ClassVar = frozenset({"friends", "links"})
    unobserved: ClassVar = frozenset({"after"})

    uses: frozenset[Resource] = frozenset()
    zone: str = "a"
    size: int = 1
    friends: frozenset[Ref | Resource] = frozenset()
    links: FrozenMap[Link, str] = FrozenMap()  # noqa: RUF009 - it is frozen
    after: Resource | None = None


@dataclass(frozen=True, kw_only=True)
class Annex(Fake):
    """Made and deleted with its net, as a VPC's default security group."""

    part_of: ClassVar = "net"
    mutable: ClassVar = frozenset({"open"})

    net: Net
    open: bool = False


def graph_of(*resources):
    graph = Graph()
    for resource in resources:
        graph.add(resource)
    return graph


def seen(resource, ids=None, **but):
    """*resource* as AWS has it once all is done; its id is made of its address."""
    wishes = {f: v for f, v in resource.wishes.items() if f not in resource.unobserved}
    fields = {f: resolved(v, ids or Numbering()) for f, v in wishes.items()}
    found = Observed(
        type=type(resource),
        name=resource.name,
        id=id_of(resource.address),
        fields=fields | but.pop("fields", {}),
        tags=OWNER.birth_tags(resource),
        owner=OWNER.key,
    )
    return replace(found, **but)


def id_of(address, number=1):
    return f"id-{address.replace('/', '-').lower()}-{number}"


class Numbering(Ids):
    """Knows an id for every address."""

    def get(self, address, default=None):
        return id_of(address)


def step_for(address, desired, found=(), hints=HINTS):
    """The only step for *address*."""
    [step] = [s for s in plan(desired, list(found), hints) if s.address == address]
    return step


@dataclass
class World:
    """Carries out steps as AWS would, and refuses what AWS would refuse."""

    found: list[Observed] = field(default_factory=list)
    count: int = 1
    ids: Ids = field(default_factory=Ids)

    def plan(self, graph):
        """The steps, whose choice among duplicates new resources refer to."""
        steps = plan(graph, self.found, HINTS)
        self.ids = Ids({s.address: s.id for s in steps if s.desired and s.found})
        return steps

    def carry_out(self, step):
        match step.action:
            case Action.CREATE:
                self._create(step.desired)
            case Action.UPDATE:
                after = step.found
                for change in step.changes:
                    after = after.after(change)
                self._put(step.found, after)
            case Action.DELETE:
                self._delete(step.found)

    def _create(self, resource):
        missing = [r.address for r in resource.references if r.address not in self.ids]
        assert missing == [], f"{resource.address} is made before {missing}"
        late = {f: type(v)() for f, v in resource.wishes.items() if f in resource.late}
        self.count += 1
        new = seen(resource, self.ids, id=id_of(resource.address, self.count), fields=late, phase=Phase.PENDING)
        self.found.append(new)

    def _delete(self, going):
        assert going.phase is Phase.FAILED or not self._users(going), f"{going.address} is in use"
        self._put(going, replace(going, phase=Phase.DELETING))

    def _users(self, used):
        return [o.address for o in self.found if o.mentions(used.id) and o is not used and not self._is_part(o, used)]

    def _is_part(self, part, whole):
        return bool(part.type.part_of) and part.fields.get(part.type.part_of) == whole.id

    def _put(self, before, after):
        self.found = [after if o.id == before.id else o for o in self.found]

    def passes(self):
        """Let AWS finish what it has begun."""
        gone = [o for o in self.found if o.phase is Phase.DELETING]
        stay = [o for o in self.found if o not in gone and not any(self._is_part(o, g) for g in gone)]
        self.found = [replace(o, phase=Phase.READY) if o.phase is Phase.PENDING else o for o in stay]
