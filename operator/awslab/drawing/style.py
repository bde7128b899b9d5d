"""Colors for light and dark pages, and which state has which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

STATES: Mapping[str, str] = {
    "Failed": "failed",
    "Conflict": "failed",
    "Drifted": "drifted",
    "Deleting": "leaving",
    "Replacing": "leaving",
    "Creating": "waiting",
    "Updating": "waiting",
    "Pending": "waiting",
    "Waiting": "waiting",
    "Ready": "ready",
}
"""The style of each state, the gravest first; what has another or no state is drawn plain."""

LEGEND: Mapping[str, str] = {
    "ready": "as the spec asks",
    "waiting": "on its way",
    "drifted": "changed by somebody else",
    "leaving": "on its way out",
    "failed": "failed",
    "path": "on the way",
    "closed": "closed here",
    "supposed": "supposed",
}

CSS = """
.page { fill: #ffffff }
.vpc { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.5 }
.cell { fill: #ffffff; stroke: #8c959f; stroke-width: 1.25 }
.box { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.25 }
.edge { fill: #fff8c5; stroke: #9a6700; stroke-width: 1.25 }
.ready { stroke: #1a7f37 }
.waiting { stroke: #bf8700; stroke-dasharray: 5 3 }
.drifted { stroke: #8250df; stroke-width: 2.5 }
.leaving { stroke: #6e7781; stroke-dasharray: 2 3 }
.failed { stroke: #cf222e; stroke-width: 2.5 }
.supposed { stroke-dasharray: 3 3 }
.path { stroke: #0550ae; stroke-width: 3 }
.closed { stroke: #cf222e; stroke-width: 3 }
.head { fill: #1f2328; font-weight: 600 }
.text { fill: #1f2328 }
.mono { fill: #424a53; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.note { fill: #57606a }
.line { fill: none; stroke: #6e7781; stroke-width: 1.5 }
.tip { fill: #6e7781 }
.line.path { stroke: #0550ae; stroke-width: 3 }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 }
  .vpc { fill: #161b22; stroke: #8b949e }
  .cell { fill: #0d1117; stroke: #6e7681 }
  .box { fill: #0c2d5a; stroke: #58a6ff }
  .edge { fill: #3b2c05; stroke: #d29922 }
  .ready { stroke: #3fb950 }
  .waiting { stroke: #d29922 }
  .drifted { stroke: #bc8cff }
  .leaving { stroke: #8b949e }
  .failed, .closed { stroke: #ff7b72 }
  .path { stroke: #79c0ff }
  .head, .text { fill: #e6edf3 }
  .mono { fill: #c9d1d9 }
  .note { fill: #9da7b3 }
  .line { stroke: #9da7b3 }
  .line.path { stroke: #79c0ff }
  .tip { fill: #9da7b3 }
}
"""
"""Later rules win: a state over a kind of box, the way of a flow over a state."""


def gravest(states: Iterable[str]) -> str:
    """The style of the gravest of some states; empty where none is known."""
    known = set(states)
    return next((style for state, style in STATES.items() if state in known), "")
