"""The web servers of a network, and the load balancer that leads to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from awslab.api.labvpc import LabVpcSpec
from awslab.api.labvpc_web import USER_DATA_LIMIT, HealthCheck, UserDataFrom, WebServer
from awslab.aws.elb import NAME_LIMIT
from awslab.aws.instance import Instance, digest
from awslab.aws.load_balancer import Listener, LoadBalancer, sent_to
from awslab.aws.target_group import Check, TargetGroup
from awslab.core.errors import SpecError, Waits
from awslab.core.resource import Observed
from awslab.core.values import FrozenMap

from .address_plan import Tier
from .kind import ConfigMaps, no_config_maps
from .machines import WEB, profile
from .network_layout import Layout, letter_of

HTTP, HTTPS = 80, 443
LEAST_ZONES = 2
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html"""

ANSWERS = """#!/bin/sh
mkdir -p /srv/web
echo "<h1>$(hostname)</h1>" > /srv/web/index.html
cat > /etc/systemd/system/web.service <<END
[Unit]
Description=A server that answers with its own name
[Service]
ExecStart=/usr/bin/python3 -m http.server {port} --directory /srv/web
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
Restart=always
[Install]
WantedBy=multi-user.target
END
systemctl enable --now web.service
"""
"""Needs nothing that the image of Amazon Linux does not have, and so no way to the internet."""


def user_data(spec: LabVpcSpec, config_maps: ConfigMaps) -> str:
    """What the servers run at their first start; raises Waits while the ConfigMap does not have it."""
    asked = spec.web_server
    if asked is None:
        return ""
    if asked.user_data_from:
        return _from_config_map(asked.user_data_from, config_maps)
    return asked.user_data or ANSWERS.format(port=spec.security_groups.app.port)


def guessed_user_data(spec: LabVpcSpec) -> str:
    """The same where there is no cluster to ask."""
    elsewhere = spec.web_server is not None and spec.web_server.user_data_from is not None
    return "#!/bin/sh" if elsewhere else user_data(spec, no_config_maps)


def _from_config_map(named: UserDataFrom, config_maps: ConfigMaps) -> str:
    texts = config_maps(named.name)
    if named.key not in texts:
        there = ", ".join(sorted(texts)) or "nothing"
        raise Waits(f"Waits for the key {named.key} in ConfigMap {named.name}: it has {there}")
    text = texts[named.key]
    if not 0 < len(text.encode()) <= USER_DATA_LIMIT:
        raise SpecError("spec.webServer.userDataFrom", f"{named.key} must have from 1 to {USER_DATA_LIMIT} bytes")
    return text


def web_servers(layout: Layout) -> None:
    """Instances in the private subnets, and a load balancer before them where one is asked for."""
    asked = layout.spec.web_server
    if asked is None:
        return
    servers = _servers(layout, asked)
    if asked.load_balancer:
        _load_balancer(layout, asked, servers)


def _places(asked: WebServer, zones: Sequence[str]) -> dict[str, str]:
    """The zone of each server by its name.

    The first is in the first zone, the next in the next: none moves when others come and go.
    """
    count = len(zones)
    places = [(zones[i % count], i // count + 1) for i in range(asked.replicas)]
    return {f"{WEB}-{letter_of(zone)}-{number}": zone for zone, number in places}


def server_names(asked: WebServer, zones: Sequence[str]) -> tuple[str, ...]:
    """What the servers are called."""
    return tuple(_places(asked, zones))


def _servers(layout: Layout, asked: WebServer) -> list[Instance]:
    chosen, role = layout.facts.images[WEB], profile(layout, WEB)
    return [
        layout.graph.add(
            Instance(
                name=name,
                subnet=layout.tiers[Tier.PRIVATE][zone],
                groups=frozenset({layout.groups["app"]}),
                image=chosen.id,
                root_device=chosen.root_device,
                instance_type=asked.instance_type,
                profile=role,
                user_data=layout.facts.user_data,
                user_data_digest=digest(layout.facts.user_data),
                tags=layout.tags,
            )
        )
        for name, zone in _places(asked, layout.zones).items()
    ]


def _load_balancer(layout: Layout, asked: WebServer, servers: Sequence[Instance]) -> None:
    if len(layout.zones) < LEAST_ZONES:
        raise SpecError("spec.webServer.loadBalancer", "needs two availability zones at least; ask for more zones")
    target = layout.graph.add(_target_group(layout, asked, servers))
    balancer = layout.graph.add(
        LoadBalancer(
            name=WEB,
            called=_called(layout, WEB),
            subnets=frozenset(layout.tiers[Tier.PUBLIC].values()),
            groups=frozenset({layout.groups["load-balancer"]}),
            internet=layout.igw,
            tags=layout.tags,
        )
    )
    _listeners(layout, asked, balancer, target)


def _listeners(layout: Layout, asked: WebServer, balancer: LoadBalancer, target: TargetGroup) -> None:
    """With a certificate HTTPS, to which whoever asks by HTTP is sent; else HTTP."""
    if not asked.certificate_arn:
        port = _open_port(layout.spec)
        layout.graph.add(Listener(name=WEB, balancer=balancer, target=target, port=port, tags=layout.tags))
        return
    layout.graph.add(
        Listener(
            name=f"{WEB}-tls",
            balancer=balancer,
            target=target,
            port=HTTPS,
            certificate=asked.certificate_arn,
            policy=asked.ssl_policy,
            tags=layout.tags,
        )
    )
    if HTTP in balancer_ports(layout.spec):
        redirect = sent_to(HTTPS)
        layout.graph.add(Listener(name=WEB, balancer=balancer, port=HTTP, redirect=redirect, tags=layout.tags))


def _called(layout: Layout, part: str) -> str:
    """A name as load balancing takes it: never two hyphens together."""
    return re.sub("-+", "-", layout.facts.owner.physical_name(part, NAME_LIMIT))


def _target_group(layout: Layout, asked: WebServer, servers: Sequence[Instance]) -> TargetGroup:
    """Its name follows from its port: another port is another group, made before the old one goes."""
    port = layout.spec.security_groups.app.port
    return TargetGroup(
        name=f"{WEB}-{port}",
        called=_called(layout, f"{WEB}-{port}"),
        vpc=layout.vpc,
        port=port,
        check=_check(asked.health_check),
        targets=frozenset(servers),
        tags=layout.tags,
    )


def _check(asked: HealthCheck) -> Check:
    """An answer may take as long as there is time until the next check, and no longer than AWS's usual five seconds."""
    return FrozenMap(
        {
            "path": asked.path,
            "interval": str(asked.interval_seconds),
            "timeout": str(min(5, asked.interval_seconds - 1)),
            "healthyAfter": str(asked.healthy_after),
            "unhealthyAfter": str(asked.unhealthy_after),
            "codes": asked.codes,
        }
    )


def balancer_ports(spec: LabVpcSpec) -> tuple[int, ...]:
    """Where the load balancer answers; all open ports where people bring load balancers of their own."""
    ports, web = spec.security_groups.load_balancer.ports, spec.web_server
    if web is None or not web.load_balancer:
        return ports
    if web.certificate_arn:
        return (HTTPS, HTTP) if HTTP in ports else (HTTPS,)
    return (_open_port(spec),)


def _open_port(spec: LabVpcSpec) -> int:
    """That of HTTP, if the load balancer's group has it open; else the first that it has."""
    ports = spec.security_groups.load_balancer.ports
    return HTTP if HTTP in ports else ports[0]


def web_outputs(found: Sequence[Observed]) -> dict[str, Any]:
    """What others need to reach the web servers."""
    servers = sorted((o for o in found if o.type is Instance and o.name.startswith(f"{WEB}-")), key=lambda o: o.name)
    balancer = next((o for o in found if o.type is LoadBalancer), None)
    return {
        "webServerPrivateIps": [o.details["private_ip"] for o in servers if o.details.get("private_ip")],
        "loadBalancerDnsName": (balancer.details.get("dns_name") or None) if balancer else None,
    }
