"""The process: what survives a restart, how it ends, what it says when it cannot begin."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from awslab.local.aws import state
from awslab.local.aws.control import Control
from awslab.local.aws.world import Settings, World

ROOT = Path(__file__).parents[3]
CREDENTIALS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


@contextmanager
def running(*options):
    """Run the local AWS as a process; yields it and its address."""
    command = [sys.executable, "-m", "awslab.local.aws", *map(str, options)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "operator")}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        line = process.stderr.readline()
        yield process, line.split(" at ")[-1].split()[0] if " ready at " in line else line
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def client(endpoint):
    return boto3.client("ec2", region_name="eu-west-1", endpoint_url=endpoint, **CREDENTIALS)


def test_resources_states_and_tokens_survive_a_restart(tmp_path):
    with running("--state-dir", tmp_path) as (process, endpoint):
        ec2 = client(endpoint)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        table = ec2.create_route_table(VpcId=vpc, ClientToken="once")["RouteTable"]["RouteTableId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        first = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
        eip = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=eip)["NatGateway"]["NatGatewayId"]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)
        took = time.monotonic() - began

    with running("--state-dir", tmp_path) as (_, endpoint):
        ec2 = client(endpoint)
        again = ec2.create_route_table(VpcId=vpc, ClientToken="once")["RouteTable"]["RouteTableId"]
        second = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
        settled = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]

    assert 0 == code
    assert took < 5
    assert table == again
    assert first != second
    assert settled in {"pending", "failed"}


def test_a_damaged_state_is_said_to_be_so_and_discarded_only_when_asked(tmp_path):
    (tmp_path / state.FILE).write_bytes(state.MAGIC + b"x" * 99)

    with running("--state-dir", tmp_path) as (process, line):
        assert "is damaged; start with --discard-state" in line
        assert 1 == process.wait(10)
    with running("--state-dir", tmp_path, "--discard-state") as (_, endpoint):
        assert "ok" == Control(endpoint).health()["status"]


def test_a_state_of_another_version_is_not_read(tmp_path):
    (tmp_path / state.FILE).write_bytes(b"awslab local aws, moto 1.0\n")

    with pytest.raises(state.StateError, match="not a state of this version"):
        state.load(World(Settings()), tmp_path)


def test_a_hanging_call_does_not_hinder_the_end():
    with running() as (process, endpoint):
        Control(endpoint).fault("hang-before", "DescribeVpcs")
        code = (
            f"import boto3; boto3.client('ec2', region_name='eu-west-1', endpoint_url='{endpoint}',"
            " aws_access_key_id='a', aws_secret_access_key='b').describe_vpcs()"
        )
        caller = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        try:
            while not Control(endpoint).faults()[0]["hits"]:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)

            assert 0 == process.wait(10)
        finally:
            caller.kill()
            caller.wait()
