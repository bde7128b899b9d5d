"""`make demo`: the story holds, and a step that does not hold is said."""

from __future__ import annotations

import io

import pytest

from awslab.local.demo.network import NetworkStory
from awslab.local.demo.pipeline import PipelineStory
from awslab.local.demo.screen import Screen
from awslab.local.demo.story import CheckError
from tests.e2e.conftest import OPERATOR
from tests.support.live import ROOT


@pytest.fixture
def story(no_lab, world, request):
    """The story in our world, its screen a text; that of a network unless the test says otherwise."""
    world.start_operator(env=OPERATOR)
    kind = getattr(request, "param", NetworkStory)
    with kind.watching(world) as watch:
        yield kind(world, ROOT, Screen(io.StringIO()), watch)
    world.reset()


def test_the_story_holds(story):
    story.tell()

    said = story.screen.console.file.getvalue()
    assert story.screen.checks == 11
    assert "\x1b[" not in said
    for line in (
        "$ kubectl apply -f examples/vpc.yaml",
        "$ kubectl get labvpc -n lab",
        "  ✓ all 30 resources kept their ids",
        "  ✓ AWS is empty: no network, no address, no gateway is left",
    ):
        assert line in said.splitlines()


def test_what_does_not_hold_is_said_and_ends_the_story(story):
    story.world.boto("ec2").allocate_address(Domain="vpc")
    story.make()

    with pytest.raises(CheckError, match=r"AWS is empty: .* \(found: eipalloc-\w+\)"):
        story.delete()

    assert "  ✗ AWS is empty" in story.screen.console.file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("story", [PipelineStory], indirect=True)
def test_the_story_of_a_pipeline_holds_and_ends_with_its_results(story):
    story.tell()

    said = story.screen.console.file.getvalue().splitlines()
    for line in (
        "$ kubectl apply -f examples/datapipeline.yaml",
        "  ✓ of all functions only TransformData was updated",
        "  ✓ AWS is empty: no bucket, no function, no role, no log is left",
    ):
        assert line in said
    assert any("row 3: quantity is 'many', not a whole number" in line for line in said)
    assert said.index("$ head -n 4 results/processed_sales_data.json") > said.index(
        "  ✓ AWS is empty: no bucket, no function, no role, no log is left"
    )
