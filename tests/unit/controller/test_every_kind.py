"""What is promised for every kind: whether it may act, acting once, taking up again what exists, and letting go."""

from __future__ import annotations

import pytest

from awslab.aws.calls import is_read
from awslab.aws.named import Named
from awslab.aws.session import Aws, Clients
from awslab.core.ownership import OWNER_TAG, RESOURCE_TAG, UID_TAG, Owner
from awslab.engine import observe
from awslab.kinds import KINDS
from tests.support.account import everything, wanted
from tests.support.lives import LIVES
from tests.support.memory import reconciler, until

pytestmark = pytest.mark.parametrize("life", LIVES, ids=str)
NO_SPEC = {"region": "us-east-1", "nonsense": True}


@pytest.fixture
def using(local_aws):
    return reconciler()


@pytest.fixture
def ready(life, using):
    handle = life.small_one()
    until(handle, lambda: handle.ready, using, seconds=60)
    return handle


def _calls(control, since):
    ours = (c for c in control.calls(since) if "awslab-operator" in c["user_agent"])
    return [c["action"] for c in ours]


def _writes(control, since):
    return [action for action in _calls(control, since) if not is_read(action)]


def _passes(handle, using, count=3):
    for _ in range(count):
        using.reconcile(handle)


@pytest.mark.parametrize("mode", ["Observe", "PlanOnly"])
def test_what_may_only_look_never_writes_and_shows_its_plan(life, mode, using, local_aws, ec2):
    handle, since = life.small_one(management={"mode": mode}), local_aws.last_call()

    _passes(handle, using)

    plan = handle.obj["status"]["plan"]
    assert [] == _writes(local_aws, since)
    assert {"Create"} == {step["action"] for step in plan["steps"]}
    assert plan["hash"] in handle.condition("Ready")["message"]
    assert not handle.has_finalizer


def test_a_plan_that_was_approved_is_carried_out_to_its_end(life, using, ec2):
    handle = life.small_one(management={"mode": "PlanOnly"})
    _passes(handle, using, 1)
    plan = handle.obj["status"]["plan"]

    handle.change(management={"mode": "PlanOnly", "approval": plan["hash"]})
    until(handle, lambda: handle.ready, using, seconds=60)

    assert {step["resource"] for step in plan["steps"]} == {r["address"] for r in handle.obj["status"]["resources"]}
    assert wanted(handle) == everything(ec2)


def test_what_is_as_wanted_is_not_written_to_again(life, using, ready, local_aws):
    _passes(ready, using, 1)  # what it has done is told from when it is there
    since, status = local_aws.last_call(), ready.writes

    _passes(ready, using)

    assert ([], status) == (_writes(local_aws, since), ready.writes)


def test_what_is_paused_makes_no_call(life, using, ready, local_aws):
    ready.change(management={"mode": "Paused"})
    since = local_aws.last_call()

    _passes(ready, using)

    assert [] == _calls(local_aws, since)


def test_retained_and_applied_to_a_new_cluster_it_attaches_itself_and_writes_nothing(
    life, using, ready, local_aws, ec2
):
    ready.change(management={"deletion": "Retain"})
    ready.delete()
    since, before = local_aws.last_call(), everything(ec2)
    until(ready, lambda: ready.gone, using)
    again = life.small_one()

    until(again, lambda: again.ready, reconciler(), seconds=60)

    assert [] == _writes(local_aws, since)
    assert wanted(again) == before == everything(ec2)


def test_what_lost_its_tags_is_known_by_its_recorded_id_and_gets_them_again(life, using, ready, ec2):
    (kind,) = [kind for kind in KINDS if kind.name == life.kind]
    aws = Aws(Clients("us-east-1"), Owner("default", life.kind, "lab", "production", "uid-of-production"))
    before = _ids(ready)
    _untag(kind, aws, before)
    assert 0 == len([o for o in observe(kind.types, aws, using.pool) if o.type.taggable])

    until(ready, lambda: ready.ready and not ready.obj["status"].get("drift"), using, seconds=60)

    assert before == _ids(ready)
    assert set(before.values()) <= {o.id for o in observe(kind.types, aws, using.pool)}
    assert wanted(ready) == everything(ec2)


def _ids(handle):
    return {r["address"]: r["id"] for r in handle.obj["status"]["resources"]}


def _untag(kind, aws, ids):
    types, keys = {t.__name__: t for t in kind.types}, [OWNER_TAG, RESOURCE_TAG, UID_TAG]
    for address, id_ in ids.items():
        type_ = types[address.partition("/")[0]]
        if issubclass(type_, Named):
            type_.retag(aws, id_, {}, keys)
        elif type_.taggable:
            aws.ec2.delete_tags(Resources=[id_], Tags=[{"Key": key} for key in keys])


def test_a_spec_that_is_no_longer_valid_stops_no_deletion(life, using, ready, ec2):
    ready.change(**NO_SPEC)
    _passes(ready, using, 1)
    ready.delete()

    until(ready, lambda: ready.gone, using, seconds=60)

    assert wanted() == everything(ec2)
