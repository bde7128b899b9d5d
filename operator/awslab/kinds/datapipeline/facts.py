"""What a pipeline's composition depends on besides its spec: the account, code that stands elsewhere, a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from awslab.api.datapipeline import DataPipelineSpec
from awslab.api.datapipeline_functions import Builtin, ConfigMapCode, InlineCode, S3Code, VpcGroup, VpcTier
from awslab.aws.lookups import Identity, identity
from awslab.core.errors import SpecError, Waits
from awslab.core.ownership import Owner
from awslab.kinds import flow
from awslab.kinds.flow import Function
from awslab.kinds.kind import ConfigMaps, Situation
from awslab.packages import Package, builtin, inline, several

from .names import Names, Place

SOMEBODY = Identity("aws", "123456789012")
"""The account in drawings."""


@dataclass(frozen=True)
class Network:
    """Where functions run in a VPC."""

    subnets: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What the composition has to know beforehand."""

    names: Names
    code: Mapping[str, Package | S3Code | str] = field(default_factory=dict)
    """By the name of the function: a zip of ours, somebody's object in S3, or an image."""
    network: Network | None = None


def look_up(spec: DataPipelineSpec, situation: Situation) -> Facts:
    """Ask AWS who we are, and the cluster for code and network."""
    who = situation.clients.fact("identity", identity)
    code = {f.name: code_of(f, situation.config_maps) for f in flow.functions(spec)}
    return Facts(_names(spec, situation.owner, who), code, _network(spec, situation))


def guess(spec: DataPipelineSpec, owner: Owner) -> Facts:
    """Take any account, and any code for what stands elsewhere."""

    def some(_: str) -> Mapping[str, str]:
        return {"index.py": "", "index.mjs": ""}

    network = Network(("subnet-0",), ("sg-0",)) if spec.vpc else None
    code = {f.name: _guessed(f, some) for f in flow.functions(spec)}
    return Facts(_names(spec, owner, SOMEBODY), code, network)


def _guessed(function: Function, some: ConfigMaps) -> Package | S3Code | str:
    match function.code:
        case ConfigMapCode():
            return several(some(""), function.settings.handler or "")
        case _:
            return code_of(function, some)


def _names(spec: DataPipelineSpec, owner: Owner, who: Identity) -> Names:
    return Names(Place(owner, who.partition, who.account, spec.region))


def code_of(function: Function, config_maps: ConfigMaps) -> Package | S3Code | str:
    """The code of one function; raises SpecError where it cannot be, Waits where it is not there yet."""
    handler, runtime = function.settings.handler or "", function.settings.runtime
    try:
        match function.code:
            case Builtin() as shipped:
                return builtin(shipped.value)
            case InlineCode() as written:
                return inline(written.code, runtime.value if runtime else "", handler)
            case ConfigMapCode() as named:
                return _from_config_map(function, named, config_maps(named.name))
            case _ as elsewhere:
                return elsewhere
    except ValueError as error:
        raise SpecError(function.field, str(error)) from error


def _from_config_map(function: Function, named: ConfigMapCode, texts: Mapping[str, str]) -> Package:
    handler, runtime = function.settings.handler or "", function.settings.runtime
    if named.key is None:
        return several(texts, handler)
    if named.key not in texts:
        there = ", ".join(sorted(texts)) or "nothing"
        raise Waits(f"Waits for the key {named.key} in ConfigMap {named.name}: it has {there}")
    return inline(texts[named.key], runtime.value if runtime else "", handler)


def _network(spec: DataPipelineSpec, situation: Situation) -> Network | None:
    if spec.vpc is None:
        return None
    vpc = situation.others[spec.vpc.vpc_ref]
    subnets = vpc.output({VpcTier.PRIVATE: "privateSubnetIds", VpcTier.DATA: "dataSubnetIds"}[spec.vpc.tier])
    groups = vpc.output("securityGroupIds")
    name = {VpcGroup.APP: "app", VpcGroup.DATA: "data"}[spec.vpc.security_group]
    return Network(tuple(subnets), (groups[name],))
