"""What makes a kind of custom resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from awslab.api.common import KindSpec
from awslab.api.kinds import ApiKind
from awslab.api.references import ObjectRef, Reference, places_in, references_in
from awslab.aws.session import Aws, Clients
from awslab.core.errors import Waits
from awslab.core.graph import Graph
from awslab.core.ownership import Owner
from awslab.core.resource import Observed, Resource
from awslab.cost.estimate import Estimate, lines

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


ConfigMaps = Callable[[str], Mapping[str, str]]
"""The texts of a ConfigMap of the object's own namespace, by its name; raises Waits where there is none."""


def no_config_maps(name: str) -> Mapping[str, str]:
    """Where there is no cluster to ask."""
    raise Waits(f"ConfigMap {name} is known in its cluster only")


@dataclass(frozen=True)
class Situation:
    """Where a spec is to be carried out: for whom, in which account and region, among which other objects."""

    owner: Owner
    clients: Clients
    others: Others = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    """The ids of the other accounts in which it may act, by the names of their AwsAccounts."""
    config_maps: ConfigMaps = no_config_maps
    status: Mapping[str, Any] = field(default_factory=dict)
    """What was last told of the object itself: what stays as it was once found."""


@dataclass(frozen=True)
class Run:
    """Something that ran in AWS and was not told of before."""

    result: Literal["Started", "Succeeded", "Failed"]
    about: str
    """A sentence for people."""
    seconds: float | None = None
    """How long it took, where it ended."""


@dataclass(frozen=True)
class Check:
    """Something that the spec promises, and whether AWS keeps it."""

    name: str
    passed: bool
    about: str
    """What was promised and what decided, as a sentence."""
    told: Mapping[str, Any]
    """As in ``status.checks``, with its name and whether it passed."""


@dataclass(frozen=True)
class Look:
    """What a report goes by."""

    known: Mapping[str, Any]
    """The status before, and the outputs of this pass."""
    settled: bool = True
    """Whether AWS has everything as the spec asks."""
    drifting: bool = False
    """Whether somebody changed AWS."""
    max_age: float = 0.0
    """How many seconds old may be what is told; 0 where something may have changed just now."""


@dataclass(frozen=True)
class Report:
    """What something in AWS has done or does, beside being there."""

    outputs: Outputs = field(default_factory=dict)
    again: float | None = None
    """Seconds after which there may be news; None for the ordinary interval."""
    runs: tuple[Run, ...] = ()
    checks: tuple[Check, ...] | None = None
    """None where nothing new is known."""


@dataclass(frozen=True, eq=False)
class Kind(Generic[SpecT, FactsT]):
    """Everything that the controller has to know of a kind."""

    api: ApiKind
    types: tuple[type[Resource], ...]
    """Every type that *compose* may add; what is looked for in AWS."""
    look_up: Callable[[SpecT, Situation], FactsT]
    """Ask AWS, and the objects that the spec refers to, what the composition has to know beforehand."""
    guess: Callable[[SpecT, Owner], FactsT]
    """The same without AWS, as well as it can be known: for drawings."""
    compose: Callable[[SpecT, FactsT], Graph]
    """Lay out what the spec asks for; raises SpecError naming the field where it cannot be."""
    outputs: Callable[[SpecT, FactsT, Sequence[Observed]], Outputs]
    """The ids and texts that people need, for ``status``."""
    report: Callable[[SpecT, FactsT, Aws, Look], Report] | None = None
    """Ask AWS what has been done since the status before, and whether promises are kept; raises LabError."""
    work: Callable[[SpecT], Mapping[str, float] | None] = lambda _: {}
    """What the work that the spec expects costs a month in US dollars, by service, beside what stands there.

    None where prices are not known.
    """
    assumptions: Callable[[SpecT], Mapping[str, str]] = lambda _: {}
    """What the cost of the work goes by, for people."""
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

    def estimate(self, spec: SpecT, composition: Iterable[Resource]) -> Estimate:
        """What an object costs a month: what stands there, and the work that its spec expects."""
        return Estimate(spec.region, lines(composition, spec.region), self.work(spec))

    def may_refer_to(self, kind: str) -> bool:
        """Whether a spec of this kind may refer to an object of the kind named."""
        return any(place.type.kind == kind for place in places_in(self.api.spec))

    def references(self, manifest: Mapping[str, Any]) -> Iterator[Reference]:
        """Every object that *manifest* refers to; a spec that is not valid tells as much as it can."""
        return references_in(self.api.spec, manifest.get("spec") or {})

    def spec_of(self, manifest: Mapping[str, Any]) -> SpecT:
        """The validated spec of *manifest*; raises pydantic's ValidationError."""
        return self.api.spec.model_validate(manifest.get("spec") or {})  # type: ignore[return-value]
