"""The web servers of a LabVpc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from .base import Model, Rule
from .labvpc_parts import Machine
from .references import ObjectName

if TYPE_CHECKING:
    from .labvpc import LabVpcSpec

USER_DATA_LIMIT = 16 * 1024
"""Bytes: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""

HTTPS = 443
CERTIFICATE = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$"
POLICY = r"^ELBSecurityPolicy-[A-Za-z0-9-]+$"
PATH = r"^/[!-~]*$"
CODES = r"^[2-4][0-9][0-9](-[2-4][0-9][0-9])?(,[2-4][0-9][0-9](-[2-4][0-9][0-9])?)*$"


def _matching(pattern: str, message: str) -> Rule:
    return Rule(
        message=message,
        cel=f"self.matches('{pattern}')",
        check=lambda text: re.fullmatch(pattern, text) is not None,
    )


UserData = Annotated[str, Field(min_length=1, max_length=USER_DATA_LIMIT)]
Key = Annotated[str, Field(min_length=1, max_length=253)]
CheckPath = Annotated[str, Field(max_length=1024), _matching(PATH, "must be a path, for example /healthz")]
Codes = Annotated[
    str, Field(max_length=64), _matching(CODES, "must be codes of HTTP from 200 to 499, for example 200-399 or 200,204")
]
Seconds = Annotated[int, Field(strict=True, ge=5, le=300)]
Times = Annotated[int, Field(strict=True, ge=2, le=10)]
CertificateArn = Annotated[
    str,
    Field(max_length=256),
    _matching(
        CERTIFICATE,
        "must be the ARN of a certificate of ACM: arn:aws:acm:us-east-1:123456789012:certificate/...",
    ),
]
SslPolicy = Annotated[
    str,
    Field(max_length=128),
    _matching(POLICY, "must be a security policy of load balancers, for example ELBSecurityPolicy-TLS13-1-2-2021-06"),
]
Replicas = Annotated[int, Field(strict=True, ge=1, le=50)]


class UserDataFrom(Model):
    """A text in a ConfigMap of the object's namespace."""

    name: ObjectName = Field(description="The name of the ConfigMap.")
    key: Key = Field(default="user-data", description="The key of the text.")


class HealthCheck(Model):
    """How the load balancer sees whether a web server is well."""

    path: CheckPath = Field(default="/", description="The path that is asked for.")
    codes: Codes = Field(default="200-399", description="The codes of HTTP that count as well: 200-399 or 200,204.")
    interval_seconds: Seconds = Field(default=15, description="How many seconds lie between two checks.")
    healthy_after: Times = Field(default=2, description="After how many good checks a server is taken as well.")
    unhealthy_after: Times = Field(default=3, description="After how many bad checks a server is taken as ill.")


class WebServer(Machine):
    """Instances in the private subnets that answer HTTP on the port securityGroups.app.port."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            path=("userDataFrom",),
            message="must not be given beside userData: one of them says what the servers do",
            cel="!(has(self.userData) && has(self.userDataFrom))",
            check=lambda web: web.user_data is None or web.user_data_from is None,
        ),
        Rule(
            path=("certificateArn",),
            message="must not be given without loadBalancer: true",
            cel="!has(self.certificateArn) || (has(self.loadBalancer) && self.loadBalancer)",
            check=lambda web: web.certificate_arn is None or web.load_balancer,
        ),
    )

    replicas: Replicas = Field(default=2, description="How many there are, spread over the zones.")
    user_data: UserData | None = Field(
        default=None,
        description="What cloud-init runs at the first start, such as a shell script; without it a server that "
        "answers with its own name. Another text replaces the servers.",
    )
    user_data_from: UserDataFrom | None = Field(default=None, description="The same, from a ConfigMap.")
    load_balancer: bool = Field(
        default=False,
        strict=True,
        description="Whether an application load balancer in the public subnets leads to them; needs two zones.",
    )
    certificate_arn: CertificateArn | None = Field(
        default=None,
        description="The certificate with which the load balancer speaks HTTPS on 443, of ACM in the same account and "
        "region; whoever comes by HTTP on 80 is sent there. Without it the load balancer speaks HTTP only.",
    )
    ssl_policy: SslPolicy = Field(
        default="ELBSecurityPolicy-TLS13-1-2-2021-06",
        description="The security policy of HTTPS: the versions and ciphers that clients may use.",
    )
    health_check: HealthCheck = Field(
        default=HealthCheck(), description="How the load balancer sees whether a server is well."
    )


def _is_of_its_region(spec: LabVpcSpec) -> bool:
    certificate = spec.web_server.certificate_arn if spec.web_server else None
    return certificate is None or f":acm:{spec.region}:" in certificate


def _has_https_open(spec: LabVpcSpec) -> bool:
    certificate = spec.web_server.certificate_arn if spec.web_server else None
    return certificate is None or HTTPS in spec.security_groups.load_balancer.ports


_WITHOUT = "!has(self.webServer) || !has(self.webServer.certificateArn) || "
WEB_RULES = (
    Rule(
        path=("webServer", "certificateArn"),
        message="must be the ARN of a certificate in spec.region",
        cel=_WITHOUT + "self.webServer.certificateArn.contains(':acm:' + self.region + ':')",
        check=_is_of_its_region,
    ),
    Rule(
        path=("webServer", "certificateArn"),
        message="needs port 443 in securityGroups.loadBalancer.ports",
        cel=_WITHOUT + "!has(self.securityGroups) || !has(self.securityGroups.loadBalancer) || "
        "!has(self.securityGroups.loadBalancer.ports) || 443 in self.securityGroups.loadBalancer.ports",
        check=_has_https_open,
    ),
)
