"""What makes a kind of custom resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from awslab.api.common import KindSpec
from awslab.api.kinds import ApiKind
from awslab.api.references import ObjectRef, Reference, places_in, references_in
from awslab.aws.session import Clients
from awslab.core.errors import Waits
from awslab.core.graph import Graph
from awslab.core.resource import Observed, Resource

SpecT = TypeVar("SpecT", bound=KindSpec)
FactsT = TypeVar("FactsT")

Outputs = Mapping[str, Any]
"""Fields of the kind's status by their names on the wire."""


@dataclass(frozen=True)
class Neighbor:
    """Another object that a spec refers to, as a composition sees it."""

    about: str
    """For people: ``LabVpc lab/production``."""
    spec: Mapping[str, Any]
    status: Mapping[str, Any]

    def output(self, name: str) -> Any:
        """One of its outputs, such as ``vpcId``; raises Waits while it has none."""
        found = self.status.get(name)
        if not found:
            raise Waits(f"Waits for {self.about}: it has no {name} yet")
        return found


Others = Mapping[ObjectRef, Neighbor]
"""What a spec refers to, by the references in it: ``others[spec.vpc_ref].output("vpcId")``."""


@dataclass(frozen=True)
class Kind(Generic[SpecT, FactsT]):
    """Everything that the controller has to know of a kind."""

    api: ApiKind
    types: tuple[type[Resource], ...]
    """Every type that *compose* may add; what is looked for in AWS."""
    look_up: Callable[[SpecT, Clients, Others], FactsT]
    """Ask AWS, and the objects that the spec refers to, what the composition has to know beforehand."""
    guess: Callable[[SpecT], FactsT]
    """The same without AWS, as well as it can be known: for drawings."""
    compose: Callable[[SpecT, FactsT], Graph]
    """Lay out what the spec asks for; raises SpecError naming the field where it cannot be."""
    outputs: Callable[[SpecT, FactsT, Sequence[Observed]], Outputs]
    """The ids and texts that people need, for ``status``."""
    drawings: Mapping[str, Callable[[SpecT, str], str]] = field(default_factory=dict)
    """How `awslab graph` draws a spec under a title, by format, where that says more than its resources."""

    @property
    def name(self) -> str:
        """As in ``kind:`` of a manifest."""
        return self.api.kind

    @property
    def kind(self) -> str:
        """As *name*: what the watch asks for."""
        return self.api.kind

    @property
    def group(self) -> str:
        """The API group."""
        return self.api.group

    @property
    def version(self) -> str:
        """The API version."""
        return self.api.version

    @property
    def plural(self) -> str:
        """The name in the API's paths."""
        return self.api.plural

    @property
    def namespaced(self) -> bool:
        """Whether its objects live in namespaces."""
        return self.api.namespaced

    def may_refer_to(self, kind: str) -> bool:
        """Whether a spec of this kind may refer to an object of the kind named."""
        return any(place.type.kind == kind for place in places_in(self.api.spec))

    def references(self, manifest: Mapping[str, Any]) -> Iterator[Reference]:
        """Every object that *manifest* refers to; a spec that is not valid tells as much as it can."""
        return references_in(self.api.spec, manifest.get("spec") or {})

    def spec_of(self, manifest: Mapping[str, Any]) -> SpecT:
        """The validated spec of *manifest*; raises pydantic's ValidationError."""
        return self.api.spec.model_validate(manifest.get("spec") or {})  # type: ignore[return-value]
