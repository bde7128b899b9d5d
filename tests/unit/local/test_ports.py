import socket

import pytest

from awslab.local import ports
from awslab.local.errors import LocalWorldError
from awslab.local.ports import asked_port, free_port, is_free


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_can_be_listened_on():
    with socket.create_server(("127.0.0.1", free_port())):
        pass


def test_a_port_that_is_listened_on_is_not_free(taken):
    assert not is_free(taken)


def test_a_free_port_is_none_of_those_already_chosen(monkeypatch):
    monkeypatch.setattr(ports, "_RANGE", range(20000, 20002))
    monkeypatch.setattr(ports, "_TRIES", 2)
    monkeypatch.setattr(ports, "is_free", lambda _: True)

    assert free_port(taken=[20000]) == 20001
    with pytest.raises(LocalWorldError, match=r"No free port on 127\.0\.0\.1 between 20000 and 20002"):
        free_port(taken=[20000, 20001])


def test_free_ports_are_outside_of_what_outgoing_connections_get():
    first, _ = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())  # noqa: PTH123, SIM115

    assert max(ports._RANGE) < first


def test_a_taken_port_that_was_asked_for_is_a_sentence(taken):
    with pytest.raises(LocalWorldError, match=rf"Port {taken} is taken .* choose another port with --aws-port"):
        asked_port(taken, "--aws-port")
