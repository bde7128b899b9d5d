"""What the API server says to good and bad specs: the twin of tests/unit/api/test_labvpc.py.

kubectl starts slowly and says everything at once, so all specs of a kind go through it together.
"""

from __future__ import annotations

import json
import re
from functools import partial
from types import ModuleType

import pytest

from awslab.api.labvpc import LabVpcSpec
from awslab.local.run import CommandError
from tests.support import datapipeline_cases, labvpc_cases
from tests.support.labvpc_cases import MINIMAL, Bad, but, named
from tests.support.manifests import ROOT

pytestmark = pytest.mark.e2e

CASES: dict[str, ModuleType] = {"LabVpc": labvpc_cases, "DataPipeline": datapipeline_cases}


def every(table: str):
    """Run a test with each case of every kind's table of this name."""
    cases = [(kind, bad) for kind, module in CASES.items() for bad in getattr(module, table)]
    return pytest.mark.parametrize(("kind", "bad"), cases, ids=[f"{kind}: {bad.name}" for kind, bad in cases])


def an_object(kind: str, name: str, spec) -> dict:
    return {"apiVersion": "awslab.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def labvpc(name: str, spec) -> dict:
    return an_object("LabVpc", name, spec)


def manifest(kind: str, specs) -> str:
    """One document each: of a List kubectl itself finds fault with the first part and sends nothing."""
    documents = (an_object(kind, f"case-{number}-end", spec) for number, spec in enumerate(specs))
    return "\n---\n".join(json.dumps(document) for document in documents)


def in_kubernetes(path: str) -> str:
    """Write the key of a map as the API server does: spec.tags[a]."""
    return re.sub(r"\.(tags|cidrs)\.(.+)$", r".\1[\2]", path)


@pytest.fixture(scope="module")
def kubectl(session_world):
    """kubectl in a namespace of the module's own, with nobody at work: the API server speaks by itself."""
    session_world.kill_operators()
    return partial(session_world.kubectl, "--namespace", session_world.new_namespace("admission"))


@pytest.fixture
def production(kubectl):
    """A LabVpc with the minimal spec."""
    kubectl("apply", "-f", "-", stdin=json.dumps(labvpc("production", MINIMAL)))
    yield "production"
    kubectl("delete", "labvpc", "production")


@pytest.fixture(scope="module")
def refusals(kubectl) -> dict[tuple[str, str], str]:
    """What is said to each bad spec, by its kind and name."""
    return {(kind, name): said for kind, cases in CASES.items() for name, said in refused(kubectl, kind, cases.BAD)}


def refused(kubectl, kind: str, cases):
    with pytest.raises(CommandError) as error:
        kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest(kind, (bad.spec for bad in cases)))
    said = re.split(r'(?m)^(?=The \w+ "case-|Error from server)', error.value.stderr)
    told = {int(number): text for text in said for number in re.findall(r'"?case-(\d+)-end"?', text)[:1]}
    return [(bad.name, told.get(number, "")) for number, bad in enumerate(cases)]


@pytest.mark.parametrize("kind", CASES)
def test_every_good_spec_is_accepted(kubectl, kind):
    good = CASES[kind].GOOD

    said = kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest(kind, good.values()))

    assert said.count("created (server dry run)") == len(good)


@every("BAD")
def test_a_bad_spec_is_refused_with_its_field_and_the_way_out(refusals, kind, bad: Bad):
    said = refusals[kind, bad.name]

    lines = [line for line in said.splitlines() if in_kubernetes(bad.path) in line or bad.path in line]

    assert [line for line in lines if bad.says in line], said


@every("UNKNOWN")
def test_an_unknown_field_is_refused(kubectl, kind, bad: Bad):
    with pytest.raises(CommandError, match=rf'unknown field "{re.escape(bad.path)}"'):
        kubectl("apply", "--validate=strict", "--dry-run=server", "-f", "-", stdin=manifest(kind, [bad.spec]))


@pytest.fixture
def unchanging(kubectl, kind):
    """An object with the minimal spec of a kind."""
    kubectl("apply", "-f", "-", stdin=json.dumps(an_object(kind, "unchanging", CASES[kind].MINIMAL)))
    yield "unchanging"
    kubectl("delete", kind, "unchanging")


@every("IMMUTABLE")
def test_what_never_changes_is_refused_as_a_change(kubectl, unchanging, kind, bad: Bad):
    with pytest.raises(CommandError) as refused:
        kubectl("apply", "-f", "-", stdin=json.dumps(an_object(kind, unchanging, bad.spec)))

    assert re.search(rf"{re.escape(bad.path)}: Invalid value: .*: {re.escape(bad.says)}", refused.value.stderr)


@pytest.mark.parametrize("how", [[], ["--server-side", "--force-conflicts"]], ids=["client-side", "server-side"])
def test_zones_go_from_a_count_to_a_list_and_back(kubectl, production, how):
    """The field has no type in the schema: both ways to apply must get along with that."""
    seen = []
    for zones in (3, named("ab"), named("abc"), 2):
        kubectl("apply", *how, "-f", "-", stdin=json.dumps(labvpc(production, but(availabilityZones=zones))))
        seen.append(json.loads(kubectl("get", "labvpc", production, "-o", "json"))["spec"])

    assert [spec["availabilityZones"] for spec in seen] == [3, named("ab"), named("abc"), 2]


def without_empty(value):
    """*value* without the lists and mappings in it that have nothing: these the API server does not fill in."""
    if not isinstance(value, dict):
        return value
    fields = {key: without_empty(field) for key, field in value.items()}
    return {key: field for key, field in fields.items() if field not in ({}, [])}


def test_the_api_server_fills_in_the_defaults(kubectl, production):
    live = json.loads(kubectl("get", "labvpc", production, "-o", "json"))["spec"]

    filled_in = LabVpcSpec.model_validate(MINIMAL).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert live == without_empty(filled_in)
    assert {"natGateways": "PerZone", "networkAcls": "Tiered", "ipv6": False}.items() <= live.items()
    assert LabVpcSpec.model_validate(live) == LabVpcSpec.model_validate(MINIMAL)


class TestProtect:
    @pytest.fixture
    def protected(self, kubectl):
        """A LabVpc that may not be deleted."""

        def apply(*, protect: bool) -> None:
            spec = but(management={"protect": protect})
            kubectl("apply", "-f", "-", stdin=json.dumps(labvpc("protected", spec)))

        apply(protect=True)
        yield apply
        apply(protect=False)
        kubectl("delete", "labvpc", "protected", "--ignore-not-found")

    def test_a_protected_object_is_not_deleted_and_the_way_out_is_said(self, kubectl, protected):
        with pytest.raises(CommandError) as refused:
            kubectl("delete", "labvpc", "protected")

        way_out = "spec.management.protect is true: set it to false first, then delete the object"
        assert way_out in refused.value.stderr

    def test_nor_with_all_of_its_kind(self, kubectl, protected):
        with pytest.raises(CommandError, match=r"spec.management.protect is true"):
            kubectl("delete", "labvpc", "--all")

        assert "protected" in kubectl("get", "labvpc", "-o", "name")

    def test_once_it_is_no_longer_protected_it_goes(self, kubectl, protected):
        protected(protect=False)

        kubectl("delete", "labvpc", "protected")

        assert "protected" not in kubectl("get", "labvpc", "-o", "name")
        protected(protect=False)


def test_people_see_the_columns_by_every_name(kubectl, production):
    head = ["NAME", "READY", "DRIFT", "VPC-ID", "CIDR", "ZONES", "COST/MO", "AGE"]

    for name in ("labvpc", "labvpcs", "lvpc", "awslab"):
        assert kubectl("get", name).splitlines()[0].split() == head
    assert kubectl("get", "lvpc", "-o", "wide").splitlines()[0].split() == [
        *head,
        "NAT-IPS",
        "BASTION-IP",
        "MESSAGE",
    ]


def test_kubectl_explains_every_field(kubectl):
    spec = kubectl("explain", "labvpc.spec")

    assert sorted(re.findall(r"(?m)^  (\w+)\t", spec)) == sorted(
        field.alias or name for name, field in LabVpcSpec.model_fields.items()
    )
    assert re.search(r"cidr\t<string> -required-\n +The addresses of the VPC", spec)
    assert re.search(r"enum: None, Single, PerZone", spec)
    assert "Subnets with a route to the internet gateway" in kubectl("explain", "labvpc.spec.subnets.public")


def test_applying_the_api_again_changes_nothing(kubectl):
    """What Kubernetes fills in by itself must stand in our files, else GitOps tools see a difference for ever."""
    kubectl("apply", "-k", str(ROOT / "manifests/crds"))

    said = kubectl("apply", "-k", str(ROOT / "manifests/crds"))

    assert [line for line in said.splitlines() if not line.endswith(" unchanged")] == []
