"""What a person wants to hear of an object: which news a state brings, and how far it is.  Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from awslab.core.conditions import listed

_DONE = "Ready"


@dataclass(frozen=True)
class State:
    """One state of an object; without an object it does not exist."""

    obj: Mapping[str, Any] | None = None

    @property
    def status(self) -> Mapping[str, Any]:
        """What the operator wrote."""
        status: Mapping[str, Any] = (self.obj or {}).get("status", {})
        return status

    @property
    def generation(self) -> int:
        """Which spec it is."""
        return int((self.obj or {}).get("metadata", {}).get("generation", 0))

    @property
    def resources(self) -> dict[str, Mapping[str, str]]:
        """Each resource by its address."""
        return {entry["address"]: entry for entry in self.status.get("resources", ())}

    @property
    def ids(self) -> dict[str, str]:
        """The AWS id of each resource that has one, by its address."""
        return {address: entry["id"] for address, entry in self.resources.items() if "id" in entry}

    @property
    def drift(self) -> list[Mapping[str, str]]:
        """What somebody else changed in AWS."""
        drift: list[Mapping[str, str]] = self.status.get("drift", [])
        return drift

    @property
    def message(self) -> str:
        """Where the object stands, in a sentence."""
        return str(self.status.get("summary", {}).get("message", ""))

    @property
    def is_ready(self) -> bool:
        """Whether all is as the spec asks, the present one."""
        if self.obj is None or self.status.get("observedGeneration") != self.obj["metadata"]["generation"]:
            return False
        unsettled = [entry for entry in self.resources.values() if entry["state"] != _DONE]
        return not unsettled and any(c["type"] == "Ready" and c["status"] == "True" for c in self.status["conditions"])

    @property
    def done(self) -> int:
        """How many resources are ready."""
        return sum(entry["state"] == _DONE for entry in self.resources.values())

    def waits(self) -> list[str]:
        """What is being waited for, and why: a line for each reason."""
        reasons: dict[str, list[str]] = defaultdict(list)
        for address, entry in self.resources.items():
            if entry["state"] != _DONE and (message := entry.get("message")):
                reasons[message].append(address)
        return [f"{listed(addresses)}: {message}" for message, addresses in reasons.items()]


def news(before: State, after: State) -> list[str]:
    """What the state `after` tells that `before` did not: one line for each thing."""
    if after.obj is None:
        return ["gone"] if before.obj else []
    lines = [f"gone: {listed(gone)}"] if (gone := [a for a in before.resources if a not in after.resources]) else []
    if ready := _newly_ready(before, after):
        lines.append(f"ready: {listed(ready)}")
    if after.message and after.message != before.message:
        lines.append(after.message)
    return lines + _waiting_for_aws(before, after)


def _newly_ready(before: State, after: State) -> list[str]:
    return [
        address
        for address, entry in after.resources.items()
        if entry["state"] == _DONE and before.resources.get(address, {}).get("state") != _DONE
    ]


def _waiting_for_aws(before: State, after: State) -> list[str]:
    """What AWS itself has begun to make or to delete, and whom that holds up."""
    busy = [address for address, entry in after.resources.items() if _busy(entry)]
    fresh = [address for address in busy if not _busy(before.resources.get(address, {}))]
    if not fresh:
        return []
    held = [address for address, entry in after.resources.items() if entry["state"] == "Waiting"]
    behind = f"; {listed(held)} can only follow" if held else ""
    return [f"{after.resources[fresh[0]]['message']}: {listed(fresh)}{behind}"]


def _busy(entry: Mapping[str, str]) -> bool:
    return entry.get("message", "").startswith("AWS is ")


def drift_line(entry: Mapping[str, str]) -> str:
    """One difference as a person reads it."""
    what = f"{entry['resource']} {entry['field']}"
    return f"{what}: want {entry['desired']}, have {entry['observed']}, since {entry['since']}"


def by_type(addresses: Iterable[str]) -> dict[str, list[str]]:
    """The addresses in groups of one type, in their order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for address in addresses:
        groups[address.partition("/")[0]].append(address)
    return dict(groups)
