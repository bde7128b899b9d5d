"""The control address: the log of calls, faults on purpose, settings."""

import threading
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from awslab.local.aws.control import Control, ControlError
from awslab.local.aws.server import Server
from awslab.local.aws.world import Settings, World, current

LOST = (ConnectionClosedError, EndpointConnectionError)


def test_of_two_worlds_in_a_process_the_one_emptied_last_owns_what_is_made_next(aws):
    later = Server(World(Settings()))

    aws.control.reset()

    assert later.world is not aws.world
    assert aws.world is current()


def vpcs(aws):
    return [one["VpcId"] for one in aws.ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]]


def test_the_log_tells_who_did_what_to_which_resource(aws):
    vpc = aws.vpc()
    before = aws.control.last_call()
    aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])

    (entry,) = aws.control.calls(since=before)

    assert ("ec2", "CreateTags", "eu-west-1", "123456789012", "ok", 200) == tuple(
        entry[name] for name in ("service", "action", "region", "account", "result", "status")
    )
    assert [vpc] == entry["resources"]
    assert [{"Key": "a", "Value": "b"}] == entry["params"]["Tags"]
    assert "AKIAIOSFODNN7EXAMPLE" == entry["who"]
    assert "Boto3" in entry["user_agent"]


def test_the_log_has_the_code_of_a_refusal_and_calls_of_other_services(aws):
    with pytest.raises(ClientError):
        aws.ec2.delete_vpc(VpcId="vpc-0123456789abcdef0")
    aws.client("sts").get_caller_identity()
    with pytest.raises(ClientError):
        aws.client("sqs").get_queue_url(QueueName="nothing")

    seen = [(one["service"], one["action"], one["result"]) for one in aws.control.calls()]

    assert ("ec2", "DeleteVpc", "InvalidVpcID.NotFound") == seen[0]
    assert ("sts", "GetCallerIdentity", "ok") == seen[1]
    assert ("sqs", "GetQueueUrl") == seen[2][:2]
    assert "NonExistentQueue" in seen[2][2] or "QueueDoesNotExist" in seen[2][2]


def test_the_log_is_emptied_but_goes_on_counting(aws):
    aws.vpc()
    last = aws.control.last_call()

    aws.control.forget_calls()
    aws.vpc("10.1.0.0/16")

    assert [last + 1] == [one["n"] for one in aws.control.calls()]


@pytest.mark.parametrize(
    ("kind", "more", "code", "status"),
    [
        ("throttle", {}, "RequestLimitExceeded", 503),
        ("deny", {}, "UnauthorizedOperation", 403),
        ("error", {"status": 500, "code": "InternalError"}, "InternalError", 500),
        (
            "error",
            {"status": 400, "code": "InsufficientInstanceCapacity"},
            "InsufficientInstanceCapacity",
            400,
        ),
    ],
)
def test_a_fault_refuses_as_often_as_it_was_asked_to(aws, refused, kind, more, code, status):
    aws.control.fault(kind, "Create*", count=1, **more)

    error = refused(code, aws.ec2.create_vpc, CidrBlock="10.0.0.0/16")

    assert status == error["ResponseMetadata"]["HTTPStatusCode"]
    assert aws.vpc() in vpcs(aws)
    assert [(1, 0)] == [(one["hits"], one["count"]) for one in aws.control.faults()]


@pytest.mark.parametrize(
    ("service", "call"), [("sts", "get_caller_identity"), ("sqs", "list_queues"), ("s3", "list_buckets")]
)
def test_a_fault_is_written_in_the_protocol_of_its_service(aws, refused, service, call):
    aws.control.fault("throttle", service=service)

    refused("Throttling", getattr(aws.client(service), call))


def test_a_fault_hits_only_its_service_and_action(aws):
    aws.control.fault("throttle", "Delete*", service="ec2")
    aws.control.fault("throttle", service="sts")

    assert aws.vpc() in vpcs(aws)


def test_a_call_lost_before_is_not_carried_out_and_one_lost_after_is(aws):
    aws.control.fault("lose-before", "CreateVpc", count=1)
    with pytest.raises(LOST):
        aws.vpc()
    before = vpcs(aws)

    aws.control.fault("lose-after", "CreateVpc", count=1)
    with pytest.raises(LOST):
        aws.vpc()

    assert ([], 1) == (before, len(vpcs(aws)))
    assert ["lost", "lost"] == [one["result"] for one in aws.control.calls() if one["action"] == "CreateVpc"]


@pytest.mark.parametrize(("kind", "meanwhile"), [("hang-before", 0), ("hang-after", 1)])
def test_a_hanging_call_goes_on_when_it_is_let_go(aws, kind, meanwhile):
    fault = aws.control.fault(kind, "CreateVpc")
    made = []
    caller = threading.Thread(target=lambda: made.append(aws.vpc()))
    caller.start()
    while not aws.control.faults()[0]["hits"]:
        time.sleep(0.01)
    time.sleep(0.05)
    while_hanging = len(vpcs(aws))

    aws.control.heal(fault)
    caller.join(5)

    assert meanwhile == while_hanging
    assert vpcs(aws) == made


def test_a_hanging_call_ends_with_its_client(aws):
    aws.control.fault("hang-before", "CreateVpc")
    client = aws.client("ec2", read_timeout=0.2)

    with pytest.raises(ReadTimeoutError):
        client.create_vpc(CidrBlock="10.0.0.0/16")
    client.close()

    end = time.monotonic() + 5
    while not aws.control.calls() and time.monotonic() < end:
        time.sleep(0.02)
    assert ["lost"] == [one["result"] for one in aws.control.calls()]
    assert [] == vpcs(aws)


def test_latency_is_added_to_every_call(aws):
    aws.control.configure({"latency_ms": 60})
    aws.ec2.describe_vpcs()

    assert aws.control.calls()[-1]["ms"] > 60


def test_reset_takes_everything_away(aws):
    aws.vpc()
    aws.control.fault("throttle", "CreateVpc")

    aws.control.reset()

    assert ([], []) == (aws.control.faults(), aws.control.calls())
    assert [] == vpcs(aws)
    assert aws.vpc()


@pytest.mark.parametrize(
    "wish",
    [{"time_scale": -1}, {"time_scale": "fast"}, {"speed": 1}, {"quotas": {"moons": 1}}],
)
def test_a_setting_that_makes_no_sense_is_refused_with_a_sentence(aws, wish):
    with pytest.raises(ControlError, match="refused POST config"):
        aws.control.configure(wish)

    assert 1 == aws.control.settings()["time_scale"]


def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(aws):
    with pytest.raises(ControlError, match="kind must be one of throttle"):
        aws.control.fault("explode")  # the type checker would say so too
    with pytest.raises(ControlError, match="unknown: colour"):
        aws.control.fault("throttle", colour="red")


def test_an_unknown_control_call_and_an_absent_server_are_said_to_be_so(aws):
    with pytest.raises(ControlError, match="no such control call"):
        aws.control._ask("GET", "nothing")
    with pytest.raises(ControlError, match="is it running"):
        Control("http://127.0.0.1:9").health()


def test_an_unknown_action_is_refused_as_aws_does(aws, refused):
    client = aws.client("ec2")

    def rename(params, **_):
        params["body"]["Action"] = "MakeCoffee"

    client.meta.events.register("before-call.ec2.DescribeVpcs", rename)

    refused("InvalidAction", client.describe_vpcs)


def test_an_action_that_the_local_aws_does_not_carry_is_an_error_that_says_so(aws, refused):
    error = refused("UnsupportedOperation", aws.ec2.create_ipam)

    assert "The local AWS does not carry CreateIpam." == error["Error"]["Message"]


def test_iam_is_asked_where_that_was_asked_for(aws, refused):
    def enforce(after):
        url = f"{aws.server.endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(url, str(after).encode(), {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()

    enforce(0)
    try:
        refused("AuthFailure", aws.ec2.describe_vpcs)
        refused("AuthFailure", aws.ec2.create_vpc, CidrBlock="10.0.0.0/16")
    finally:
        enforce("inf")
    assert aws.vpc()
