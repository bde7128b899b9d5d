"""The keys of one world: an authority, the API server's certificate, the key of ServiceAccount tokens."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = dt.timedelta(days=3650)
_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_ADDRESSES = ("127.0.0.1", "10.96.0.1")


@dataclass(frozen=True)
class Keys:
    """Where each key and certificate is."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        """The API server's certificate."""
        return self.folder / "apiserver.crt"

    @property
    def certificate_key(self) -> Path:
        """The API server's private key."""
        return self.folder / "apiserver.key"

    @property
    def service_account_key(self) -> Path:
        """The private key that signs ServiceAccount tokens."""
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        """The key that verifies ServiceAccount tokens."""
        return self.folder / "service-account.pub"


def ensure_keys(folder: Path) -> Keys:
    """Return the keys in `folder`, made where there are none."""
    keys = Keys(folder)
    if not keys.service_account_public_key.exists():  # written last
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_certificates(keys)
        _write_service_account_keys(keys)
    return keys


def _write_certificates(keys: Keys) -> None:
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority = _authority(authority_key)
    server = _server(server_key, authority, authority_key)
    keys.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    keys.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    _write_private(keys.certificate_key, server_key)


def _write_service_account_keys(keys: Keys) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_private(keys.service_account_key, key)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    keys.service_account_public_key.write_bytes(public)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _named("awslab local authority")
    return (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    addresses = (x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES)
    names = x509.SubjectAlternativeName([*map(x509.DNSName, _NAMES), *addresses])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(_named("kube-apiserver"), authority.subject, key)
        .add_extension(names, critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
