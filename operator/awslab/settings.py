"""Every setting of the operator: its name, type, default and what it does.

A setting is given as a flag (``--aws-concurrency``), an environment variable (``AWSLAB_AWS_CONCURRENCY``)
or in a YAML file (``awsConcurrency``); the first of these that has it counts. Flags, help and the page
``docs/reference/settings.md`` are made from this model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

ENVIRONMENT_PREFIX = "AWSLAB_"

_Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=40)]


class SettingsError(Exception):
    """A setting is wrong; the message names it and says what it may be."""


class Settings(BaseModel):
    """How the operator runs. Times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    instance: _Name = Field(
        "default", description="Name of this operator in the owner tags of AWS; two operators need two names."
    )
    namespaces: tuple[str, ...] = Field(
        (), description="Namespaces to serve, separated by commas; none means all of them."
    )
    kubeconfig: str = Field(
        "", description="Path of a kubeconfig; else KUBECONFIG, the pod's ServiceAccount, ~/.kube/config."
    )
    context: str = Field("", description="Context of the kubeconfig to use; else its current one.")
    workers: int = Field(8, ge=1, le=256, description="Objects that are worked on at the same time.")
    aws_concurrency: int = Field(
        64, ge=1, le=512, description="Calls to AWS at the same time; each worker has its share of them."
    )
    aws_rate: float = Field(
        1.0,
        ge=0,
        le=10,
        description="Share of the request rates that AWS documents which may be used; 0 asks without limit.",
    )
    resync: float = Field(600.0, gt=0, description="Time between two looks at a healthy object (the drift interval).")
    time_scale: float = Field(
        1.0, gt=0, le=10, description="Multiplies the usual waiting times of AWS; a simulated AWS sets 0.01."
    )
    consistency_window: float = Field(
        60.0,
        gt=0,
        description="How long a creation that is not seen yet is waited for before it is made again.",
    )
    secret_outputs: bool = Field(
        default=False,
        description="Write outputs into Secrets where a spec asks for it; needs a role for Secrets besides.",
    )
    log_format: Literal["json", "console"] = Field("json", description="Logs for machines or for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level to log.")
    metrics_address: str = Field(
        ":8080",
        description="Address of /metrics, /healthz and /readyz as host:port; port 0 takes a free one.",
    )
    leader_election: bool = Field(default=True, description="Let replicas agree by a Lease which one of them works.")
    lease_name: str = Field("", description="Name of the Lease; else awslab-operator, then the instance.")
    lease_namespace: str = Field("", description="Namespace of the Lease; else the pod's own, else awslab-system.")
    identity: str = Field(
        "",
        description="Name of this replica in Lease and Events, such as the pod's; else the host's and a random part.",
    )
    lease_duration: float = Field(12.0, ge=1, description="After so long without renewal a replica takes over.")
    lease_renew: float = Field(4.0, gt=0, description="Time between renewals by the leader.")
    lease_poll: float = Field(1.0, gt=0, description="Time between two looks of a standby at the Lease.")
    grace: float = Field(
        25.0, ge=0, description="How long work under way may take to end after SIGTERM (pod: 20 s more)."
    )
    stuck_after: float = Field(
        900.0,
        gt=0,
        description="A pass that takes longer makes the operator unhealthy, so that it is restarted.",
    )
    backoff_base: float = Field(0.5, gt=0, description="First delay after a failure; doubles with each one.")
    backoff_cap: float = Field(300.0, gt=0, description="Longest delay after failures.")
    kube_rate: float = Field(50.0, gt=0, description="Requests a second to the API server in the long run.")
    kube_burst: float = Field(100.0, ge=1, description="Requests to the API server at once.")

    @model_validator(mode="after")
    def _timings_leave_room(self) -> Settings:
        if self.lease_renew * 2 > self.lease_duration * 2 / 3:
            raise ValueError("lease_renew must fit twice into two thirds of lease_duration")
        host_and_port(self.metrics_address)
        return self

    @property
    def lease(self) -> str:
        """The Lease's name: one for each instance."""
        suffix = "" if self.instance == "default" else f"-{self.instance}"
        return self.lease_name or f"awslab-operator{suffix}"


def host_and_port(address: str) -> tuple[str, int]:
    """The two halves of ``host:port``; no host means every interface."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"metrics_address is host:port or :port, not {address!r}")
    return host.strip("[]"), int(port)


def flag(name: str) -> str:
    """The flag of a setting."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def read_file(path: Path) -> dict[str, Any]:
    """The settings that a YAML file gives, by their Python names.

    Raises:
        SettingsError: when it cannot be read, or names a setting that there is not.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    names = {to_camel(name): name for name in Settings.model_fields}
    if not isinstance(found, dict) or (unknown := sorted(set(found) - set(names))):
        what = f"has no setting {', '.join(unknown)}" if isinstance(found, dict) else "is no mapping"
        raise SettingsError(f"{path} {what}; there are: {', '.join(names)}")
    return {names[key]: value for key, value in found.items()}


def make(values: dict[str, Any]) -> Settings:
    """The settings of these values, or a :class:`SettingsError` that names each wrong one."""
    try:
        return Settings(**values)
    except ValidationError as error:
        wrong = [f"{_where(part['loc'])}{part['msg']}" for part in error.errors()]
        raise SettingsError("; ".join(wrong)) from error


def _where(location: tuple[int | str, ...]) -> str:
    return f"{flag(str(location[0]))}: " if location else ""
