from __future__ import annotations

import pytest

from tests.support.pipeline import account


@pytest.fixture(scope="module")
def aws(_server):
    """An empty account for the tests of a module."""
    with account(_server) as found:
        yield found
