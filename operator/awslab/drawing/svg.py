"""Shapes as SVG text: the same drawing is the same text, byte for byte.

Own code, as it is a page: libraries for SVG bring canvases, units and animation, and what matters here, that texts
fit their boxes, none of them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

SIZE = 12
"""Pixels of a letter's height where nothing else is said."""

ASPECT = 0.61
"""A letter's width by its height; of a fixed-width font this is exact, of others more than the usual."""

ELLIPSIS = "…"


@dataclass(frozen=True)
class Text:
    """A line of letters, its baseline beginning (or ending, or with its middle) at a point."""

    x: float
    y: float
    text: str
    style: str = "text"
    size: int = SIZE
    anchor: str = "start"

    def lines(self) -> Iterator[str]:
        """As SVG."""
        anchor = "" if self.anchor == "start" else f' text-anchor="{self.anchor}"'
        at = f'x="{number(self.x)}" y="{number(self.y)}"'
        yield f'<text class="{self.style}" {at} font-size="{self.size}"{anchor}>{escape(self.text)}</text>'


@dataclass(frozen=True)
class Box:
    """A rectangle; its title is shown where the pointer rests."""

    x: float
    y: float
    width: float
    height: float
    style: str = "box"
    title: str = ""
    radius: int = 6

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    def lines(self) -> Iterator[str]:
        """As SVG."""
        size = f'x="{number(self.x)}" y="{number(self.y)}" width="{number(self.width)}" height="{number(self.height)}"'
        start = f'<rect class="{self.style}" {size} rx="{self.radius}"'
        yield f"{start}><title>{escape(self.title)}</title></rect>" if self.title else f"{start}/>"


@dataclass(frozen=True)
class Line:
    """A line through points, with a tip at its end."""

    points: Sequence[tuple[float, float]]
    style: str = "line"
    title: str = ""

    def lines(self) -> Iterator[str]:
        """As SVG."""
        path = "M" + " L".join(f"{number(x)},{number(y)}" for x, y in self.points)
        start = f'<path class="{self.style}" d="{path}" marker-end="url(#tip)"'
        yield f"{start}><title>{escape(self.title)}</title></path>" if self.title else f"{start}/>"


TIP = (
    '  <defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"',
    '    markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="tip" d="M0,0 L10,5 L0,10 z"/>',
    "  </marker></defs>",
)

Shape = Text | Box | Line


def width_of(text: str, size: int = SIZE) -> float:
    """How wide *text* is at most."""
    return len(text) * size * ASPECT


def fitted(text: str, width: float, size: int = SIZE) -> str:
    """*text*, its end left out where it is wider than *width*."""
    most = int(width / (size * ASPECT))
    return text if len(text) <= most else text[: max(most - 1, 0)] + ELLIPSIS


def number(value: float) -> str:
    """A coordinate, without digits that say nothing."""
    return f"{value:.1f}".removesuffix(".0")


def document(shapes: Iterable[Shape], width: float, height: float, title: str, about: str, style: str) -> str:
    """A whole SVG file."""
    box = f"0 0 {number(width)} {number(height)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox={quoteattr(box)} width="{number(width)}"'
    font = "font-family=\"-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\""
    return "\n".join(
        [
            f'{head} height="{number(height)}" role="img" aria-labelledby="title desc" {font}>',
            f'  <title id="title">{escape(title)}</title>',
            f'  <desc id="desc">{escape(about)}</desc>',
            "  <style>",
            *(f"    {line}" for line in style.strip().splitlines()),
            "  </style>",
            *TIP,
            *(f"  {line}" for shape in shapes for line in shape.lines()),
            "</svg>",
            "",
        ]
    )
