"""What a step is given: the run from the state machine's state, its settings from the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from .errors import InvalidEvent, InvalidSettings

_FILE = Path(__file__).with_name("step.json")


@dataclass(frozen=True)
class Input:
    """The file that a run is about: exactly one version of one object."""

    bucket: str
    key: str
    version: str = ""
    size: int = 0
    etag: str = ""
    sequencer: str = ""
    time: str = ""
    prefix: str | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.key.rpartition("/")[2]

    @property
    def pin(self) -> dict[str, str]:
        """The arguments of GetObject that read this version and no other."""
        if self.version:
            return {"VersionId": self.version}
        return {"IfMatch": f'"{self.etag}"'} if self.etag else {}

    def lineage(self) -> dict[str, Any]:
        """Say which file it was, for outputs."""
        known = {"version": self.version, "etag": self.etag, "size": self.size, "time": self.time}
        return {"bucket": self.bucket, "key": self.key, **{name: value for name, value in known.items() if value}}


@dataclass(frozen=True)
class Place:
    """A bucket, and what the keys of a purpose begin with."""

    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """Return the key of a name here."""
        return self.prefix + name


@dataclass(frozen=True)
class Run:
    """One pass of one file through the pipeline."""

    pipeline: str
    id: str
    input: Input
    output: Place
    work: Place
    steps: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Any) -> Run:
        """Read the state; raises InvalidEvent where it is not one."""
        try:
            given = event["input"]
            known = {name: given[name] for name in Input.__dataclass_fields__ if given.get(name) is not None}
            return cls(
                pipeline=event["pipeline"],
                id=event["run"],
                input=Input(**known),
                output=Place(event["output"]["bucket"], event["output"]["prefix"]),
                work=Place(event["work"]["bucket"], event["work"]["prefix"]),
                steps=event.get("steps") or {},
            )
        except (KeyError, TypeError, AttributeError) as error:
            wanted = "pipeline, run, input {bucket, key, version}, output and work {bucket, prefix}"
            raise InvalidEvent(f"the input of the step is no state of a pipeline, {wanted}: {error!r}") from error


@dataclass(frozen=True)
class Step:
    """The step as the pipeline's spec has it."""

    name: str
    columns: list[dict[str, Any]]
    settings: Mapping[str, Any]

    @classmethod
    def here(cls, known: Collection[str]) -> Step:
        """Read this function's step; raises InvalidSettings for a setting that it does not know."""
        given = _step()
        settings = given.get("with") or {}
        if unknown := sorted(set(settings) - set(known)):
            raise InvalidSettings(f"unknown settings: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        return cls(given.get("name") or "Step", given.get("columns") or [], settings)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a setting that is a whole number."""
        value = self.settings.get(name, default)
        if type(value) is not int or not least <= value <= most:
            raise InvalidSettings(f"{name} is {value!r}; it has to be a whole number from {least} to {most}")
        return value

    def text(self, name: str, default: str) -> str:
        """Return a setting that is a text."""
        value = self.settings.get(name, default)
        if not isinstance(value, str):
            raise InvalidSettings(f"{name} is {value!r}; it has to be a text")
        return value

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """Return a setting that is one of a few words; the first is the default."""
        value = self.settings.get(name, among[0])
        if value not in among:
            raise InvalidSettings(f"{name} is {value!r}; it has to be one of {', '.join(among)}")
        return str(value)

    def names(self, name: str) -> list[str]:
        """Return a setting that is a list of texts."""
        value = self.settings.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise InvalidSettings(f"{name} is {value!r}; it has to be a list of names")
        return value

    def texts(self, name: str) -> dict[str, str]:
        """Return a setting that gives names a text each."""
        value = self.settings.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise InvalidSettings(f"{name} is {value!r}; it has to give each name a text")
        return value


def environment(variable: str) -> dict[str, Any]:
    """Read a variable that holds JSON; raises InvalidSettings."""
    return _parsed(variable, os.environ.get(variable, "{}"))


def _step() -> dict[str, Any]:
    """Read the step: from the variable, or where that would be too long for Lambda from a file beside this one."""
    if "AWSLAB_STEP" not in os.environ and _FILE.exists():
        return _parsed(_FILE.name, _FILE.read_text("utf-8"))
    return environment("AWSLAB_STEP")


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise InvalidSettings(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidSettings(f"{name} is not a JSON object")
    return value
