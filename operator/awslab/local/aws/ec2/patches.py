"""Changes inside moto: what is slow with thousands of resources, and what a rule cannot reach from outside.

moto is pinned to one version. `check` looks whether every name that is replaced here is still there,
so that another version fails at start with a sentence, and not later in a strange way.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import moto
import moto.core.responses
import moto.core.utils
from moto.ec2.exceptions import InvalidAllocationIdError, InvalidNetworkInterfaceIdError, InvalidSubnetIdError
from moto.ec2.models import vpcs as moto_vpcs
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.route_tables import Route, RouteBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.responses.flow_logs import FlowLogs
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.vpcs import VPCs
from moto.iam.responses import IamResponse

from awslab.local.aws.ec2.index import KEPT_BY, add_interface, drop_interface, index
from awslab.local.aws.ec2.vpn import is_attached

if TYPE_CHECKING:
    from collections.abc import Iterator

MOTO = "5.2.5"
PATCHED = (
    (moto.core.responses, "method_names_from_class"),
    (TaggedEC2Resource, "get_tags"),
    (ElasticAddressBackend, "address_by_allocation"),
    (NetworkInterfaceBackend, "create_network_interface"),
    (NetworkInterfaceBackend, "delete_network_interface"),
    (NetworkInterfaceBackend, "get_network_interface"),
    (Route, "state"),
    (RouteBackend, "describe_route_tables"),
    (SecurityGroupBackend, "get_security_group_from_id"),
    (SecurityGroupBackend, "_verify_group_will_respect_rule_count_limit"),
    (Subnet, "_subnet_ip_generator"),
    (Subnet, "available_ip_address_count"),
    (SubnetBackend, "describe_subnets"),
    (SubnetBackend, "get_subnet"),
    *((owner, name) for owner, name, _ in KEPT_BY),
    # replaced in the modules of their topics:
    *((AmiBackend, name) for name in ("_load_amis", "describe_images")),
    (NatGatewayBackend, "delete_nat_gateway"),
    (FlowLogsBackend, "create_flow_logs"),
    (FlowLogs, "delete_flow_logs"),
    (VPCs, "delete_vpc_endpoints"),
    (Subnet, "ipv6_cidr_block_association_set"),
    (moto_vpcs, "random_ipv6_cidr"),
    (InstanceBackend, "run_instances"),
    *((Instance, name) for name in ("start", "stop", "terminate")),
    (InstanceResponse, "_parse_block_device_mapping"),
    (IamResponse, "list_instance_profiles"),
    *(
        (SecurityGroups, f"{verb}_security_group_{way}")
        for verb in ("authorize", "revoke")
        for way in ("ingress", "egress")
    ),
)


class PatchError(RuntimeError):
    """moto is not the version that these patches are for."""


def check() -> None:
    """Raise PatchError unless moto is as the patches know it."""
    missing = [f"{getattr(owner, '__name__', owner)}.{name}" for owner, name in PATCHED if not hasattr(owner, name)]
    if moto.__version__ != MOTO or missing:
        raise PatchError(
            f"the local AWS needs moto {MOTO}, found {moto.__version__}"
            + (f" without {', '.join(missing)}" if missing else "")
            + "; install the locked dependencies: make install"
        )


def _get_tags(self: Any) -> list[dict[str, str]]:
    tags = self.ec2_backend.tags.get(self.id) if self.id else None
    return [{"resource_id": self.id, "key": key, "value": value} for key, value in (tags or {}).items()]


def _describe_subnets(self: Any, subnet_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
    if not subnet_ids and filters and set(filters) == {"vpc-id"} and isinstance(filters["vpc-id"], str):
        return list(index(self).subnets_of[filters["vpc-id"]].values())
    found: list[Any] = _describe_subnets_of_moto(self, subnet_ids, filters)
    return found


def _get_subnet(self: Any, subnet_id: str) -> Any:
    if subnet_id not in index(self).subnets:
        raise InvalidSubnetIdError(subnet_id)
    return index(self).subnets[subnet_id]


def _describe_route_tables(self: Any, route_table_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
    if not route_table_ids and filters:
        if set(filters) == {"association.subnet-id"}:
            return _tables_of_subnets(self, set(filters["association.subnet-id"]))
        if set(filters) == {"vpc-id"} and isinstance(filters["vpc-id"], str):
            return list(index(self).tables_of[filters["vpc-id"]].values())
    found: list[Any] = _describe_route_tables_of_moto(self, route_table_ids, filters)
    return found


def _tables_of_subnets(self: Any, wanted: set[str]) -> list[Any]:
    places = [index(self).subnets[one] for one in wanted if one in index(self).subnets]
    tables = [table for vpc in {one.vpc_id for one in places} for table in index(self).tables_of[vpc].values()]
    return [one for one in tables if not wanted.isdisjoint(one._associations.values())]  # noqa: SLF001 - kept nowhere else


_describe_subnets_of_moto = SubnetBackend.describe_subnets
_describe_route_tables_of_moto = RouteBackend.describe_route_tables
_create_interface_of_moto = NetworkInterfaceBackend.create_network_interface


def _get_security_group_from_id(self: Any, group_id: str) -> Any:
    return next((groups[group_id] for groups in list(self.groups.values()) if group_id in groups), None)


def _address_by_allocation(self: Any, allocation_ids: list[str]) -> list[Any]:
    found = [index(self).addresses.get(id_) for id_ in allocation_ids]
    if not found or None in found:
        raise InvalidAllocationIdError(set(allocation_ids))
    return found


def _get_network_interface(self: Any, eni_id: str) -> Any:
    if eni_id not in self.enis:
        raise InvalidNetworkInterfaceIdError(eni_id)
    return self.enis[eni_id]


def _create_network_interface(self: Any, subnet: Any, private_ip_address: Any, *rest: Any, **more: Any) -> Any:
    """Give an interface an address of its subnet, where moto would take any."""
    place = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
    if not isinstance(private_ip_address, str) or not _lies_in(private_ip_address, place):
        private_ip_address = place.get_available_subnet_ip(instance=None)
    made = _create_interface_of_moto(self, place, private_ip_address, *rest, **more)
    add_interface(self, made)
    return made


def _lies_in(address: str, subnet: Any) -> bool:
    return ipaddress.ip_address(address) in subnet.cidr


def _delete_network_interface(self: Any, eni_id: str) -> None:
    """Delete an interface and give its addresses back to the subnet."""
    eni = self.get_network_interface(eni_id)
    del self.enis[eni_id]
    drop_interface(self, eni)
    for address in eni.private_ip_addresses:
        eni.subnet.del_subnet_ip(address["PrivateIpAddress"])


def _subnet_ip_generator(self: Any) -> Iterator[Any]:
    """Yield addresses never given out before; a counter instead of an iterator, as that cannot be saved."""
    last = int(self.cidr.broadcast_address) - int(self.cidr.network_address)
    while (number := self.__dict__.get("awslab_addresses", 0) + 1) < last:
        self.awslab_addresses = number
        address = self.cidr.network_address + number
        if address not in self._reserved_ips:
            yield address


def available_ip_address_count(subnet: Any) -> int:
    """Return how many addresses of a subnet are free."""
    there = index(subnet.ec2_backend).interfaces_in[subnet.id].values()
    free = int(subnet._available_ip_addresses)  # noqa: SLF001 - moto keeps it nowhere else
    return free - sum(len(eni.private_ip_addresses) for eni in there)


def route_state(route: Any) -> str:
    """A route whose target is gone, or is not attached, is a black hole."""
    if route.nat_gateway and route.nat_gateway.state not in {"pending", "available"}:
        return "blackhole"
    ec2 = route.route_table.ec2_backend
    gateway = route.gateway
    if gateway and gateway.id.startswith("igw-"):
        attached = gateway.vpc is not None and gateway.vpc.id == route.route_table.vpc_id
        return "active" if attached and gateway.id in ec2.internet_gateways else "blackhole"
    if gateway and gateway.id.startswith("vgw-"):
        return "active" if is_attached(gateway, route.route_table.vpc_id) else "blackhole"
    if route.interface and (route.interface.id not in ec2.enis or route.interface.status != "in-use"):
        return "blackhole"
    if route.egress_only_igw and route.egress_only_igw.id not in ec2.egress_only_internet_gateways:
        return "blackhole"
    gone = route.instance and route.instance.state != "running"
    parted = route.vpc_pcx and route.vpc_pcx._status.code != "active"  # noqa: SLF001 - moto shows it nowhere else
    return "blackhole" if gone or parted else "active"


def apply() -> None:
    """Put the changes in; doing it twice changes nothing more."""
    check()
    moto.core.responses.method_names_from_class = lru_cache(maxsize=None)(moto.core.utils.method_names_from_class)
    TaggedEC2Resource.get_tags = _get_tags
    ElasticAddressBackend.address_by_allocation = _address_by_allocation
    NetworkInterfaceBackend.create_network_interface = _create_network_interface
    NetworkInterfaceBackend.delete_network_interface = _delete_network_interface
    NetworkInterfaceBackend.get_network_interface = _get_network_interface
    Route.state = property(route_state)
    RouteBackend.describe_route_tables = _describe_route_tables
    SecurityGroupBackend.get_security_group_from_id = _get_security_group_from_id
    # the quota is a rule of ours, with a limit that can be raised
    SecurityGroupBackend._verify_group_will_respect_rule_count_limit = lambda *_, **__: None  # noqa: SLF001
    Subnet._subnet_ip_generator = property(_subnet_ip_generator)  # noqa: SLF001
    Subnet.available_ip_address_count = property(available_ip_address_count)
    SubnetBackend.describe_subnets = _describe_subnets
    SubnetBackend.get_subnet = _get_subnet
