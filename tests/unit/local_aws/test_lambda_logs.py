"""What Lambda writes around the lines of a function."""

import pytest

from awslab.local.aws.lambda_ import reporting

REPORT = {"requestId": "r", "version": "1", "ms": 1.0, "memory": 128, "peak": 64, "init": None, "status": "success"}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("lines", [[], [(5.0, "hello")]])
def test_the_lines_of_an_invocation_are_in_the_order_of_time(monkeypatch, lines, as_json):
    moments = iter(range(10, 100))
    monkeypatch.setattr(reporting.time, "time", lambda: float(next(moments)))

    at = [moment for moment, _ in reporting.framed(lines, REPORT, as_json=as_json)]

    assert at == sorted(at)
