"""Whether packets get through a network as it was observed.  Pure: the standard library and the core only."""
