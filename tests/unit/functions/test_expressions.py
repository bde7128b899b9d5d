"""Computed fields are exact, and nothing that an expression says is ever executed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awslab.functions.errors import InvalidSettings
from awslab.functions.expressions import FAILURES, compiled

ROW = {
    "quantity": 3,
    "price": Decimal("19.99"),
    "tax rate": Decimal("0.19"),
    "name": "Widget",
    "when": date(2024, 2, 29),
    "paid": True,
    "nothing": None,
    "Größe": 2,
}


def compute(text):
    return compiled(text, ROW)(ROW)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quantity * price", Decimal("59.97")),
        ("quantity * price * (1 + `tax rate`)", Decimal("71.3643")),
        ("round(quantity * price * (1 + `tax rate`), 2)", Decimal("71.36")),
        ("round(0.125, 2)", Decimal("0.13")),
        ("round(-0.125, 2)", Decimal("-0.13")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1.10000000000000000000000000000000000001 - 1", Decimal("0.10000000000000000000000000000000000001")),
        ("1 / 8", Decimal("0.125")),
        ("1 / 3", Decimal("0.3333333333333333333333333333")),
        ("2 + 3 * 4 - 1", 13),
        ("-quantity", -3),
        ("abs(-price)", Decimal("19.99")),
        ("`Größe` * 2", 4),
        ("Größe * 2", 4),
        ("upper(name)", "WIDGET"),
        ("concat(lower(name), '-', quantity, \"/\", price)", "widget-3/19.99"),
        ("trim('  x ')", "x"),
        ("year(when)", "2024"),
        ("month(when)", "2024-02"),
        ("quantity * nothing", None),
        ("upper(nothing)", None),
        ("coalesce(nothing, quantity)", 3),
        ("coalesce(nothing)", None),
    ],
)
def test_an_expression_gives(text, value):
    result = compute(text)

    assert (value, type(value)) == (result, type(result))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "price.__class__",
        "ROW['price']",
        "[1, 2]",
        "price ** 9999999",
        "1 if paid else 2",
        "lambda: 1",
        "price; price",
        "price = 1",
        "f'{price}'",
        "b'x'",
        "True",
        "1j",
        "price, price",
        "(lambda: price)()",
        "round(price, places=2)",
        "round(*name)",
        "price > 1",
        "round()",
        "eval('1')",
        "prices",
        "",
        "(" * 900,
        "-" * 990 + "1",
        "-" * 200 + "1",
        "1" * 1001,
        "\x00",
        "1e999999",
        "1_0.5",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidSettings):
        compiled(text, ROW)


def test_a_long_sum_is_no_deep_nesting():
    assert 199 == compute("+".join(["1"] * 199))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name * quantity", "'Widget' is not a number"),
        ("paid + 1", "'True' is not a number"),
        ("price / (quantity - 3)", "division by zero"),
        ("month(name)", "'Widget' is not a date"),
        ("round(price, 101)", "round: the places are 101"),
    ],
)
def test_a_row_that_cannot_be_computed_says_why(text, reason):
    with pytest.raises(FAILURES, match=reason):
        compute(text)


def test_where_rounding_would_be_needed_it_is_an_error_and_no_wrong_number():
    for long in ({"x": Decimal("7" * 1500)}, {"x": 7**1000}):
        with pytest.raises(ArithmeticError):
            compiled("x * x", long)(long)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["price", "name", "`", "(", ")", "+", "-", "1", ".5", "e9", ",", "round", "'"]))
    | st.text()
)
def test_whatever_is_written_is_compiled_or_refused(pieces):
    with suppress(InvalidSettings), suppress(*FAILURES):
        compute("".join(pieces))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InvalidSettings, match="there is no column 'prices'; there are quantity, price"):
        compiled("prices * 2", ROW)
