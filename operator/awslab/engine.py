"""One pass over one owner: look, decide, act, and look again.

Within a pass nobody waits for a whole round: as soon as AWS has answered for
one resource, the plan is made anew and what only waited for that one starts.
What AWS's answers tell is believed no longer than to the end of the pass,
which closes with another look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace

from awslab.aws.errors import translated
from awslab.aws.session import Aws
from awslab.core.errors import InUse, LabError, NotFound, Retryable, Uncertain
from awslab.core.graph import Graph
from awslab.core.outcome import Blocker, Outcome, Pass
from awslab.core.plan import Action, Hints, Step, plan
from awslab.core.resource import Ids, Observed, Phase, Resource

DESTRUCTIVE = frozenset({Action.DELETE, Action.REPLACE})
"""The actions that delete; what replaces something is made by the plan that follows."""

TRIES = 4
"""How often one resource is acted on in one pass: made, its tags and fields set, its ties undone, deleted."""


@dataclass(frozen=True)
class Permit:
    """What a pass may do."""

    stamps: Mapping[str, str] = field(default_factory=dict)
    """By address, when a creation that may follow was intended."""
    allows: Callable[[Step], bool] = lambda _: True
    """Whether one step may be carried out."""


@dataclass(frozen=True)
class Claims:
    """The ids, by address, of what is ours though no listing by tags may show it."""

    wanted: Mapping[str, str] = field(default_factory=dict)
    """What is wanted and to be had under this id, whatever its tags say."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """What was ours when we last looked, be it wanted or not; it is still, where AWS says so."""


Begin = Callable[[Sequence[Step]], Permit | None]
"""Is told the plan before the first call that changes AWS; None forbids them all."""


def reconcile(
    desired: Graph,
    types: Sequence[type[Resource]],
    aws: Aws,
    hints: Hints,
    pool: Executor,
    *,
    claims: Claims | None = None,
    begin: Begin = lambda _: Permit(),
    stopping: Callable[[], bool] = lambda: False,
) -> Pass:
    """Bring AWS as near to *desired* as it will come without waiting.

    Nothing here sleeps: what takes AWS time is a Wait step, looked at in a later
    pass.  Raises LabError where AWS cannot be looked at; whatever fails later is
    an outcome.
    """

    def look() -> list[Observed]:
        return _look(desired, types, aws, claims or Claims(), pool)

    found = look()
    first = plan(desired, found, hints)
    permit = begin(first) if any(step.acts for step in first) else None
    if permit is None:
        return Pass(first, (), first, found)
    work = _Work(desired, replace(aws, stamps=permit.stamps), hints, found, pool, permit.allows, stopping)
    outcomes = work.run()
    found = look()
    later = replace(hints, unseen=hints.unseen | _unseen(outcomes, found))
    return Pass(first, outcomes, plan(desired, found, later), found)


def _look(desired: Graph, types: Sequence[type[Resource]], aws: Aws, claims: Claims, pool: Executor) -> list[Observed]:
    """All that is the owner's: by its tags, by a claim, or because it was recorded and AWS still says so."""
    wanted = {address: id_ for address, id_ in claims.wanted.items() if address in desired}
    found = observe(types, aws, pool)
    found += claimed(types, aws, wanted, found)
    known = {o.id for o in found} | set(wanted.values())
    left = claimed(types, aws, {a: id_ for a, id_ in claims.recorded.items() if id_ not in known}, ())
    return found + [o for o in left if o.owner == aws.owner.key]


def as_wanted(desired: Graph, seen: Sequence[Observed], hints: Hints) -> Pass | None:
    """The pass over what was *seen* some time ago, if that is as wanted and nobody need look again."""
    steps = plan(desired, seen, hints)
    result = Pass(steps, (), steps, seen)
    return result if result.settled else None


def observe(types: Iterable[type[Resource]], aws: Aws, pool: Executor) -> list[Observed]:
    """All that the owner has, one listing a type, side by side."""

    def listing(kind: type[Resource]) -> list[Observed]:
        with translated():
            return list(kind.observe(aws))

    return [o for found in pool.map(listing, types) for o in found]


def claimed(
    types: Iterable[type[Resource]], aws: Aws, claims: Mapping[str, str], found: Sequence[Observed]
) -> list[Observed]:
    """What is claimed by its id and was not found by its tags."""
    shown, by_name = {o.address for o in found}, {t.__name__: t for t in types}
    missing = [(*address.partition("/")[::2], id_) for address, id_ in claims.items() if address not in shown]
    with translated():
        known = [by_name[kind].find(aws, name, id_) for kind, name, id_ in missing if kind in by_name]
    return [replace(o, adopted=True) for o in known if o and o.phase is not Phase.GONE]


def candidates(types: Iterable[type[Resource]], aws: Aws, tags: Mapping[str, str], pool: Executor) -> list[Observed]:
    """All that carries *tags* and belongs to nobody: what may be taken over."""

    def listing(kind: type[Resource]) -> list[Observed]:
        with translated():
            return list(kind.tagged_with(aws, tags))

    return [o for found in pool.map(listing, types) for o in found]


def _unseen(outcomes: Iterable[Outcome], found: Iterable[Observed]) -> frozenset[str]:
    """What was made in this pass and is not shown yet: not to be made again."""
    return frozenset({o.step.address for o in outcomes if may_have_made(o)} - {o.address for o in found})


def may_have_made(outcome: Outcome) -> bool:
    """Whether something new may exist: AWS said so, or gave no answer."""
    created = outcome.step.action is Action.CREATE
    return created and (outcome.error is None or isinstance(outcome.error, Uncertain))


class _Work:
    """The steps of one pass, carried out side by side as far as each other's results allow."""

    def __init__(
        self,
        desired: Graph,
        aws: Aws,
        hints: Hints,
        found: Sequence[Observed],
        pool: Executor,
        allows: Callable[[Step], bool],
        stopping: Callable[[], bool],
    ) -> None:
        self._desired, self._aws, self._hints, self._pool = desired, aws, hints, pool
        self._allows, self._stopping = allows, stopping
        self._found = {o.id: o for o in found}
        self._tries: Counter[str] = Counter()
        self._blocked: set[str] = set()
        self._outcomes: list[Outcome] = []

    def run(self) -> list[Outcome]:
        """Go on until nothing runs and nothing more can start."""
        running: dict[Future[Outcome], Step] = {}
        while True:
            steps = plan(self._desired, list(self._found.values()), self._hints)
            for step in self._startable(steps, {s.address for s in running.values()}):
                running[self._pool.submit(carry_out, step, self._aws, ids_of(steps))] = step
            if not running:
                return self._outcomes
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                running.pop(future)
                self._absorb(future.result())

    def _startable(self, steps: Iterable[Step], running: set[str]) -> list[Step]:
        if self._stopping():
            return []
        return [s for s in steps if s.acts and s.address not in running and self._may(s)]

    def _may(self, step: Step) -> bool:
        if step.key in self._blocked or self._tries[step.key] >= TRIES or not self._allows(step):
            return False
        self._tries[step.key] += 1
        return True

    def _absorb(self, outcome: Outcome) -> None:
        """Take over what one step changed, so that the next plan builds on it."""
        self._outcomes.append(outcome)
        if outcome.error:
            self._blocked.add(outcome.step.key)
        if outcome.found:
            self._found[outcome.found.id] = outcome.found
        elif outcome.step.action in DESTRUCTIVE and not outcome.error:
            self._forget(outcome.step.id)
        if outcome.step.action is Action.CREATE:
            # Another creation of the same address would make a second one.
            self._blocked.add(outcome.step.key)

    def _forget(self, id_: str) -> None:
        """Take what was deleted for gone, and its parts with it."""
        parts = [o.id for o in self._found.values() if o.type.part_of and o.fields.get(o.type.part_of) == id_]
        for gone in [id_, *parts]:
            del self._found[gone]


def ids_of(steps: Iterable[Step]) -> Ids:
    """The ids to refer to: where two were found for one address, that of the one that the plan has chosen."""
    return Ids({s.address: s.id for s in steps if s.desired and s.found})


def carry_out(step: Step, aws: Aws, ids: Ids) -> Outcome:
    """Do what *step* says, and turn every failure that we understand into an outcome."""
    try:
        with translated():
            return Outcome(step, _do(step, aws, ids))
    except NotFound as error:
        if step.action in DESTRUCTIVE and step.id in str(error):
            return Outcome(step)
        return Outcome(step, step.found, Retryable(str(error), error.code, error.operation))
    except InUse as error:
        return Outcome(step, step.found, error, _blockers(step, aws))
    except LabError as error:
        return Outcome(step, step.found, error)


def _blockers(step: Step, aws: Aws) -> tuple[Blocker, ...]:
    """Who is in the way of a deletion; nobody is named where AWS does not tell."""
    if step.action not in DESTRUCTIVE or step.found is None:
        return ()
    try:
        with translated():
            return tuple(step.found.type.blockers(aws, step.found))
    except LabError:
        return ()


def _do(step: Step, aws: Aws, ids: Ids) -> Observed | None:
    match step:
        case Step(action=Action.CREATE, desired=Resource() as wanted):
            return wanted.create(aws, ids)
        case Step(action=Action.UPDATE, found=Observed() as found):
            _check_owner(found, aws)
            found.type.update(aws, found, step.changes)
            for change in step.changes:
                found = found.after(change)
            return found
        case Step(action=Action.DELETE | Action.REPLACE, found=Observed() as found):
            _check_owner(found, aws)
            found.type.delete(aws, found)
            return replace(found, phase=Phase.DELETING) if found.type.usual.delete else None
        case _:
            raise ValueError(f"{step.action} is nothing to carry out")


def _check_owner(found: Observed, aws: Aws) -> None:
    """Refuse to touch what is not the owner's, whatever listing it came from."""
    if found.owner != aws.owner.key and not (found.adopted and not found.owner):
        raise LabError(f"{found.address} ({found.id}) belongs to {found.owner or 'nobody'}, not to {aws.owner.key}")
