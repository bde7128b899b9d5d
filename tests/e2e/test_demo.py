"""`make demo`: the story holds, and a step that does not hold is said."""

from __future__ import annotations

import io

import pytest

from awslab.local.demo.screen import Screen
from awslab.local.demo.story import NAME, NAMESPACE, CheckError, Story
from awslab.local.kubernetes.watching import Watch
from tests.e2e.conftest import OPERATOR
from tests.support.live import ROOT


@pytest.fixture
def story(world):
    """The story in our world, its screen a text."""
    world.start_operator(env=OPERATOR)
    with Watch(world.kubectl, "labvpc", NAMESPACE, NAME) as watch:
        yield Story(world, ROOT, Screen(io.StringIO()), watch)
    world.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    world.reset()
    world.kubectl("wait", "--for=delete", f"namespace/{NAMESPACE}", "--timeout=60s")


def test_the_story_holds(story):
    story.tell()

    said = story.screen.console.file.getvalue()
    assert story.screen.checks == 8
    assert "\x1b[" not in said
    for line in (
        "$ kubectl apply -f examples/vpc.yaml",
        "$ kubectl get labvpc -n lab",
        "  ✓ all 20 resources kept their ids",
        "  ✓ AWS is empty: no network, no address, no gateway is left",
    ):
        assert line in said.splitlines()


def test_what_does_not_hold_is_said_and_ends_the_story(story):
    story.world.boto("ec2").allocate_address(Domain="vpc")
    story.make()

    with pytest.raises(CheckError, match=r"AWS is empty: .* \(found: eipalloc-\w+\)"):
        story.delete()

    assert "  ✗ AWS is empty" in story.screen.console.file.getvalue()
