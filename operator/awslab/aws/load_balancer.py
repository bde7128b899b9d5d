"""Application load balancers, and the ports on which they listen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.resource import Ids, Observed, Phase, Usual

from .elb import ElbResource, is_ours, pages
from .listed import Filters, Item
from .named import after, unless_gone
from .network import InternetGateway, Subnet
from .security_group import SecurityGroup
from .session import Aws
from .target_group import TargetGroup

DROP = "routing.http.drop_invalid_header_fields.enabled"
PROTECT = "deletion_protection.enabled"
USUAL = {"host": "#{host}", "path": "/#{path}", "query": "#{query}"}
"""What a redirect keeps unless told otherwise.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
"""


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(ElbResource):
    """An application load balancer that the internet reaches; AWS takes minutes to make one.

    Once deleted it is listed no more, but holds its subnets and groups until AWS has taken its interfaces away.
    """

    arn_key: ClassVar = "LoadBalancerArn"
    usual: ClassVar = Usual(create=120, delete=60)
    mutable: ClassVar = frozenset({"subnets", "groups", "drops_invalid_headers", "protected"})
    unobserved: ClassVar = frozenset({"internet"})
    one_by_one: ClassVar = frozenset({"drops_invalid_headers", "protected"})

    called: str
    """At most 32 letters, digits and hyphens."""
    subnets: frozenset[Subnet]
    groups: frozenset[SecurityGroup]
    internet: InternetGateway
    """Must be attached first, else AWS refuses."""
    drops_invalid_headers: bool = True
    """Whether header fields that HTTP does not allow are dropped: a defense against request smuggling."""
    protected: bool = False
    """Whether AWS refuses to delete it."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterator[Item]:
        return cls.filtered(aws, filters, pages(aws, "describe_load_balancers", "LoadBalancers"))

    @classmethod
    def chosen(cls, aws: Aws, arn: str) -> Iterator[Item]:
        return iter(aws.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"])

    @classmethod
    def name_of(cls, item: Item) -> str:
        return str(item["LoadBalancerName"])

    @classmethod
    def phase_of(cls, item: Item) -> Phase:
        state = item["State"]["Code"]
        return {"provisioning": Phase.PENDING, "failed": Phase.FAILED}.get(state, Phase.READY)

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        return {
            "called": item["LoadBalancerName"],
            "subnets": frozenset(zone["SubnetId"] for zone in item["AvailabilityZones"]),
            "groups": frozenset(item.get("SecurityGroups", ())),
        }

    @classmethod
    def details_of(cls, item: Item) -> dict[str, Any]:
        return {"dns_name": item.get("DNSName", ""), "zone_id": item.get("CanonicalHostedZoneId", "")}

    @classmethod
    def examined(cls, aws: Aws, found: Observed) -> Observed:
        """Add its attributes, which the listing does not tell."""
        told = aws.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=found.id)["Attributes"]
        attributes = {a["Key"]: a["Value"] == "true" for a in told}
        more = {"drops_invalid_headers": attributes.get(DROP, False), "protected": attributes.get(PROTECT, False)}
        return replace(found, fields={**found.fields, **more})

    def create(self, aws: Aws, ids: Ids) -> Observed:
        """Ask for it; the same once more is the same load balancer to AWS."""
        answer = aws.client("elbv2").create_load_balancer(
            Name=self.called,
            Subnets=sorted(ids.of(s) for s in self.subnets),
            SecurityGroups=sorted(ids.of(g) for g in self.groups),
            Scheme="internet-facing",
            Type="application",
            IpAddressType="ipv4",
            Tags=self.birth_tags(aws),
        )
        return self.made(aws, answer["LoadBalancers"][0], drops_invalid_headers=False, protected=False)

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        elb, wanted = aws.client("elbv2"), after(found, changes)
        if changes.of("subnets"):
            elb.set_subnets(LoadBalancerArn=found.id, Subnets=sorted(wanted["subnets"]))
        if changes.of("groups"):
            elb.set_security_groups(LoadBalancerArn=found.id, SecurityGroups=sorted(wanted["groups"]))
        names = {"drops_invalid_headers": DROP, "protected": PROTECT}
        if attributes := {names[c.field]: str(c.desired).lower() for c in changes if c.field in names}:
            pairs = [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]
            elb.modify_load_balancer_attributes(LoadBalancerArn=found.id, Attributes=pairs)

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        aws.client("elbv2").delete_load_balancer(LoadBalancerArn=found.id)


@dataclass(frozen=True, kw_only=True)
class Listener(ElbResource):
    """A port on which a load balancer listens, and where it forwards to, or sends clients to."""

    arn_key: ClassVar = "ListenerArn"
    mutable: ClassVar = frozenset({"port", "target", "certificate", "policy", "redirect"})

    balancer: LoadBalancer
    port: int
    target: TargetGroup | None = None
    certificate: str = ""
    """The ARN of the certificate of HTTPS; without it the listener speaks HTTP."""
    policy: str = ""
    """What HTTPS may agree upon: one of AWS's security policies."""
    redirect: str = ""
    """Where clients are sent, in place of a target, as *sent_to* says it."""

    @classmethod
    def describe(cls, aws: Aws, filters: Filters) -> Iterator[Item]:
        return cls.filtered(aws, filters, cls._every(aws))

    @classmethod
    def _every(cls, aws: Aws) -> Iterator[Item]:
        """Those of every load balancer with a name of ours: AWS lists them by load balancer only."""
        for balancer in pages(aws, "describe_load_balancers", "LoadBalancers"):
            name, arn = balancer["LoadBalancerName"], balancer["LoadBalancerArn"]
            if is_ours(aws, name):
                with unless_gone():
                    for item in pages(aws, "describe_listeners", "Listeners", LoadBalancerArn=arn):
                        yield {**item, "LoadBalancerName": name}

    @classmethod
    def chosen(cls, aws: Aws, arn: str) -> Iterator[Item]:
        return iter(aws.client("elbv2").describe_listeners(ListenerArns=[arn])["Listeners"])

    @classmethod
    def name_of(cls, item: Item) -> str:
        """That of its load balancer, as it has none itself."""
        return str(item["LoadBalancerName"])

    @classmethod
    def fields_of(cls, item: Item) -> dict[str, Any]:
        actions = item.get("DefaultActions", ())
        certificate: Item = next(iter(item.get("Certificates") or ()), {})
        return {
            "balancer": item["LoadBalancerArn"],
            "port": int(item["Port"]),
            "target": next((a.get("TargetGroupArn") for a in actions if a["Type"] == "forward"), None),
            "certificate": certificate.get("CertificateArn", ""),
            "policy": item.get("SslPolicy") or "",
            "redirect": next((_sent(a["RedirectConfig"]) for a in actions if a["Type"] == "redirect"), ""),
        }

    def create(self, aws: Aws, ids: Ids) -> Observed:
        target = ids.of(self.target) if self.target else None
        answer = aws.client("elbv2").create_listener(
            LoadBalancerArn=ids.of(self.balancer),
            Port=self.port,
            DefaultActions=_actions(target, self.redirect),
            Tags=self.birth_tags(aws),
            **_protocol(self.certificate, self.policy),
        )
        return self.made(aws, answer["Listeners"][0])

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        wanted = after(found, changes)
        aws.client("elbv2").modify_listener(
            ListenerArn=found.id,
            Port=wanted["port"],
            DefaultActions=_actions(wanted["target"], wanted["redirect"] or ""),
            **_protocol(wanted["certificate"] or "", wanted["policy"] or ""),
        )

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        with unless_gone():
            aws.client("elbv2").delete_listener(ListenerArn=found.id)


def sent_to(port: int) -> str:
    """The redirect for ever to HTTPS on *port*, whatever was asked for."""
    return f"HTTPS:{port} HTTP_301"


def _sent(config: Item) -> str:
    """A redirect in one line; what is not as AWS has it by itself is told too."""
    parts = {key: config.get(key.capitalize()) or usual for key, usual in USUAL.items()}
    other = [f"{key}={value}" for key, value in parts.items() if value != USUAL[key]]
    return " ".join([f"{config.get('Protocol')}:{config.get('Port')} {config['StatusCode']}", *other])


def _actions(target: str | None, redirect: str) -> list[dict[str, Any]]:
    if not redirect:
        return [{"Type": "forward", "TargetGroupArn": target}]
    place, code = redirect.split()
    protocol, _, port = place.partition(":")
    return [{"Type": "redirect", "RedirectConfig": {"Protocol": protocol, "Port": port, "StatusCode": code}}]


def _protocol(certificate: str, policy: str) -> dict[str, Any]:
    if not certificate:
        return {"Protocol": "HTTP"}
    return {"Protocol": "HTTPS", "SslPolicy": policy, "Certificates": [{"CertificateArn": certificate}]}
