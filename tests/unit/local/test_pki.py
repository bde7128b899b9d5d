import datetime as dt
import ipaddress
import stat

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from awslab.local.kubernetes.pki import ensure_keys


def test_the_api_servers_certificate_holds_under_the_strictest_rules(tmp_path):
    keys = ensure_keys(tmp_path / "pki")
    authority = x509.load_pem_x509_certificate(keys.authority.read_bytes())
    server = x509.load_pem_x509_certificate(keys.certificate.read_bytes())
    builder = PolicyBuilder().store(Store([authority])).time(dt.datetime.now(dt.UTC))

    for subject in (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")):
        assert builder.build_server_verifier(subject).verify(server, []) == [server, authority]


def test_keys_are_made_once(tmp_path):
    first = ensure_keys(tmp_path / "pki").service_account_key.read_bytes()

    assert ensure_keys(tmp_path / "pki").service_account_key.read_bytes() == first


def test_only_the_owner_can_read_private_keys(tmp_path):
    keys = ensure_keys(tmp_path / "pki")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (keys.certificate_key, keys.service_account_key)}
    assert modes == {0o600}
