"""The local world itself: it comes up, several do, it ends without a trace, and it goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from awslab.local.kubernetes.kubeconfig import cluster_of
from awslab.local.run import CommandError
from awslab.local.world import World
from support.processes import processes_of

AWSLAB = str(Path(sys.executable).with_name("awslab"))
IDLE_OPERATOR = (sys.executable, "-c", "import time; time.sleep(600)")
OBJECT = """
apiVersion: awslab.dev/v1alpha1
kind: LabVpc
metadata: {name: held, finalizers: [awslab.dev/aws-resources]}
spec: {region: us-east-1, cidr: 10.0.0.0/16, availabilityZones: 2}
"""


def awslab(*arguments, folder):
    result = subprocess.run(
        [AWSLAB, "local", *arguments, "--dir", str(folder)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def vpcs(world):
    return {vpc["CidrBlock"] for vpc in world.boto("ec2").describe_vpcs()["Vpcs"]}


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """A second world, beside that of the session, started by the command line."""
    folder = tmp_path_factory.mktemp("another") / "world"
    try:
        awslab("up", folder=folder)
        yield folder
    finally:
        if World.exists(folder):
            World.load(folder).down()


def test_kubectl_works(world):
    assert "default" in world.kubectl("get", "namespaces")
    assert json.loads(world.kubectl("version", "--output=json"))["serverVersion"]["major"] == "1"


def test_what_kubectl_refuses_is_an_error_with_its_words(world):
    with pytest.raises(CommandError, match=r'namespaces "nowhere" not found') as raised:
        world.kubectl("get", "namespace", "nowhere")

    assert raised.value.stderr.startswith("Error from server (NotFound)")


def test_namespaces_go_away_because_the_controllers_run(world, namespace):
    world.kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=30s")

    assert namespace not in world.kubectl("get", "namespaces")


def test_aws_answers(world):
    made = world.boto("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]

    assert made.startswith("vpc-")
    assert "10.7.0.0/16" in vpcs(world)


def test_a_reset_leaves_nothing_of_a_test(world, namespace):
    world.kubectl("apply", "--namespace", namespace, "--filename=-", stdin=OBJECT)
    world.kubectl("apply", "--filename=-", stdin=OBJECT)
    world.boto("ec2").create_vpc(CidrBlock="10.7.0.0/16")

    world.reset()

    assert json.loads(world.kubectl("get", "labvpcs", "--all-namespaces", "--output=json"))["items"] == []
    assert "10.7.0.0/16" not in vpcs(world)
    world.kubectl("wait", "--for=delete", f"namespace/{namespace}", "--timeout=30s")


def test_a_reset_is_fast(world):
    start = time.monotonic()

    world.reset()

    assert time.monotonic() - start < 5


def test_objects_survive_a_restart_of_the_api_server(world, namespace):
    world.kubectl("create", "configmap", "kept", "--namespace", namespace)
    server = cluster_of(world.kubeconfig)["server"]
    before = {status.name: status.pid for status in world.status()}

    world.restart_apiserver()

    after = {status.name: status.pid for status in world.status()}
    ended = {"kube-apiserver", "kube-controller-manager"}
    assert {name for name in before if before[name] != after.get(name)} == ended
    assert cluster_of(world.kubeconfig)["server"] == server
    assert "kept" in world.kubectl("get", "configmaps", "--namespace", namespace)


def test_the_operator_has_the_rights_of_its_service_account_and_no_more(world, monkeypatch):
    monkeypatch.setattr("awslab.local.operator_process.answers", lambda *_: True)
    monkeypatch.setenv("AWS_PROFILE", "private")
    world.start_operator(command=IDLE_OPERATOR, env={"AWSLAB_WORKERS": "3"})
    (running,) = [status for status in world.status() if status.name == "operator"]

    environment = dict(
        item.split("=", 1) for item in Path(f"/proc/{running.pid}/environ").read_text().split("\0") if item
    )
    as_operator = ("--kubeconfig", environment["KUBECONFIG"], "auth")
    whoami = json.loads(world.kubectl(*as_operator, "whoami", "--output=json"))

    assert whoami["status"]["userInfo"]["username"] == "system:serviceaccount:awslab-system:awslab-operator"
    assert world.kubectl(*as_operator, "can-i", "list", "labvpcs", "--all-namespaces").strip() == "yes"
    with pytest.raises(CommandError):
        world.kubectl(*as_operator, "can-i", "delete", "nodes")
    assert environment["AWS_ENDPOINT_URL"] == world.aws_endpoint
    assert environment["AWSLAB_WORKERS"] == "3"
    assert "AWS_PROFILE" not in environment


def test_the_operator_can_be_killed_and_paused_and_started_again(world, monkeypatch):
    monkeypatch.setattr("awslab.local.operator_process.answers", lambda *_: True)

    def operator():
        return [(status.pid, status.state) for status in world.status() if status.name == "operator"]

    world.start_operator(command=IDLE_OPERATOR)
    ((first, _),) = operator()
    world.pause_operator()
    assert operator() == [(first, "paused")]
    world.resume_operator()
    assert operator() == [(first, "running")]
    world.pause_operator()
    world.kill_operator()
    assert operator() == []
    world.start_operator(command=IDLE_OPERATOR)
    ((second, state),) = operator()
    assert (second != first, state) == (True, "running")
    world.stop_operator()
    assert operator() == []


def test_a_world_comes_up_by_command_and_says_how_to_use_it(another):
    exports = awslab("env", folder=another)
    status = json.loads(awslab("status", "--format", "json", folder=another))

    listed = subprocess.run(
        ["sh", "-c", f'{exports}\n"$0" get namespaces', str(World.load(another).kubectl.command)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "kube-system" in listed
    assert {item["name"]: item["state"] for item in status} == dict.fromkeys(
        ("aws", "etcd", "kube-apiserver", "kube-controller-manager"), "running"
    )


def test_up_on_a_world_that_runs_changes_nothing(another):
    before = World.load(another).status()

    awslab("up", folder=another)

    assert [status.pid for status in World.load(another).status()] == [status.pid for status in before]


def test_two_worlds_do_not_see_each_other(world, another):
    other = World.load(another)
    other.kubectl("create", "namespace", "only-there")
    other.boto("ec2").create_vpc(CidrBlock="10.8.0.0/16")

    assert "only-there" not in world.kubectl("get", "namespaces")
    assert "10.8.0.0/16" not in vpcs(world)


def test_a_kept_world_goes_on_with_its_objects_and_its_aws(another):
    first = World.load(another)
    first.kubectl("create", "configmap", "kept")
    first.boto("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    address = first.aws_endpoint

    awslab("down", "--keep", folder=another)
    assert processes_of(another) == []
    awslab("up", folder=another)

    second = World.load(another)
    assert "kept" in second.kubectl("get", "configmaps")
    assert "10.9.0.0/16" in vpcs(second)
    assert second.aws_endpoint == address


def test_a_world_that_was_killed_is_seen_as_such_and_comes_up_again(another):
    for status in World.load(another).status():
        os.kill(status.pid, signal.SIGKILL)
    world = World.load(another)
    while any(status.state != "gone" for status in world.status()):
        time.sleep(0.05)

    shown = subprocess.run(
        [AWSLAB, "local", "status", "--dir", str(another)], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 1
    assert "gone" in shown.stdout
    awslab("up", folder=another)

    assert World.load(another).is_up()
    assert "default" in World.load(another).kubectl("get", "namespaces")


def test_down_leaves_no_process_and_no_folder(another):
    assert processes_of(another) != []

    awslab("down", folder=another)

    assert processes_of(another) == []
    assert not another.exists()


@pytest.fixture
def interruptible():
    """A shell's job in the background is told to ignore SIGINT, and so are its children."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("interruptible")
def test_up_that_is_interrupted_leaves_nothing(tmp_path, number):
    folder = tmp_path / "world"
    up = subprocess.Popen([AWSLAB, "local", "up", "--dir", str(folder)], stderr=subprocess.PIPE, text=True)
    while not any("kube-apiserver" in line for line in processes_of(folder)):
        assert up.poll() is None
        time.sleep(0.05)

    up.send_signal(number)

    assert up.wait(timeout=30) == 1
    assert "Traceback" not in up.stderr.read()
    assert processes_of(folder) == []
    assert not folder.exists()
