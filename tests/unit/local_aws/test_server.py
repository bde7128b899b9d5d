"""Connections stay open between calls, and end with the server."""

import http.client

import pytest

from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World

LIST = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def server():
    made = Server(World(Settings()))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def connection(server):
    made = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=10)
    made.connect()
    yield made
    made.close()


def ask(connection, method="POST", path="/", body=LIST):
    connection.request(method, path, body=body, headers=FORM)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_one_connection_serves_many_calls(connection):
    first = connection.sock

    assert [200] * 3 == [ask(connection)[0] for _ in range(3)]
    assert first is connection.sock


def test_a_body_that_nobody_looks_at_does_not_disturb_the_next_call(connection):
    status, _ = ask(connection, "GET", "/_awslab/nothing", body="GET / HTTP/1.1\r\n" * 1000)

    assert 404 == status
    assert 200 == ask(connection)[0]


def test_who_wants_the_connection_closed_has_it_closed(connection):
    connection.request("POST", "/", body=LIST, headers=FORM | {"Connection": "close"})

    assert connection.getresponse().will_close


def test_who_goes_on_with_an_open_connection_is_not_served_by_a_server_that_was_stopped(server, connection):
    ask(connection)

    server.stop()

    connection.sock.settimeout(5)
    assert b"" == connection.sock.recv(1)
