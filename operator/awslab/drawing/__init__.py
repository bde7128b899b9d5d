"""Networks drawn as people draw them, as SVG text.  Pure: the standard library and the checks' model only."""
