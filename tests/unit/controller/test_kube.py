import pytest

from awslab.controller import credentials
from awslab.controller.kube import (
    ApiConflict,
    ApiDenied,
    ApiGone,
    ApiRejected,
    ApiUnavailable,
    Bucket,
    Kube,
)
from awslab.controller.objects import FINALIZER, Key
from tests.support.shell import LAB, lab, ready_status

A = Key("LabVpc", "lab", "a")


@pytest.fixture
def made(api):
    return api.create("labvpcs", lab("a"))


def test_an_object_is_got_by_its_key(kube, made):
    assert made == kube.get(LAB, A)


def test_a_missing_object_is_gone(kube):
    with pytest.raises(ApiGone, match=r"get /apis/awslab.dev/v1alpha1/namespaces/lab/labvpcs/a: 404 .*not found"):
        kube.get(LAB, A)


def test_every_object_is_listed_page_by_page(api, kube):
    for number in range(243):
        api.create("labvpcs", lab(f"a{number:03}"))

    names = [obj["metadata"]["name"] for obj in kube.every(LAB)]

    assert [f"a{number:03}" for number in range(243)] == names
    assert 3 == len(api.requests)


def test_a_listing_may_be_of_one_namespace(api, kube):
    api.create("labvpcs", lab("a", "one"))
    api.create("labvpcs", lab("b", "two"))

    assert ["b"] == [obj["metadata"]["name"] for obj in kube.every(LAB, "two")]


def test_a_written_status_is_the_whole_status(api, kube, made):
    first = kube.write_status(LAB, made, {"outputs": {"vpcId": "vpc-1", "old": "x"}, "drift": [1]})
    kube.write_status(LAB, first, {"outputs": {"vpcId": "vpc-1"}})

    assert {"outputs": {"vpcId": "vpc-1"}} == api.get("labvpcs", "lab", "a")["status"]


def test_a_written_status_leaves_the_spec_alone(api, kube, made):
    kube.write_status(LAB, {**made, "spec": {"cidr": "changed"}}, ready_status())

    assert {} == api.get("labvpcs", "lab", "a")["spec"]
    assert 1 == api.get("labvpcs", "lab", "a")["metadata"]["generation"]


def test_a_status_for_an_older_state_is_a_conflict(api, kube, made):
    api.edit("labvpcs", "lab", "a", {"spec": {"cidr": "10.0.0.0/16"}})

    with pytest.raises(ApiConflict):
        kube.write_status(LAB, made, ready_status())


def test_a_status_for_an_earlier_object_of_that_name_is_a_conflict(api, kube, made):
    api.delete("labvpcs", "lab", "a")
    again = api.create("labvpcs", lab("a"))
    mixed = {
        **made,
        "metadata": {**made["metadata"], "resourceVersion": again["metadata"]["resourceVersion"]},
    }

    with pytest.raises(ApiConflict):
        kube.write_status(LAB, mixed, ready_status())


def test_our_finalizer_is_put_beside_others_and_taken_off_alone(api, kube):
    made = api.create("labvpcs", {**lab("a"), "metadata": {**lab("a")["metadata"], "finalizers": ["x.io/y"]}})

    held = kube.add_finalizer(LAB, made)
    released = kube.remove_finalizer(LAB, held)

    assert ["x.io/y", FINALIZER] == held["metadata"]["finalizers"]
    assert ["x.io/y"] == released["metadata"]["finalizers"]


def test_a_finalizer_for_an_older_state_is_a_conflict(api, kube, made):
    api.edit("labvpcs", "lab", "a", {"metadata": {"finalizers": ["x.io/y"]}})

    with pytest.raises(ApiConflict):
        kube.add_finalizer(LAB, made)

    assert ["x.io/y"] == api.get("labvpcs", "lab", "a")["metadata"]["finalizers"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (403, ApiDenied),
        (401, ApiDenied),
        (429, ApiUnavailable),
        (500, ApiUnavailable),
        (503, ApiUnavailable),
        (409, ApiConflict),
        (410, ApiGone),
        (422, ApiRejected),
    ],
)
def test_an_error_says_who_must_act(api, kube, code, error):
    api.fail(code)

    with pytest.raises(error) as raised:
        kube.get(LAB, A)

    assert code == raised.value.status


def test_a_cut_connection_is_no_answer(api, kube):
    api.fail(0)

    with pytest.raises(ApiUnavailable, match="does not answer"):
        kube.get(LAB, A)


def test_an_api_server_that_comes_later_is_found(api, kube):
    api.stop()
    with pytest.raises(ApiUnavailable):
        kube.get(LAB, A)

    api.start()
    made = api.create("labvpcs", lab("a"))

    assert made == kube.get(LAB, A)


def test_credentials_that_come_later_are_found(api, tmp_path):
    kube = Kube(lambda: credentials.load(str(tmp_path / "kubeconfig")))
    with pytest.raises(ApiUnavailable, match="Run in a pod, or set KUBECONFIG"):
        kube.get(LAB, A)

    api.kubeconfig(tmp_path)
    made = api.create("labvpcs", lab("a"))

    assert made == kube.get(LAB, A)


def test_requests_beyond_the_burst_wait_for_their_turn():
    now = [0.0]
    bucket = Bucket(rate=10, burst=2, clock=lambda: now[0])

    waits = [bucket.reserve() for _ in range(4)]
    now[0] = 10.0

    assert [0.0, 0.0, 0.1, 0.2] == pytest.approx(waits)
    assert 0.0 == bucket.reserve()
