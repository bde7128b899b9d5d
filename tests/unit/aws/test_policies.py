"""Policies are compared by what they mean."""

from __future__ import annotations

import json

from awslab.aws.policies import Condition, Statement, document, read, trust
from awslab.core.values import FrozenMap, leaves

BUCKET = "arn:aws:s3:::b"
TLS = FrozenMap(
    {
        "TlsOnly": Statement.deny(
            {"s3:*"}, {BUCKET, f"{BUCKET}/*"}, {"*"}, {Condition.of("Bool", "aws:SecureTransport", "false")}
        )
    }
)


def _read(**statement):
    return read({"Statement": statement})


def test_what_is_written_is_read_as_the_same():
    assert read(document(TLS)) == TLS
    assert read(document(trust("lambda.amazonaws.com"))) == trust("lambda.amazonaws.com")


def test_no_policy_is_one_without_statements():
    assert read(None) == read("") == {}


def test_the_order_and_single_strings_do_not_matter():
    one = _read(Sid="A", Effect="Allow", Action="s3:GetObject", Resource="*", Principal={"AWS": ["1", "2"]})
    other = _read(Sid="A", Effect="Allow", Action=["s3:GetObject"], Resource=["*"], Principal={"AWS": ["2", "1"]})

    assert one == other


def test_an_account_is_its_root():
    number = _read(Sid="A", Effect="Allow", Action="a:B", Principal={"AWS": "123456789012"})
    root = _read(Sid="A", Effect="Allow", Action="a:B", Principal={"AWS": "arn:aws:iam::123456789012:root"})

    assert number == root


def test_everybody_may_be_written_in_two_ways():
    assert _read(Sid="A", Effect="Allow", Action="a:B", Principal="*") == _read(
        Sid="A", Effect="Allow", Action="a:B", Principal={"AWS": "*"}
    )


def test_a_conditions_key_and_its_truth_may_be_spelled_otherwise():
    ours = _read(Sid="A", Effect="Deny", Action="a:B", Condition={"Bool": {"aws:SecureTransport": "false"}})
    theirs = _read(Sid="A", Effect="Deny", Action="a:B", Condition={"Bool": {"aws:securetransport": [False]}})

    assert ours == theirs


def test_a_condition_is_written_as_it_was_spelled():
    assert '"aws:SecureTransport"' in document(TLS)


def test_all_but_is_not_the_same_as_these():
    but = _read(Sid="A", Effect="Deny", NotAction="a:B", Resource="*")

    assert but != _read(Sid="A", Effect="Deny", Action="a:B", Resource="*")
    assert read(document(but)) == but
    assert json.loads(document(but))["Statement"][0]["NotAction"] == ["a:B"]


def test_a_statement_without_a_name_is_found_under_its_own_text():
    assert list(_read(Effect="Allow", Action="a:B", Resource="*")) == ["allow a:B on *"]


def test_a_statement_holds_nothing_that_it_speaks_of():
    assert list(leaves(TLS)) == ["TlsOnly", TLS["TlsOnly"]]
