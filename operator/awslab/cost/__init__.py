"""What resources cost, estimated from a price table.  Pure."""
