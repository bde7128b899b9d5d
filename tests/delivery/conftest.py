"""Helm, built once into the user's cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from awslab.local import gotools


@pytest.fixture(scope="session")
def helm() -> Path:
    return gotools.helm()
