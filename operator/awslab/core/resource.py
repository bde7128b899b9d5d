"""What an AWS resource is, wanted and found.  Pure: no AWS, no Kubernetes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from .values import FrozenMap, leaves, mapped, with_part

if TYPE_CHECKING:
    from .diff import Change, Changes
    from .outcome import Blocker

Tags = FrozenMap[str, str]

NOTHING: Tags = FrozenMap()


class Phase(StrEnum):
    """How far along AWS says a resource is."""

    PENDING = "Pending"
    READY = "Ready"
    FAILED = "Failed"
    DELETING = "Deleting"
    GONE = "Gone"


@dataclass(frozen=True)
class Ref:
    """A reference by address, for the fields in which two resources may refer to each other."""

    type: str
    name: str
    is_leaf: ClassVar[bool] = True

    @property
    def address(self) -> str:
        """As :attr:`Resource.address`."""
        return f"{self.type}/{self.name}"


@dataclass(frozen=True)
class Unknown:
    """Stands for the id of a resource that does not exist yet."""

    address: str
    is_leaf: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"({self.address})"


@dataclass(frozen=True)
class Given:
    """A resource of somebody else, such as the VPC of another object: its id is all that there is to know."""

    id: str
    is_leaf: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.id


class Ids(dict[str, str]):
    """AWS ids by address; a resource or a reference may stand for its address."""

    def of(self, reference: Resource | Ref | Given) -> str:
        """The id of *reference*; KeyError if it is not known."""
        return reference.id if isinstance(reference, Given) else self[reference.address]


@dataclass(frozen=True)
class Usual:
    """How long AWS usually takes, in seconds: what is looked at again, and when."""

    create: float = 0.0
    delete: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Resource(ABC):
    """One AWS resource, as we want it.

    The fields are the desired state.  A field that holds another resource is a
    dependency on it.  Instances are frozen, so a resource can hold only one that
    already exists: no set of resources can contain a cycle.
    """

    is_leaf: ClassVar[bool] = True

    name: str
    tags: Tags = NOTHING
    """The user's tags; ours are added by the owner."""

    mutable: ClassVar[frozenset[str]] = frozenset()
    """The fields that AWS can change in place."""

    late: ClassVar[frozenset[str]] = frozenset()
    """The fields that are set after creation: what they refer to does not hold it up."""

    unobserved: ClassVar[frozenset[str]] = frozenset()
    """The fields that AWS does not report: they only order things."""

    outlives: ClassVar[frozenset[str]] = frozenset()
    """The types that must be gone before AWS deletes this one, though they do not mention it."""

    part_of: ClassVar[str] = ""
    """The field with the resource that this one is made and deleted with."""

    keeps_data: ClassVar[bool] = False
    """Whether people's data is lost with it."""

    taggable: ClassVar[bool] = True
    """Whether it has tags of its own; a part may be known by those of the whole."""

    usual: ClassVar[Usual] = Usual()

    @property
    def address(self) -> str:
        """The type and the name: unique within an owner."""
        return f"{type(self).__name__}/{self.name}"

    @property
    def wishes(self) -> dict[str, Any]:
        """The desired fields by name, references not yet resolved."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"name", "tags"}}

    @property
    def known_id(self) -> str | None:
        """The id where it follows from a name of our choice; AWS gives the others."""
        return None

    @property
    def references(self) -> tuple[Resource | Ref, ...]:
        """What must be usable before this can be created."""
        return tuple(references_in([v for f, v in self.wishes.items() if f not in self.late]))

    @property
    def all_references(self) -> tuple[Resource | Ref, ...]:
        """What this refers to, in any field."""
        return tuple(references_in(list(self.wishes.values())))

    @classmethod
    @abstractmethod
    def observe(cls, aws: Any) -> Iterator[Observed]:
        """Find every resource of this type that belongs to the session's owner."""

    @abstractmethod
    def create(self, aws: Any, ids: Ids) -> Observed:
        """Ask AWS for the resource, tagged in the same call; return what AWS answers."""

    @classmethod
    def update(cls, aws: Any, found: Observed, changes: Changes) -> None:
        """Change in place what differs; only *mutable* fields and tags ever come here."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def delete(cls, aws: Any, found: Observed) -> None:
        """Ask AWS to delete what was found; the engine takes NotFound for success."""

    @classmethod
    def blockers(cls, aws: Any, found: Observed) -> Iterator[Blocker]:  # noqa: ARG003 - most have none
        """What else uses *found*, so that AWS refuses to delete it."""
        return iter(())

    @classmethod
    def find(cls, aws: Any, name: str, id: str) -> Observed | None:  # noqa: A002 - AWS's own word
        """The resource with *id*, whosever it is, read as our *name*; None where there is none."""
        raise NotImplementedError

    @classmethod
    def tagged_with(cls, aws: Any, tags: Mapping[str, str]) -> Iterator[Observed]:  # noqa: ARG003 - most types can
        """What carries all of *tags* and belongs to nobody yet."""
        return iter(())


@dataclass(frozen=True)
class Observed:
    """One AWS resource, as we found it."""

    type: type[Resource]
    name: str
    id: str
    phase: Phase = Phase.READY
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Named as in the type; what is absent here is not compared."""
    tags: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """The owner's key, as the tag says."""
    usable: bool = True
    """Whether others may already refer to it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What AWS tells and nobody wishes: public addresses, association ids."""
    message: str = ""
    created: str = ""
    adopted: bool = False
    """Whether it was found by its id, as one that the spec or the status calls ours though its tags do not."""

    @property
    def address(self) -> str:
        """As :attr:`Resource.address`."""
        return f"{self.type.__name__}/{self.name}"

    @property
    def ready(self) -> bool:
        """Whether others may refer to it."""
        return self.phase is Phase.READY and self.usable

    def mentions(self, id: str) -> bool:  # noqa: A002 - AWS's own word
        """Whether AWS says this resource refers to the one with *id*."""
        return any(id == leaf for leaf in leaves(self.fields))

    def after(self, change: Change) -> Observed:
        """This, once AWS has carried out *change*; to be believed until the next look at most."""
        if change.field == "tags":
            return replace(self, tags=with_part(self.tags, change.key, change.desired))
        value = with_part(self.fields.get(change.field), change.key, change.desired)
        return replace(self, fields={**self.fields, change.field: value}, usable=True)


def references_in(value: Any) -> Iterator[Resource | Ref]:
    """Every resource that *value* refers to."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, (Resource, Ref)))


def resolved(value: Any, ids: Ids) -> Any:
    """*value* with AWS ids in place of what it refers to, or :class:`Unknown` where there is none yet."""

    def resolve(leaf: Any) -> Any:
        if isinstance(leaf, (Resource, Ref)):
            return ids.get(leaf.address) or Unknown(leaf.address)
        return leaf.id if isinstance(leaf, Given) else leaf

    return mapped(value, resolve)
