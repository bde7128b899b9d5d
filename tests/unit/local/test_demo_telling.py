"""What the demonstration says of an object's states."""

import io

import pytest

from awslab.local.demo.screen import Screen
from awslab.local.demo.telling import State, by_type, drift_line, news

VPC = {"address": "Vpc/vpc", "id": "vpc-1", "state": "Ready"}
NAT_A = {"address": "NatGateway/a", "id": "nat-1", "state": "Creating", "message": "AWS is making it"}
NAT_B = {"address": "NatGateway/b", "id": "nat-2", "state": "Creating", "message": "AWS is making it"}
TABLE = {"address": "RouteTable/private-a", "state": "Waiting", "message": "waits for NatGateway/a"}
DRIFT = {
    "resource": "RouteTable/private-a",
    "field": "routes.0.0.0.0/0",
    "desired": "nat-1",
    "observed": "none",
    "since": "2026-01-01T00:00:00Z",
}


def state(*resources, ready="False", message="", generation=1, observed=1):
    status = {
        "observedGeneration": observed,
        "conditions": [{"type": "Ready", "status": ready}],
        "resources": list(resources),
        "summary": {"message": message},
    }
    return State({"metadata": {"generation": generation}, "status": status})


def ready(entry):
    return {**entry, "state": "Ready"}


def test_news_are_what_became_ready_where_it_stands_and_what_aws_is_busy_with():
    told = news(State(), state(VPC, NAT_A, NAT_B, TABLE, message="Waiting for NatGateway/{a, b}"))

    assert told == [
        "ready: Vpc/vpc",
        "Waiting for NatGateway/{a, b}",
        "AWS is making it: NatGateway/{a, b}; RouteTable/private-a can only follow",
    ]


def test_what_was_told_is_not_told_again():
    before = state(VPC, NAT_A, TABLE, message="Waiting for NatGateway/a")

    assert news(before, before) == []
    assert news(before, state(VPC, ready(NAT_A), TABLE, message="Waiting for NatGateway/a")) == ["ready: NatGateway/a"]


def test_what_went_is_told():
    assert news(state(VPC, TABLE), state(VPC)) == ["gone: RouteTable/private-a"]
    assert news(state(VPC), State()) == ["gone"]
    assert news(State(), State()) == []


@pytest.mark.parametrize(
    ("shown", "is_ready"),
    [
        (state(VPC, ready="True"), True),
        (state(VPC, ready="False"), False),
        (state(VPC, ready="True", generation=2, observed=1), False),
        (state(VPC, NAT_A, ready="True"), False),
        (State(), False),
        (State({"metadata": {"generation": 1}}), False),
    ],
    ids=["ready", "not ready", "an older spec", "something is left", "no object", "no status yet"],
)
def test_ready_means_the_present_spec_and_every_resource(shown, is_ready):
    assert shown.is_ready is is_ready


def test_waits_name_each_reason_once():
    assert state(VPC, NAT_A, NAT_B, TABLE).waits() == [
        "NatGateway/{a, b}: AWS is making it",
        "RouteTable/private-a: waits for NatGateway/a",
    ]


def test_a_drift_is_one_line():
    assert drift_line(DRIFT) == (
        "RouteTable/private-a routes.0.0.0.0/0: want nat-1, have none, since 2026-01-01T00:00:00Z"
    )


def test_addresses_come_in_groups_of_a_type():
    assert by_type(["Vpc/vpc", "Subnet/a", "Eip/a", "Subnet/b"]) == {
        "Vpc": ["Vpc/vpc"],
        "Subnet": ["Subnet/a", "Subnet/b"],
        "Eip": ["Eip/a"],
    }


def test_a_pipe_gets_plain_lines():
    stream = io.StringIO()
    screen = Screen(stream)

    screen.command("kubectl get labvpc")
    with screen.following() as board:
        board.show(state(NAT_A))
        board.news("AWS is making it: NatGateway/a")
    screen.holds("it was made")
    screen.tree("LabVpc lab/production", state(VPC, TABLE))

    said = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert said == [
        "$ kubectl get labvpc",
        "    0.0 s  AWS is making it: NatGateway/a",
        "  ✓ it was made",
        "LabVpc lab/production",
        "├── Vpc",
        "│   └── vpc  Ready  vpc-1",
        "└── RouteTable",
        "    └── private-a  Waiting  -",
    ]
    assert screen.checks == 1


def test_a_terminal_gets_a_bar_and_what_is_waited_for(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    stream = io.StringIO()
    stream.isatty = lambda: True

    with Screen(stream).following() as board:
        board.show(state(VPC, NAT_A, TABLE))

    said = stream.getvalue()
    assert "1 of 3 ready" in said
    assert "NatGateway/a: AWS is making it" in said
    assert "\x1b[" in said
