"""What pydantic says to good and bad specs: the twin of tests/e2e/test_admission.py."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from pydantic import ValidationError

from awslab.api.base import sentences
from awslab.api.labvpc import LabVpcSpec, NatMode
from tests.support.labvpc_cases import BAD, GOOD, MINIMAL, UNKNOWN, Bad


def refused(spec):
    with pytest.raises(ValidationError) as error:
        LabVpcSpec.model_validate(spec)
    return sentences(error.value)


@pytest.mark.parametrize("spec", GOOD.values(), ids=GOOD.keys())
def test_a_good_spec_is_read_and_written_alike(spec):
    read = LabVpcSpec.model_validate(spec)

    assert read == LabVpcSpec.model_validate(read.wire())


@pytest.mark.parametrize("bad", [*BAD, *UNKNOWN], ids=lambda bad: bad.name)
def test_a_bad_spec_is_refused_with_its_field_and_the_way_out(bad: Bad):
    said = refused(bad.spec)

    if bad.says:
        assert f"{bad.path}: {bad.says}" in said
    else:
        assert [line for line in said if line.startswith((f"{bad.path}:", f"{bad.path}["))]


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.says], ids=lambda bad: bad.name)
def test_nothing_but_the_fault_is_told(bad: Bad):
    assert (f"{bad.path}: {bad.says}",) == refused(bad.spec)


def test_all_faults_between_fields_are_told_at_once():
    said = refused(
        MINIMAL
        | {
            "availabilityZones": ["us-east-1a", "us-east-1a", "eu-west-1a"],
            "subnets": {"public": {"cidrs": {"us-east-1a": "10.1.0.0/24"}}, "data": {"cidrs": {"b": "10.0.0.0/24"}}},
        }
    )

    assert [line.split(":")[0] for line in said] == [
        "spec.availabilityZones",
        "spec.availabilityZones",
        "spec.subnets.data.cidrs",
        "spec.subnets.public.cidrs",
    ]


def test_a_missing_and_an_unknown_field_are_told_in_plain_words():
    said = refused({"region": "us-east-1", "color": "blue"})

    assert said == (
        "spec.cidr: is required",
        "spec.color: is not known: is it misspelled, or of another version?",
    )


def test_the_defaults_are_a_production_network():
    spec = LabVpcSpec.model_validate(MINIMAL)

    assert spec.availability_zones == 2
    assert spec.nat_gateways == NatMode.PER_ZONE
    assert spec.subnets.data.enabled
    assert spec.security_groups.load_balancer.ports == (80, 443)
    assert spec.security_groups.load_balancer.sources == ("0.0.0.0/0",)
    assert spec.security_groups.app.port == 80
    assert spec.security_groups.data.ports == (5432,)


def test_the_network_can_be_reckoned_with():
    assert IPv4Network("10.0.0.0/16") == LabVpcSpec.model_validate(MINIMAL).network


def test_a_spec_cannot_be_changed():
    spec = LabVpcSpec.model_validate(MINIMAL)

    with pytest.raises(ValidationError, match="frozen"):
        spec.cidr = "10.1.0.0/16"
