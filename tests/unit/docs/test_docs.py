"""The documentation does not drift from the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from awslab.core.conditions import REASONS, Type

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")


def text(path):
    return (ROOT / path).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page):
    targets = [target for target, _ in LINK.findall(page.read_text()) if "://" not in target]

    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_a_condition_is_in_troubleshooting(reason):
    assert f"`{reason}`" in text("docs/troubleshooting.md")


@pytest.mark.parametrize("type_", Type)
def test_every_condition_is_explained(type_):
    assert f"| `{type_}` |" in text("docs/observe.md")


def test_every_dependency_has_its_reason():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    names = {re.split(r"[\[<>=]", line)[0] for line in needed}

    page = text("docs/adr/0002-dependencies.md")

    assert {name for name in names if name not in page} == set()


def test_every_decision_is_listed():
    pages = {p.name for p in (ROOT / "docs/adr").glob("0*.md")}

    assert pages == set(re.findall(r"\((0[^)]+\.md)\)", text("docs/adr/README.md")))


def test_every_make_target_that_is_named_exists():
    named = {target for page in PAGES for target in re.findall(r"`?make ([a-z]+(?:-[a-z]+)*)`", page.read_text())}
    targets = set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.MULTILINE))

    assert named - targets == set()


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/images").glob("*.svg")), ids=lambda p: p.name)
def test_every_picture_is_described_and_has_dark_colors(picture):
    svg = ET.fromstring(picture.read_text())

    assert [svg.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") is not None for tag in ("title", "desc")] == [True] * 2
    assert "prefers-color-scheme: dark" in picture.read_text()
