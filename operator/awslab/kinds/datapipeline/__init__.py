"""DataPipeline: drop a file, get results."""

from __future__ import annotations

from .kind import DATA_PIPELINE

__all__ = ["DATA_PIPELINE"]
