from __future__ import annotations

import pytest

from tests.support.lab import Lab


@pytest.fixture
def lab(local_aws) -> Lab:
    """One owner in an empty account."""
    return Lab(local_aws)
