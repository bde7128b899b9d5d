from pathlib import Path

import pytest

from awslab.controller import reference
from awslab.settings import Settings

DOCS = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "page"), [("settings.md", reference.settings_page), ("metrics.md", reference.metrics_page)]
)
def test_the_page_is_what_the_code_says(name, page):
    assert page() == (DOCS / name).read_text(), "run: python -m awslab.controller.reference"


def test_every_setting_has_a_row_with_its_three_names():
    row = "| `--aws-concurrency` | `AWSLAB_AWS_CONCURRENCY` | `awsConcurrency` | `32` |"

    assert row in reference.settings_page()
    assert len(Settings.model_fields) == reference.settings_page().count("| `--")


def test_every_metric_is_named_as_prometheus_shows_it():
    page = reference.metrics_page()

    assert "| `awslab_aws_calls_total` | counter | `service`, `operation`, `code` |" in page
    assert "| `awslab_build_info` | info |" in page
