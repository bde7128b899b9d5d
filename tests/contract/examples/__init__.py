"""One example of every AWS type; a new type gets every contract test by its example here."""

from __future__ import annotations

from . import compute, flow, network
from .example import Example

EXAMPLES: list[Example] = [*network.EXAMPLES, *compute.EXAMPLES, *flow.EXAMPLES]
