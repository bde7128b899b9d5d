"""Listeners of HTTPS: their certificates and security policies, which those of HTTP do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.acm.models import CertificateNotFound, acm_backends
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from awslab.local.aws.elb.lookup import API, GUIDE, listener
from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked

book = Book("elb")
CERTIFICATES = GUIDE + "https-listener-certificates.html"
HTTP, HTTPS = "HTTP", "HTTPS"
ISSUED = "ISSUED"


def _protocol(asked: Asked) -> str:
    """The protocol that the listener is to have."""
    there = listener(asked)
    return str(asked.params.get("Protocol") or (there.protocol if there else ""))


def _certificates(asked: Asked) -> list[str]:
    return [str(one.get("CertificateArn")) for one in asked.params.get("Certificates") or []]


@book.refuses(
    "listener-certificate",
    "CreateListener",
    "ModifyListener",
    code="ValidationError",
    does="A listener of HTTPS has a certificate.",
    see=GUIDE + "create-https-listener.html",
)
def without_certificate(asked: Asked) -> str | None:
    """Refuse HTTPS without a certificate."""
    there = listener(asked)
    kept = there.certificates if there and there.protocol == HTTPS else []
    missing = _protocol(asked) == HTTPS and not (_certificates(asked) or kept)
    return "A certificate must be specified for HTTPS listeners" if missing else None


@book.refuses(
    "listener-plain",
    "CreateListener",
    "ModifyListener",
    code="IncompatibleProtocols",
    does="A listener of HTTP takes neither a certificate nor a security policy.",
    see=API + "API_CreateListener.html",
)
def plain(asked: Asked) -> str | None:
    """Refuse for HTTP what belongs to HTTPS."""
    of_tls = _certificates(asked) or asked.params.get("SslPolicy")
    wrong = _protocol(asked) == HTTP and of_tls
    return "Certificates and security policies are for listeners of HTTPS only" if wrong else None


@book.refuses(
    "listener-certificate-known",
    "CreateListener",
    "ModifyListener",
    code="CertificateNotFound",
    does="The certificate of a listener is one of ACM in the same account and region, or of IAM, that is there and"
    " issued (else `UnsupportedCertificate`).",
    see=CERTIFICATES,
)
def unknown_certificate(asked: Asked) -> str | None:
    """Refuse certificates of elsewhere, and those that nobody has validated."""
    for arn in _certificates(asked):
        if ":iam:" in arn:
            if iam_backends[asked.account][get_partition(asked.region)].get_certificate_by_arn(arn) is None:
                return f"Certificate ARN '{arn}' is not valid"
        elif (state := _state(asked, arn)) is None:
            return f"Certificate '{arn}' not found"
        elif state != ISSUED:
            sentence = f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and"
            raise AwsError("UnsupportedCertificate", f"{sentence} a supported key size.")
    return None


def _state(asked: Asked, arn: str) -> str | None:
    try:
        return str(acm_backends[asked.account][asked.region].get_certificate(arn).status)
    except CertificateNotFound:
        return None


@book.refuses(
    "listener-policy",
    "CreateListener",
    "ModifyListener",
    code="SSLPolicyNotFound",
    does="The security policy of a listener is one that AWS has.",
    see=GUIDE + "describe-ssl-policies.html",
)
def unknown_policy(asked: Asked) -> str | None:
    """Refuse a policy that there is not."""
    wish = asked.params.get("SslPolicy")
    return f"SSL policy '{wish}' not found" if wish and wish not in SSL_POLICIES else None


@book.follows(
    "listener-without-tls",
    "CreateListener",
    "ModifyListener",
    does="A listener of HTTP has no certificate and no security policy, and loses them where it was of HTTPS.",
    see=API + "API_ModifyListener.html",
)
def lose_tls(_asked: Asked, result: Any) -> None:
    """Take away what moto leaves."""
    for made in result["Listeners"]:
        if made.protocol == HTTP:
            made.ssl_policy, made.certificate, made.certificates = None, None, []
